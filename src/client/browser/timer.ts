import type { ClientEnvironment } from './types.ts'

/** One timeout at a time, of the timers of an environment. */
export class Timer {
  readonly #environment: ClientEnvironment
  #id: unknown

  constructor(environment: ClientEnvironment) {
    this.#environment = environment
  }

  /** Calls `callback` after `delay` milliseconds, in place of what was started before. */
  start(delay: number, callback: () => void): void {
    this.stop()
    this.#id = this.#environment.setTimeout(callback, delay)
  }

  stop(): void {
    this.#environment.clearTimeout(this.#id as never)
    this.#id = undefined
  }
}
