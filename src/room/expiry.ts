import { LONGEST_DELAY } from '../options/option-rule.ts'
import type { SessionWatcher } from '../session/watcher.ts'

/** Waits until a session has been silent for `ttl` milliseconds. A message only stores the time and sets no timer. */
export class Expiry implements SessionWatcher {
  readonly #ttl: number
  readonly #onExpired: () => void
  #lastMessageAt = performance.now()
  #timer: NodeJS.Timeout

  constructor(ttl: number, onExpired: () => void) {
    this.#ttl = ttl
    this.#onExpired = onExpired
    this.#timer = this.#wait(ttl)
  }

  onMessage(): void {
    this.#lastMessageAt = performance.now()
  }

  onEnd(): void {
    clearTimeout(this.#timer)
  }

  #wait(delay: number): NodeJS.Timeout {
    // A timer may fire slightly early, and a delay above the maximum needs several timers.
    return setTimeout(() => this.#check(), Math.min(Math.ceil(delay), LONGEST_DELAY)).unref()
  }

  #check(): void {
    const rest = this.#lastMessageAt + this.#ttl - performance.now()
    if (rest <= 0) this.#onExpired()
    else this.#timer = this.#wait(rest)
  }
}
