import { wheel } from '../../transport/timing-wheel.ts'
import type { ConnectionLimits } from '../limits.ts'
import { TokenBucket } from './token-bucket.ts'

/** Milliseconds; a peer over its rate is read from in portions, not once for each message. */
const SHORTEST_WAIT = 50

/** Told of a peer that sends more than it may. */
export interface RateSink {
  /** So many milliseconds until the peer is within its rate again. */
  onOverRate(wait: number): void
}

/** Counts what a peer sends against its rates; a bucket is made when something is first taken from it. */
export class RateGuard {
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

  takeMessage(): void {
    const { messageRate } = this.#limits
    if (messageRate === null) return
    this.#messages ??= new TokenBucket(messageRate, wheel.time)
    this.#take(this.#messages, 1)
  }

  takeBytes(count: number): void {
    const { byteRate } = this.#limits
    if (byteRate === null) return
    this.#bytes ??= new TokenBucket(byteRate, wheel.time)
    this.#take(this.#bytes, count)
  }

  takePing(): void {
    const { pingRate } = this.#limits
    if (pingRate === null) return
    this.#pings ??= new TokenBucket(pingRate, wheel.time)
    this.#take(this.#pings, 1)
  }

  /** Calls `resume` after `milliseconds`, 50 at the least; a longer wait replaces a shorter one. */
  wait(least: number, resume: () => void): void {
    const milliseconds = Math.max(least, SHORTEST_WAIT)
    const resumeAt = wheel.time + milliseconds
    if (this.#isStopped || (this.#timer !== null && resumeAt <= this.#resumeAt)) return
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#resumeAt = resumeAt
    this.#timer = setTimeout(() => {
      this.#timer = null
      resume()
    }, milliseconds)
  }

  /** Nobody waits any more, now or later. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    this.#isStopped = true
  }

  #take(bucket: TokenBucket, count: number): void {
    const wait = bucket.take(count, wheel.time)
    if (wait > 0) this.#sink.onOverRate(wait)
  }
}
