import type { ClientEnvironment, ClientOptions } from './types.ts'

/** Time in milliseconds that a connection must last for the delays to start over. */
const STABLE_AFTER = 10_000

type BackoffOptions = Required<Pick<ClientOptions, 'minDelay' | 'maxDelay' | 'maxAttempts'>>

/** An attempt to reconnect after a loss. */
export interface Retry {
  /** 1 for the first attempt after a loss. */
  readonly attempt: number
  /** Time in milliseconds until that attempt. */
  readonly delay: number
}

/** Randomized exponential backoff for reconnecting (RFC 6455 §7.2.3). */
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

  /** Called after a loss. After a stable connection, the delays start over. */
  onLoss(): void {
    if (this.#openedAt !== undefined && this.#environment.now() - this.#openedAt >= STABLE_AFTER) this.#attempt = 0
    this.#openedAt = undefined
  }

  /** Restarts the delays. */
  reset(): void {
    this.#attempt = 0
  }

  get isExhausted(): boolean {
    return this.#attempt >= this.#options.maxAttempts
  }

  /**
   * Returns the next attempt, after a random delay between `minDelay` and a bound that doubles with each attempt. The
   * bound also grows when `minDelay` is 0, because a client that retries without a delay floods the server.
   */
  next(): Retry {
    const { minDelay, maxDelay } = this.#options
    this.#attempt += 1
    const bound = Math.min(maxDelay, Math.max(minDelay, 1) * 2 ** this.#attempt)
    return { attempt: this.#attempt, delay: minDelay + this.#environment.random() * (bound - minDelay) }
  }
}
