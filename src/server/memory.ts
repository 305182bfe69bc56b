import { getHeapStatistics } from 'node:v8'
import type { Connection } from '../connection/connection.ts'
import { CloseCode } from '../core/close-code.ts'

/** A quarter of the heap's size limit, in bytes. */
export const defaultMaxMemory = (): number => Math.floor(getHeapStatistics().heap_size_limit / 4)

/** The memory that all connections of a server use: buffered input and output, and unread messages of sessions. */
export class MemoryLedger {
  readonly #limit: number
  readonly #connections: Iterable<Connection>
  #used = 0
  #isRelieving = false

  /** @param limit Bytes. */
  constructor(limit: number, connections: Iterable<Connection>) {
    this.#limit = limit
    this.#connections = connections
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
    for (const connection of this.#connections) connection.account()
    const holders = [...this.#connections].sort((a, b) => b.heldBytes - a.heldBytes)
    for (const holder of holders) {
      if (this.#used <= this.#limit) break
      holder.fail(
        CloseCode.TRY_AGAIN_LATER,
        'ERR_WS_MEMORY',
        'the server is out of memory for connections (option maxMemory)',
      )
      // Output for a peer that does not read would stay buffered until the closing handshake times out.
      if (holder.heldBytes > 0) holder.terminate()
      holder.account()
    }
    this.#isRelieving = false
  }
}
