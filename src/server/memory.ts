import { getHeapStatistics } from 'node:v8'
import { accountMemory, type Connection } from '../connection/connection.ts'
import { CloseCode } from '../core/close-code.ts'

/** A quarter of what the heap may grow to, in bytes. */
export const defaultMaxMemory = (): number => Math.floor(getHeapStatistics().heap_size_limit / 4)

/** The memory that all connections of a server hold: input and output that waits, and what sessions keep unread. */
export class MemoryLedger {
  readonly #limit: number
  readonly #connections: Iterable<Connection>
  readonly #account: typeof accountMemory
  #used = 0
  #isRelieving = false

  /** Throws a RangeError for a limit that is no positive number. */
  constructor(limit: number, connections: Iterable<Connection>, account = accountMemory) {
    if (typeof limit !== 'number' || !(limit > 0)) {
      throw new RangeError(`option maxMemory is ${String(limit)}; a positive number is allowed`)
    }
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

  /** Notes that a connection holds so many bytes more, or less. */
  change(bytes: number): void {
    this.#used += bytes
    if (this.#used > this.#limit && !this.#isRelieving) {
      this.#isRelieving = true
      // Not in the middle of a connection's own work.
      setImmediate(() => this.#relieve())
    }
  }

  /** Closes the largest holders with 1013 until the rest fits. */
  #relieve(): void {
    // What sessions hold is told late: first the exact figures.
    for (const connection of this.#connections) this.#account(connection)
    const holders = [...this.#connections].sort((a, b) => b.memoryUsed - a.memoryUsed)
    for (const holder of holders) {
      if (this.#used <= this.#limit) break
      holder.fail(
        CloseCode.TRY_AGAIN_LATER,
        'ERR_WS_MEMORY',
        'the server is out of memory for connections (option maxMemory)',
      )
      // A peer that does not read would hold what waits for it until the closing handshake times out.
      if (holder.memoryUsed > 0) holder.terminate()
      this.#account(holder)
    }
    this.#isRelieving = false
  }
}
