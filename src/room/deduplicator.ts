import type { MessageSource } from './broker/broker.ts'

/** Maximum number of processes that are remembered. The process that was seen first is removed first. */
const MAX_ORIGINS = 1000

/** Detects messages that were published twice, because the first attempt got no response. */
export class Deduplicator {
  readonly #newest = new Map<string, number>()

  /** Returns whether a message is newer than the previous ones of its process, and stores its number. */
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
