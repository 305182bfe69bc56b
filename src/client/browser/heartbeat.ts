import type { Timer } from './timer.ts'
import type { ClientOptions } from './types.ts'

type HeartbeatOptions = Required<Pick<ClientOptions, 'heartbeatInterval' | 'heartbeatTimeout'>>

/** The connection, as a heartbeat uses it. */
export interface HeartbeatTarget {
  readonly bufferedAmount: number
  send(data: string): void
  /** Called when the server has not responded in time. */
  fail(reason: string): void
}

/** Checks whether the server is alive: sends the text `ping` after a silence and expects the text `pong`. */
export class Heartbeat {
  readonly #options: HeartbeatOptions
  readonly #timer: Timer
  #target: HeartbeatTarget | undefined

  constructor(options: HeartbeatOptions, timer: Timer) {
    this.#options = options
    this.#timer = timer
  }

  get isOn(): boolean {
    return this.#options.heartbeatInterval > 0
  }

  start(target: HeartbeatTarget): void {
    this.#target = target
    this.onMessage()
  }

  stop(): void {
    this.#target = undefined
    this.#timer.stop()
  }

  /** Called with each message, which proves that the server is alive and restarts the interval. */
  onMessage(): void {
    if (this.isOn) this.#timer.start(this.#options.heartbeatInterval, () => this.ask())
  }

  /**
   * Sends `ping` now. The timeout starts here and not at the last message, because timers of a hidden page may be late.
   */
  ask(): void {
    const target = this.#target
    if (!this.isOn || !target) return
    if (!target.bufferedAmount) target.send('ping')
    const { heartbeatInterval, heartbeatTimeout } = this.#options
    this.#timer.start(heartbeatTimeout - heartbeatInterval, () => target.fail('no response to ping'))
  }
}
