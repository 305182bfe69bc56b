import { getHeapStatistics } from 'node:v8'
import { accountMemory, type Connection } from '../connection/connection.ts'
import { CloseCode } from '../core/close-code.ts'

/** A quarter of the heap's size limit, in bytes. */
export const defaultMaxMemory = (): number => Math.floor(getHeapStatistics().heap_size_limit / 4)

/** The memory that all connections of a server use: buffered input and output, and unread messages of sessions. */
export class MemoryLedger {
  readonly #limit: number
  readonly #connections: Iterable<Connection>
  readonly #account: typeof accountMemory
  #used = 0
  #isRelieving = false

  /**
   * @param limit Bytes.
   * @param account Makes a connection report its memory.
   */
  constructor(limit: number, connections: Iterable<Connection>, account = accountMemory) {
    this.#limit = limit
    this.#connections = connections
    this.#account = account
  }

  get used(): number {
    return this.#used
  }

  get isSpent(): boolean {
    return this.#used >= this.#limit
  }

  /** The memory of a connection has grown by so many bytes; negative when it has shrunk. */
  change(bytes: number): void {
    this.#used += bytes
    if (this.#used > this.#limit && !this.#isRelieving) {
      this.#isRelieving = true
      // Later: closing a connection in the middle of its own call would surprise it.
      setImmediate(() => this.#relieve())
    }
  }

  /** Closes the connections that use most with 1013 until the others fit. */
  #relieve(): void {
    // Sessions report their queues late: update the figures first.
    for (const connection of this.#connections) this.#account(connection)
    const holders = [...this.#connections].sort((a, b) => b.memoryUsed - a.memoryUsed)
    for (const holder of holders) {
      if (this.#used <= this.#limit) break
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
}
