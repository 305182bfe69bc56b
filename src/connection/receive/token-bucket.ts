import type { RateLimit } from '../limits.ts'

/** A token bucket (messages, bytes or pings per second). It may be overdrawn: what was read cannot be unread. */
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

  /** Removes `count` tokens; returns the milliseconds until none are owed, 0 when none are. */
  take(count: number, now: number): number {
    const filled = this.#tokens + (now - this.#filledAt) * this.#perMillisecond
    this.#tokens = Math.min(this.#burst, filled) - count
    this.#filledAt = now
    return this.#tokens >= 0 ? 0 : -this.#tokens / this.#perMillisecond
  }
}
