/**
 * Counts the bytes that compression holds: `used` is held now, `promised` is what the windows of clients that may
 * refer back can grow to (RFC 7692 §7.1.1.2: such a window must be kept). The limit is the asker's own.
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

  /** Whether `bytes` more may be held under `limit`. */
  fits(bytes: number, limit: number): boolean {
    return this.#used + bytes <= limit
  }

  /** Whether a window of `bytes` may be promised to one more client under `limit`. */
  canPromise(bytes: number, limit: number): boolean {
    return this.fits(bytes, limit) && this.#promised + bytes <= limit
  }

  /** Notes bytes that are held from now on; a negative number notes that they are held no more. */
  hold(bytes: number): void {
    this.#used += bytes
  }

  /** Notes a window that a client may fill; a negative number takes the promise back. */
  promise(bytes: number): void {
    this.#promised += bytes
  }
}

/** The budget of this process: every codec counts in it unless it is given another. */
export const processBudget = new MemoryBudget()
