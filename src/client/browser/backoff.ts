import type { ClientEnvironment, ClientOptions } from './types.ts'

/** Milliseconds that a connection must last for the delays to start over. */
const STABLE_AFTER = 10_000

type BackoffOptions = Required<Pick<ClientOptions, 'minDelay' | 'maxDelay' | 'maxAttempts'>>

/** An attempt to connect that follows a loss. */
export interface Retry {
  /** 1 for the first attempt after a loss. */
  readonly attempt: number
  /** Milliseconds until that attempt. */
  readonly delay: number
}

/** Randomized exponential back-off: when to connect again, and how often (RFC 6455 §7.2.3). */
export class Backoff {
  readonly #options: BackoffOptions
  readonly #environment: ClientEnvironment
  #attempt = 0
  #openedAt: number | undefined

  constructor(options: BackoffOptions, environment: ClientEnvironment) {
    this.#options = options
    this.#environment = environment
  }

  onOpen(): void {
    this.#openedAt = this.#environment.now()
  }

  /** A stable connection starts the delays over. */
  onLoss(): void {
    if (this.#openedAt !== undefined && this.#environment.now() - this.#openedAt >= STABLE_AFTER) this.#attempt = 0
    this.#openedAt = undefined
  }

  /** Starts the delays over. */
  reset(): void {
    this.#attempt = 0
    this.#openedAt = undefined
  }

  get isExhausted(): boolean {
    return this.#attempt >= this.#options.maxAttempts
  }

  /** The next attempt, after a random delay between `minDelay` and a bound that doubles with each attempt. */
  next(): Retry {
    const { minDelay, maxDelay } = this.#options
    this.#attempt += 1
    const bound = Math.min(maxDelay, minDelay * 2 ** this.#attempt)
    return { attempt: this.#attempt, delay: minDelay + this.#environment.random() * (bound - minDelay) }
  }
}
