import { CloseCode } from '../../core/close-code.ts'
import { WebSocketError } from '../../core/errors.ts'
import { now, type TimerEntry, wheel } from '../../transport/timing-wheel.ts'
import { runInContextOf } from '../context.ts'
import type { PublicConnection } from '../host.ts'
import { limitCloseCodes } from '../limit-close-code.ts'
import type { ConnectionLimits } from '../limits.ts'
import { beginRareState, checkPeriod, judgeLiveness, type LivenessState } from './liveness.ts'
import type { LivenessAction } from './liveness-action.ts'
import type { Snapshot } from './snapshot.ts'

/** The connection as its watchdog sees it. */
export interface Watched {
  readonly connection: Pick<PublicConnection, 'state' | 'ping' | 'close' | 'fail' | 'terminate'>
  readonly limits: ConnectionLimits
  snapshot(): Snapshot
  /** Called at each check. */
  account(): void
  /** Nothing was received since the last check. */
  releaseIdleMemory(): void
  /** Reads one more chunk, although reading is paused. */
  readAhead(): void
  /** Makes the system probe the peer, and ends the connection once it has found it gone; false where it cannot. */
  probe(): boolean
  /** Delivers what was read, although reading is paused. */
  deliverBacklog(): void
}

/** The start of the payload of keepalive pings; the time of the ping follows. */
const PING_TEXT = 'dwebsocket '

/**
 * Watches one connection: liveness while it is open, then the closing timeout. It is the entry in the timing wheel and
 * the liveness state in one object without private methods, which cost 8 bytes each time: an idle connection has little
 * else.
 */
export class Watchdog implements TimerEntry, LivenessState {
  readonly #watched: Watched
  /** The keepalive ping that is not answered yet. */
  #ping: Buffer | null = null
  /** The round trip of the last keepalive ping in milliseconds, null before the first. */
  latency: number | null = null
  aliveAt: number
  receivedBytes = 0
  acceptedBytes = 0
  pingedAt: LivenessState['pingedAt'] = null
  rare: LivenessState['rare']
  timerNext: TimerEntry | null = null
  timerPrevious: TimerEntry | null = null
  timerSlot = -1
  timerDue = 0

  constructor(watched: Watched) {
    const time = now()
    this.#watched = watched
    this.aliveAt = time
    this.rare = beginRareState(watched.limits, time)
    wheel.schedule(this, checkPeriod(watched.limits))
  }

  /** From now on the transport has `closeTimeout` to close. */
  startClosing(): void {
    this.acceptedBytes = this.#watched.snapshot().acceptedBytes
    const { closeTimeout } = this.#watched.limits
    if (closeTimeout === Number.POSITIVE_INFINITY) wheel.cancel(this)
    else wheel.schedule(this, closeTimeout)
  }

  stop(): void {
    wheel.cancel(this)
  }

  /** Returns the round trip in milliseconds when the pong answers the last keepalive ping, else null (RFC 6455 §5.5.3). */
  acceptPong(payload: Buffer): number | null {
    if (!this.#ping?.equals(payload)) return null
    this.#ping = null
    this.latency = performance.now() - Number(payload.toString('latin1', PING_TEXT.length))
    return this.latency
  }

  onTimer(time: number): void {
    runInContextOf(this.#watched.connection, () => this.check(time))
  }

  check(time: number): void {
    const watched = this.#watched
    const { connection, limits } = watched
    watched.account()
    if (connection.state !== 'open') return this.checkClosing()
    const snapshot = watched.snapshot()
    if (snapshot.receivedBytes === this.receivedBytes) watched.releaseIdleMemory()
    const period = checkPeriod(limits)
    const elapsed = time - (this.timerDue - period)
    const action = judgeLiveness(this, time, elapsed, snapshot, limits)
    if (action !== null) this.act(action, time, snapshot)
    if (isOpen(connection)) wheel.schedule(this, period)
  }

  sendPing({ isPaused }: Snapshot): void {
    const watched = this.#watched
    const ping = Buffer.from(PING_TEXT + performance.now())
    // The pong will not be read before the pause ends: it would measure that.
    this.#ping = isPaused ? null : ping
    watched.connection.ping(ping)
    if (isPaused) watched.readAhead()
  }

  act(action: LivenessAction, time: number, snapshot: Snapshot): void {
    const watched = this.#watched
    if (action.action === 'ping') return this.sendPing(snapshot)
    if (action.action === 'readAhead') return watched.readAhead()
    if (action.action === 'probe') return this.probe(time)
    // The last bytes of a peer that is gone may hold its Close frame.
    if (action.action === 'deliver' || (snapshot.isPaused && snapshot.bufferedAmount === 0)) watched.deliverBacklog()
    if (action.action !== 'deliver' && isOpen(watched.connection)) end(watched.connection, action)
  }

  /** Where the system cannot probe, a ping must do: it fails when the peer has closed. */
  probe(time: number): void {
    if (this.#watched.probe()) return
    this.aliveAt = time
    this.#watched.connection.ping(Buffer.from(PING_TEXT))
  }

  /** A peer that still reads what was sent, at 1 KB a second or more, gets the time again. */
  checkClosing(): void {
    const { connection, limits } = this.#watched
    const { closeTimeout } = limits
    const { acceptedBytes, bufferedAmount } = this.#watched.snapshot()
    const isReading = bufferedAmount > 0 && acceptedBytes - this.acceptedBytes > closeTimeout
    this.acceptedBytes = acceptedBytes
    if (isReading) return wheel.schedule(this, closeTimeout)
    const message = `no end of the connection within ${closeTimeout} ms of the Close frame`
    connection.terminate(new WebSocketError('ERR_WS_CLOSE_TIMEOUT', message))
  }
}

function end(connection: Watched['connection'], action: Extract<LivenessAction, { code: string }>): void {
  const { code, message } = action
  if (action.action === 'terminate') return connection.terminate(new WebSocketError(code, message))
  const closeCode = limitCloseCodes[action.code]
  if (closeCode === CloseCode.GOING_AWAY) connection.close(closeCode, message, new WebSocketError(code, message))
  else connection.fail(closeCode, code, message)
}

/** Whether a pong answers a keepalive ping, also one that is no longer awaited. */
export function isKeepalivePong(payload: Buffer): boolean {
  return payload.toString('latin1', 0, PING_TEXT.length) === PING_TEXT
}

/** The state as it is now: what was done meanwhile may have changed it. */
function isOpen(connection: Watched['connection']): boolean {
  return connection.state === 'open'
}
