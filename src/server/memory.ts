import { getHeapStatistics } from 'node:v8'
import { accountMemory, type Connection } from '../connection/connection.ts'
import { type MemoryLimiter, releaseSharedMemory, sharedMemoryUsed } from '../connection/shared-memory.ts'
import { CloseCode } from '../core/close-code.ts'

/** A quarter of the heap's size limit, in bytes. */
export const defaultMaxMemory = (): number => Math.floor(getHeapStatistics().heap_size_limit / 4)

/**
 * How far the memory may exceed the limit within a turn of the event loop, as a share of it. To relieve takes as long as
 * to look at every connection, so that it is not done for every chunk.
 */
const TURN_EXCESS = 1 / 8

/**
 * The memory that a server answers for: buffered input and output of its connections, unread messages of their
 * sessions, and the stores of the process that belong to no connection. Above the limit the stores free their oldest
 * data first; then the connections that use most are closed (RFC 6455 §10.4).
 */
export class MemoryLedger implements MemoryLimiter {
  readonly #limit: number
  readonly #connections: Iterable<Connection>
  readonly #account: typeof accountMemory
  #used = 0
  #isRelieving = false
  /** Relieves at the end of this turn of the event loop. */
  #scheduled: NodeJS.Immediate | null = null
  #isUrgent = false

  /**
   * @param limit Bytes.
   * @param account Makes a connection report its memory.
   */
  constructor(limit: number, connections: Iterable<Connection>, account = accountMemory) {
    this.#limit = limit
    this.#connections = connections
    this.#account = account
  }

  /** Bytes of the connections. */
  get used(): number {
    return this.#used
  }

  /** Whether there is no memory for another connection. */
  get isSpent(): boolean {
    return this.#excess >= 0
  }

  /** Bytes above the limit, negative below it. */
  get #excess(): number {
    return this.#used + sharedMemoryUsed() - this.#limit
  }

  /** The memory of a connection has grown by so many bytes; negative when it has shrunk. */
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
    // Later: closing a connection in the middle of its own call would surprise it.
    this.#scheduled ??= setImmediate(() => this.#relieve())
    // One turn of the event loop reads up to 2 MiB from every socket; a tick only one chunk from one of them.
    if (this.#isUrgent || excess <= this.#limit * TURN_EXCESS) return
    this.#isUrgent = true
    process.nextTick(() => this.#relieve())
  }

  /** Lets the stores free memory, then closes the connections that use most with 1013 until the others fit. */
  #relieve(): void {
    clearImmediate(this.#scheduled ?? undefined)
    this.#scheduled = null
    this.#isUrgent = false
    this.#isRelieving = true
    // Sessions report their queues late: update the figures first.
    for (const connection of this.#connections) this.#account(connection)
    if (this.#excess > 0) releaseSharedMemory(this.#excess)
    const { open, closedBytes } = this.#holders()
    let excess = this.#excess - closedBytes
    for (const holder of open) {
      if (excess <= 0) break
      // A stream frees its output only after this turn: what a connection uses counts as freed when it is closed.
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

  /** The connections that can still be closed, largest first, and the bytes that the closed ones are about to free. */
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
