import type { MemoryBudget } from './budget.ts'

/** Initial size in bytes of the buffer, which doubles as needed. */
const FIRST_CAPACITY = 256

/**
 * The last bytes of the messages in one direction, which is all that context takeover needs between two messages (RFC
 * 7692 §7.2.2). A zlib context would need 40 to 268 KiB from the first message on.
 */
export class History {
  readonly #size: number
  readonly #budget: MemoryBudget
  #bytes = Buffer.alloc(0)
  #length = 0

  /** @param size Maximum distance in bytes that a message can refer back. */
  constructor(size: number, budget: MemoryBudget) {
    this.#size = size
    this.#budget = budget
  }

  /** The bytes that a message may refer to, oldest first. The view is valid until the next `append`. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length)
  }

  append(message: Uint8Array): void {
    const added = message.length > this.#size ? message.subarray(message.length - this.#size) : message
    const kept = Math.min(this.#length, this.#size - added.length)
    this.#makeRoom(kept, kept + added.length)
    this.#bytes.set(added, kept)
    this.#length = kept + added.length
  }

  clear(): void {
    this.#budget.hold(-this.#bytes.length)
    this.#bytes = Buffer.alloc(0)
    this.#length = 0
  }

  /** Moves the newest `kept` bytes to the beginning of a buffer of at least `needed` bytes. */
  #makeRoom(kept: number, needed: number): void {
    const from = this.#length - kept
    if (needed <= this.#bytes.length) {
      if (from > 0) this.#bytes.copyWithin(0, from, this.#length)
      return
    }
    let capacity = Math.max(FIRST_CAPACITY, this.#bytes.length)
    while (capacity < needed) capacity *= 2
    // Does not use Buffer's pool, because a small history would keep a whole slab of it alive.
    const grown = Buffer.allocUnsafeSlow(capacity)
    this.#bytes.copy(grown, 0, from, this.#length)
    this.#budget.hold(capacity - this.#bytes.length)
    this.#bytes = grown
  }
}
