import type { RateLimit } from '../limits.ts'

/** A token bucket (messages, bytes or pings per second). It may be overdrawn, because input was already read. */
export class TokenBucket {
  readonly #perMillisecond: number
  readonly #burst: number
  #tokens: number
  #filledAt: number

  constructor({ perSecond, burst = perSecond * 10 }: RateLimit, now: number) {
    this.#perMillisecond = perSecond / 1000
    this.#burst = burst
    this.#tokens = burst
    this.#filledAt = now
  }

  /** Removes `count` tokens. Returns the time in milliseconds until the balance is not negative. */
  take(count: number, now: number): number {
    const filled = this.#tokens + (now - this.#filledAt) * this.#perMillisecond
    this.#tokens = Math.min(this.#burst, filled) - count
    this.#filledAt = now
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#perMillisecond
  }
}
