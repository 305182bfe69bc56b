/**
 * Counts the bytes that compression uses: `used` now, `promised` is what the windows of clients that may refer back can
 * grow to (RFC 7692 §7.1.1.2: such a window must be stored). The limit is the caller's.
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

  /** Whether `bytes` more may be used under `limit`. */
  fits(bytes: number, limit: number): boolean {
    return this.#used + bytes <= limit
  }

  /** Whether a window of `bytes` may be promised to one more client under `limit`. */
  canPromise(bytes: number, limit: number): boolean {
    return this.fits(bytes, limit) && this.#promised + bytes <= limit
  }

  /** Adds bytes in use; a negative number removes them. */
  hold(bytes: number): void {
    this.#used += bytes
  }

  /** Adds a window that a client may fill; a negative number removes it. */
  promise(bytes: number): void {
    this.#promised += bytes
  }
}

/** The budget of this process: every codec counts in it unless it is given another. */
export const processBudget = new MemoryBudget()
