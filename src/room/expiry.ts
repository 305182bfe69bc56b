import { startDeadline } from '../connection/deadline.ts'
import { LONGEST_DELAY } from '../options/option-rule.ts'
import type { SessionWatcher } from '../session/watcher.ts'

/** Waits until a session has been silent for `ttl` milliseconds. A message only stores the time and sets no timer. */
export class Expiry implements SessionWatcher {
  readonly #ttl: number
  readonly #onExpired: () => void
  #lastMessageAt = performance.now()
  #cancel: () => void

  constructor(ttl: number, onExpired: () => void) {
    this.#ttl = ttl
    this.#onExpired = onExpired
    this.#cancel = this.#wait(ttl)
  }

  onMessage(): void {
    this.#lastMessageAt = performance.now()
  }

  onEnd(): void {
    this.#cancel()
  }

  #wait(delay: number): () => void {
    // A timer may fire slightly early, and a delay above the maximum needs several timers.
    return startDeadline(Math.min(Math.ceil(delay), LONGEST_DELAY), () => this.#check(), false)
  }

  #check(): void {
    const rest = this.#lastMessageAt + this.#ttl - performance.now()
    if (rest <= 0) this.#onExpired()
    else this.#cancel = this.#wait(rest)
  }
}
