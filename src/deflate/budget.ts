/**
 * Counts the memory that compression uses: bytes in use now, and bytes promised, which are the windows that clients may
 * still fill because their messages may refer back (RFC 7692 §7.1.1.2). Callers compare them with their limits.
 */
export class MemoryBudget {
  #used = 0
  #promised = 0

  get used(): number {
    return this.#used
  }

  get promised(): number {
    return this.#promised
  }

  /** Returns whether `bytes` more can be used without exceeding `limit`. */
  fits(bytes: number, limit: number): boolean {
    return this.#used + bytes <= limit
  }

  /** Returns whether a window of `bytes` can be promised to another client without exceeding `limit`. */
  canPromise(bytes: number, limit: number): boolean {
    return this.fits(bytes, limit) && this.#promised + bytes <= limit
  }

  /** Adds bytes in use. A negative number removes them. */
  hold(bytes: number): void {
    this.#used += bytes
  }

  /** Adds a window that a client may fill. A negative number removes it. */
  promise(bytes: number): void {
    this.#promised += bytes
  }
}

/** The budget of this process, which codecs use by default. */
export const processBudget = new MemoryBudget()
