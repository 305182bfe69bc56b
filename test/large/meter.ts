/** The memory of this process while a message passes through. */
export interface Memory {
  /**
   * Maximum growth of reachable memory (heap and buffers) in bytes at eight points of the message, measured after
   * `gc()`.
   */
  readonly pinned: number
  /** Growth of the resident memory in bytes since the first byte, including garbage and compiled code. */
  readonly resident: number
  readonly bytes: number
  readonly seconds: number
}

/** Number of bytes before the first measurement, in which code is compiled, and pools and windows are filled. */
const WARM_UP = 32 * 1024 * 1024
const SAMPLE = 4 * 1024 * 1024

/** Measures this process while the bytes of one message pass through. Needs `node --expose-gc`. */
export class Meter {
  readonly #begin = performance.now()
  readonly #step: number
  #bytes = 0
  #nextCheck = WARM_UP
  #nextSample = 0
  #pinned: number | null = null
  #mostPinned = 0
  #resident: number | null = null
  #mostResident = 0

  constructor(size: number) {
    this.#step = Math.max(WARM_UP / 2, size / 8)
  }

  count(bytes: number): void {
    this.#bytes += bytes
    if (this.#bytes >= this.#nextSample) this.#sample()
    if (this.#bytes >= this.#nextCheck) this.check()
  }

  /** Measures the memory that is reachable now. */
  check(): void {
    this.#nextCheck += this.#step
    // The second collection waits until the memory that the first one has found is released.
    globalThis.gc!()
    globalThis.gc!()
    const { heapUsed, external } = process.memoryUsage()
    this.#pinned ??= heapUsed + external
    this.#mostPinned = Math.max(this.#mostPinned, heapUsed + external - this.#pinned)
  }

  finish(): Memory {
    this.#sample()
    this.check()
    const seconds = (performance.now() - this.#begin) / 1000
    return { pinned: this.#mostPinned, resident: this.#mostResident, bytes: this.#bytes, seconds }
  }

  #sample(): void {
    this.#nextSample += SAMPLE
    const rss = process.memoryUsage.rss()
    this.#resident ??= rss
    this.#mostResident = Math.max(this.#mostResident, rss - this.#resident)
  }
}
