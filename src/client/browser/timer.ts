import type { ClientEnvironment } from './types.ts'

/** A timeout that uses the timers of an environment. Only one can be active. */
export class Timer {
  readonly #environment: ClientEnvironment
  #id: unknown

  constructor(environment: ClientEnvironment) {
    this.#environment = environment
  }

  /** Calls `callback` after `delay` milliseconds. Replaces an earlier timeout. */
  start(delay: number, callback: () => void): void {
    this.stop()
    this.#id = this.#environment.setTimeout(callback, delay)
  }

  stop(): void {
    this.#environment.clearTimeout(this.#id as never)
  }
}
