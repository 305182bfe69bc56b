import { LONGEST_DELAY } from '../../options/option-rule.ts'
import { now, wheel } from '../../transport/timing-wheel.ts'
import type { ConnectionLimits } from '../limits.ts'
import { TokenBucket } from './token-bucket.ts'

/** Minimum pause in milliseconds. With shorter ones, reading would be paused after every message. */
const SHORTEST_WAIT = 50

/** The callback of a rate limiter. */
export interface RateSink {
  /** Called when the peer exceeds a rate. It is within the rate again after `wait` milliseconds. */
  onOverRate(wait: number): void
}

/** Compares what a peer sends with its maximum rates. Each bucket is created on first use. */
export class RateLimiter {
  readonly #limits: ConnectionLimits
  readonly #sink: RateSink
  #messages: TokenBucket | null = null
  #bytes: TokenBucket | null = null
  #pings: TokenBucket | null = null
  #timer: NodeJS.Timeout | null = null
  #resumeAt = 0
  #isStopped = false

  constructor(limits: ConnectionLimits, sink: RateSink) {
    this.#limits = limits
    this.#sink = sink
  }

  countMessage(): void {
    const { messageRate } = this.#limits
    if (messageRate === null) return
    this.#messages ??= new TokenBucket(messageRate, wheel.time)
    this.#count(this.#messages, 1)
  }

  countBytes(count: number): void {
    const { byteRate } = this.#limits
    if (byteRate === null) return
    this.#bytes ??= new TokenBucket(byteRate, wheel.time)
    this.#count(this.#bytes, count)
  }

  countPing(): void {
    const { pingRate } = this.#limits
    if (pingRate === null) return
    this.#pings ??= new TokenBucket(pingRate, wheel.time)
    this.#count(this.#pings, 1)
  }

  /** Calls `resume` after `least` milliseconds, at least 50. A longer wait replaces a shorter one. */
  wait(least: number, resume: () => void): void {
    const milliseconds = Math.min(Math.max(least, SHORTEST_WAIT), LONGEST_DELAY)
    const resumeAt = wheel.time + milliseconds
    if (this.#isStopped || (this.#timer !== null && resumeAt <= this.#resumeAt)) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#resumeAt = resumeAt
    this.#timer = setTimeout(() => {
      this.#timer = null
      resume()
    }, milliseconds)
  }

  /** Cancels the wait, and ignores later ones. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#isStopped = true
  }

  #count(bucket: TokenBucket, count: number): void {
    const wait = bucket.take(count, wheel.time)
    if (wait === 0) return
    // After a blocked event loop, input that arrived in the meantime is counted before `wheel.time` advances.
    const rest = wait - (now() - wheel.time)
    if (rest > 0) this.#sink.onOverRate(rest)
  }
}
