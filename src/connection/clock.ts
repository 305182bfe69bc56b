import { CloseCode } from '../core/close-code.ts'
import { WebSocketError } from '../core/errors.ts'
import type { ConnectionLimits } from './limits.ts'
import { checkPeriod, Liveness, type Vitals } from './liveness.ts'
import { now, type TimerEntry, wheel } from './timers.ts'

/** What a clock sees of its connection and what it may do to it. */
export interface Timed {
  readonly state: 'open' | 'closing' | 'closed'
  vitals(): Vitals
  /** Called at each look. */
  account(): void
  ping(payload: Uint8Array): void
  close(code: number, reason: string, cause: Error): void
  fail(closeCode: number, code: string, message: string): void
  terminate(error: Error): void
}

/** The times of one connection: one entry in the wheel, for its liveness while open and for its end afterwards. */
export class Clock implements TimerEntry {
  readonly #connection: Timed
  readonly #limits: ConnectionLimits
  readonly #liveness: Liveness
  #ping: Buffer | null = null
  #pingedAt = 0
  #takenBytes = 0
  timerNext: TimerEntry | null = null
  timerPrevious: TimerEntry | null = null
  timerSlot = -1
  timerDue = 0

  constructor(connection: Timed, limits: ConnectionLimits) {
    this.#connection = connection
    this.#limits = limits
    this.#liveness = new Liveness(limits, now())
    wheel.schedule(this, checkPeriod(limits))
  }

  /** From now on the transport has `closeTimeout` to end. */
  startClosing(): void {
    this.#takenBytes = this.#connection.vitals().takenBytes
    const { closeTimeout } = this.#limits
    if (closeTimeout === Number.POSITIVE_INFINITY) wheel.cancel(this)
    else wheel.schedule(this, closeTimeout)
  }

  stop(): void {
    wheel.cancel(this)
  }

  /** The round trip in milliseconds when the payload is that of the last keepalive ping, else null (RFC 6455 §5.5.3). */
  takePong(payload: Buffer): number | null {
    if (!this.#ping?.equals(payload)) return null
    this.#ping = null
    return performance.now() - this.#pingedAt
  }

  onTimer(time: number): void {
    const connection = this.#connection
    connection.account()
    if (connection.state !== 'open') return this.#checkClosing()
    const verdict = this.#liveness.check(time, connection.vitals())
    if (verdict?.action === 'ping') this.#sendPing()
    else if (verdict?.action === 'cut') connection.terminate(new WebSocketError(verdict.code, verdict.message))
    else if (verdict?.closeCode === CloseCode.NORMAL)
      connection.close(verdict.closeCode, verdict.message, new WebSocketError(verdict.code, verdict.message))
    else if (verdict !== null) connection.fail(verdict.closeCode, verdict.code, verdict.message)
    if (this.#isOpen()) wheel.schedule(this, checkPeriod(this.#limits))
  }

  /** The state as it is now: what was done above may have changed it. */
  #isOpen(): boolean {
    return this.#connection.state === 'open'
  }

  #sendPing(): void {
    this.#pingedAt = performance.now()
    this.#ping = Buffer.from(`dwebsocket ${this.#pingedAt}`)
    this.#connection.ping(this.#ping)
  }

  /** A peer that still reads what was sent, at 1 KB a second or more, is given the time again. */
  #checkClosing(): void {
    const { closeTimeout } = this.#limits
    const { takenBytes, bufferedAmount } = this.#connection.vitals()
    const isReading = bufferedAmount > 0 && takenBytes - this.#takenBytes > closeTimeout
    this.#takenBytes = takenBytes
    if (isReading) return wheel.schedule(this, closeTimeout)
    const message = `no end of the connection within ${closeTimeout} ms of the Close frame`
    this.#connection.terminate(new WebSocketError('ERR_WS_CLOSE_TIMEOUT', message))
  }
}
