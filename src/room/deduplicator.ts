/** Processes that are remembered; they come and go, the one heard first goes first. */
const MAX_ORIGINS = 1000

/** The last message of each process: one that was published twice, for want of an answer, is taken once. */
export class Seen {
  readonly #last = new Map<string, number>()

  /** Whether this message is newer than those of its process before. */
  take(origin: string, sequence: number): boolean {
    const last = this.#last.get(origin)
    if (last !== undefined && sequence <= last) return false
    this.#last.set(origin, sequence)
    if (last === undefined && this.#last.size > MAX_ORIGINS) {
      const [eldest] = this.#last.keys()
      this.#last.delete(eldest)
    }
    return true
  }
}
