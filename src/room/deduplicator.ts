import type { MessageSource } from './broker/broker.ts'

/** The most processes that are remembered; the one first heard of is forgotten first. */
const MAX_ORIGINS = 1000

/** Recognizes messages that were published twice, because the first attempt got no answer. */
export class Deduplicator {
  readonly #newest = new Map<string, number>()

  /** Whether this message is newer than the previous ones of its process; then it is remembered. */
  accept({ origin, sequence }: MessageSource): boolean {
    const newest = this.#newest.get(origin)
    if (newest !== undefined && sequence <= newest) return false
    this.#newest.set(origin, sequence)
    if (newest === undefined && this.#newest.size > MAX_ORIGINS) {
      const [oldest] = this.#newest.keys()
      this.#newest.delete(oldest)
    }
    return true
  }
}
