import { getHeapStatistics } from 'node:v8'
import { accountMemory, type Connection } from '../connection/connection.ts'
import { type MemoryLimiter, releaseSharedMemory, sharedMemoryUsed } from '../connection/shared-memory.ts'
import { CloseCode } from '../core/close-code.ts'

/** Returns a quarter of the heap size limit, in bytes. */
export const defaultMaxMemory = (): number => Math.floor(getHeapStatistics().heap_size_limit / 4)

/**
 * How far memory may exceed the limit within a turn of the event loop, as a fraction of the limit. Freeing memory
 * requires a visit to every connection, so it is not done for each chunk.
 */
const TURN_EXCESS = 1 / 8

/**
 * Limits the memory of a server: buffered input and output of its connections, unread messages of their sessions, and
 * the stores of the process that belong to no connection. Above the limit, the stores free their oldest data first, and
 * then the connections that use the most memory are closed (RFC 6455 §10.4).
 */
export class MemoryLedger implements MemoryLimiter {
  readonly #limit: number
  readonly #connections: Iterable<Connection>
  readonly #account: typeof accountMemory
  #used = 0
  #isRelieving = false
  /** Frees memory at the end of this turn of the event loop. */
  #scheduled: NodeJS.Immediate | null = null
  #isUrgent = false

  /**
   * @param limit The limit in bytes.
   * @param account Makes a connection report its memory.
   */
  constructor(limit: number, connections: Iterable<Connection>, account = accountMemory) {
    this.#limit = limit
    this.#connections = connections
    this.#account = account
  }

  /** Memory of the connections, in bytes. */
  get used(): number {
    return this.#used
  }

  /** Whether the limit leaves no memory for another connection. */
  get isSpent(): boolean {
    return this.#excess >= 0
  }

  /** Bytes above the limit; negative when below it. */
  get #excess(): number {
    return this.#used + sharedMemoryUsed() - this.#limit
  }

  /** Called when the memory of a connection has grown by `bytes`, or has shrunk when `bytes` is negative. */
  change(bytes: number): void {
    this.#used += bytes
    if (bytes > 0) this.#check()
  }

  onSharedMemoryGrown(): void {
    this.#check()
  }

  #check(): void {
    const excess = this.#excess
    if (this.#isRelieving || excess <= 0) return
    // Deferred, because a connection must not be closed during one of its own calls.
    this.#scheduled ??= setImmediate(() => this.#relieve())
    // In one turn of the event loop, Node may read up to 2 MiB from every socket; in one tick, only one chunk from one
    // socket.
    if (this.#isUrgent || excess <= this.#limit * TURN_EXCESS) return
    this.#isUrgent = true
    process.nextTick(() => this.#relieve())
  }

  /** Frees memory of the stores, then closes, with 1013, the connections that use the most until the others fit. */
  #relieve(): void {
    clearImmediate(this.#scheduled ?? undefined)
    this.#scheduled = null
    this.#isUrgent = false
    this.#isRelieving = true
    // Updates the figures first, because sessions report their queues late.
    for (const connection of this.#connections) this.#account(connection)
    if (this.#excess > 0) releaseSharedMemory(this.#excess)
    const { open, closedBytes } = this.#holders()
    let excess = this.#excess - closedBytes
    for (const holder of open) {
      if (excess <= 0) break
      // A stream frees its output only after this turn, so the memory of a closed connection counts as freed here.
      excess -= holder.memoryUsed
      holder.fail(
        CloseCode.TRY_AGAIN_LATER,
        'ERR_WS_MEMORY',
        'the server is out of memory for connections (option maxMemory)',
      )
      // Output for a peer that does not read would stay buffered until the closing handshake times out.
      if (holder.memoryUsed > 0) holder.terminate()
      this.#account(holder)
    }
    this.#isRelieving = false
  }

  /** Returns the connections that can be closed, largest first, and the bytes that closed ones are about to free. */
  #holders(): { open: Connection[]; closedBytes: number } {
    const open: Connection[] = []
    let closedBytes = 0
    for (const connection of this.#connections) {
      if (connection.state === 'closed') closedBytes += connection.memoryUsed
      else open.push(connection)
    }
    open.sort((a, b) => b.memoryUsed - a.memoryUsed)
    return { open, closedBytes }
  }
}
