import { CloseCode } from '../../core/close-code.ts'
import { WebSocketError } from '../../core/errors.ts'
import { now, type TimerEntry, wheel } from '../../transport/timing-wheel.ts'
import type { ConnectionLimits } from '../limits.ts'
import { beginAge, checkLiveness, checkPeriod, type Remembered } from './liveness.ts'
import type { Vitals } from './snapshot.ts'

/** What a clock sees of its connection and what it may do to it. */
export interface Timed {
  readonly limits: ConnectionLimits
  readonly state: 'open' | 'closing' | 'closed'
  vitals(): Vitals
  /** Called at each look. */
  account(): void
  /** Nothing was received since the last look. */
  rest(): void
  ping(payload: Uint8Array): void
  close(code: number, reason: string, cause: Error): void
  fail(closeCode: number, code: string, message: string): void
  terminate(error: Error): void
}

/** What a keepalive ping says besides its time. */
const PING_TEXT = 'dwebsocket '

/**
 * The times of one connection: one entry in the wheel, for its liveness while open and for its end afterwards. What is
 * remembered for that lies here as well; a connection that is idle has little else.
 */
export class Clock implements TimerEntry, Remembered {
  readonly #connection: Timed
  /** The keepalive ping that is not answered yet. */
  #ping: Buffer | null = null
  lookedAt: number
  aliveAt: number
  receivedBytes = 0
  takenBytes = 0
  pingedAt: Remembered['pingedAt'] = null
  age: Remembered['age']
  unfinished: Remembered['unfinished'] = null
  held: Remembered['held'] = null
  timerNext: TimerEntry | null = null
  timerPrevious: TimerEntry | null = null
  timerSlot = -1
  timerDue = 0

  constructor(connection: Timed) {
    const time = now()
    this.#connection = connection
    this.lookedAt = time
    this.aliveAt = time
    this.age = beginAge(connection.limits, time)
    wheel.schedule(this, checkPeriod(connection.limits))
  }

  /** From now on the transport has `closeTimeout` to end. */
  startClosing(): void {
    this.takenBytes = this.#connection.vitals().takenBytes
    const { closeTimeout } = this.#connection.limits
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
    return performance.now() - Number(payload.toString('latin1', PING_TEXT.length))
  }

  onTimer(time: number): void {
    const connection = this.#connection
    connection.account()
    if (connection.state !== 'open') return this.#checkClosing()
    const vitals = connection.vitals()
    if (vitals.receivedBytes === this.receivedBytes) connection.rest()
    const verdict = checkLiveness(this, time, vitals, connection.limits)
    if (verdict?.action === 'ping') this.#sendPing()
    else if (verdict?.action === 'cut') connection.terminate(new WebSocketError(verdict.code, verdict.message))
    else if (verdict?.closeCode === CloseCode.NORMAL)
      connection.close(verdict.closeCode, verdict.message, new WebSocketError(verdict.code, verdict.message))
    else if (verdict !== null) connection.fail(verdict.closeCode, verdict.code, verdict.message)
    if (this.#isOpen()) wheel.schedule(this, checkPeriod(connection.limits))
  }

  /** The state as it is now: what was done above may have changed it. */
  #isOpen(): boolean {
    return this.#connection.state === 'open'
  }

  #sendPing(): void {
    this.#ping = Buffer.from(PING_TEXT + performance.now())
    this.#connection.ping(this.#ping)
  }

  /** A peer that still reads what was sent, at 1 KB a second or more, is given the time again. */
  #checkClosing(): void {
    const { closeTimeout } = this.#connection.limits
    const { takenBytes, bufferedAmount } = this.#connection.vitals()
    const isReading = bufferedAmount > 0 && takenBytes - this.takenBytes > closeTimeout
    this.takenBytes = takenBytes
    if (isReading) return wheel.schedule(this, closeTimeout)
    const message = `no end of the connection within ${closeTimeout} ms of the Close frame`
    this.#connection.terminate(new WebSocketError('ERR_WS_CLOSE_TIMEOUT', message))
  }
}
