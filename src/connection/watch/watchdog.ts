import { CloseCode } from '../../core/close-code.ts'
import { EMPTY } from '../../core/empty.ts'
import { WebSocketError } from '../../core/errors.ts'
import { now, type TimerEntry, wheel } from '../../transport/timing-wheel.ts'
import { contextOf } from '../context.ts'
import type { PublicConnection } from '../host.ts'
import { limitCloseCodes } from '../limit-close-code.ts'
import type { ConnectionLimits } from '../limits.ts'
import { beginRareState, judgeLiveness, type LivenessState, timeToCheck } from './liveness.ts'
import type { LivenessAction } from './liveness-action.ts'
import type { Snapshot } from './snapshot.ts'

export type { Snapshot }

/** The members of a connection that its watchdog uses. */
export interface Watched {
  readonly connection: Pick<PublicConnection, 'state' | 'close' | 'fail' | 'terminate'>
  readonly limits: ConnectionLimits
  snapshot(): Snapshot
  /** Called at each check. */
  account(): void
  /** Sends a ping at once. */
  ping(payload: Uint8Array): void
  /** Called by a check that finds nothing to do, if nothing was received since the previous check. */
  releaseIdleMemory(): void
  /** Reads one more chunk, although reading is paused. */
  readAhead(): void
  /**
   * Makes the system probe the peer, so that the connection ends if the peer is gone. Returns false if the system
   * cannot do this.
   */
  probe(): boolean
  /** Delivers what was read, although reading is paused. */
  deliverBacklog(): void
}

/** The beginning of the payload of keepalive pings. The time of the ping follows. */
const PING_TEXT = 'dwebsocket '

/** A keepalive ping, and when it was sent in milliseconds. */
interface KeepalivePing {
  readonly payload: Buffer
  readonly sentAt: number
}

/** Time in milliseconds within which all connections send the same ping. */
const SAME_TIME = 0.1
let latest: KeepalivePing = { payload: EMPTY, sentAt: Number.NEGATIVE_INFINITY }

/** Returns the ping to send now. Connections share it, because formatting the time takes up to a microsecond. */
function pingOfNow(): KeepalivePing {
  const time = performance.now()
  if (Math.abs(time - latest.sentAt) >= SAME_TIME) latest = { payload: Buffer.from(PING_TEXT + time), sentAt: time }
  return latest
}

/**
 * Watches one connection: liveness while it is open, then the closing timeout. To save memory in idle connections, it
 * is both the entry in the timing wheel and the liveness state, and has no private methods, which would cost each
 * connection 8 bytes.
 */
export class Watchdog implements TimerEntry, LivenessState {
  readonly #watched: Watched
  /** The keepalive ping that has not been answered; null when there is none. */
  #ping: KeepalivePing | null = null
  /** The round-trip time of the last keepalive ping in milliseconds; null before the first pong. */
  latency: number | null = null
  aliveAt: number
  receivedBytes = 0
  acceptedBytes = 0
  pingedAt: LivenessState['pingedAt'] = null
  rare: LivenessState['rare']
  /** When the last check was, on the clock of the timing wheel. */
  checkedAt: number
  timerNext: TimerEntry | null = null
  timerPrevious: TimerEntry | null = null
  timerSlot = -1
  timerDue = 0

  constructor(watched: Watched) {
    const time = now()
    this.#watched = watched
    this.aliveAt = time
    this.rare = beginRareState(watched.limits, time)
    this.checkedAt = time
    wheel.schedule(this, timeToCheck(this, time, false, watched.limits))
  }

  /** Starts `closeTimeout`, within which the transport must close. */
  startClosing(): void {
    this.acceptedBytes = this.#watched.snapshot().acceptedBytes
    const { closeTimeout } = this.#watched.limits
    if (closeTimeout === Number.POSITIVE_INFINITY) wheel.cancel(this)
    else wheel.schedule(this, closeTimeout)
  }

  stop(): void {
    wheel.cancel(this)
  }

  /**
   * Returns the round-trip time in milliseconds when the pong answers the last keepalive ping, otherwise null (RFC 6455
   * §5.5.3). The answer is a sign of life at once, so that the next ping needs no check before it.
   */
  acceptPong(payload: Buffer, receivedBytes: number): number | null {
    const ping = this.#ping
    if (ping === null || !ping.payload.equals(payload)) return null
    this.#ping = null
    this.aliveAt = wheel.time
    this.pingedAt = null
    this.receivedBytes = receivedBytes
    this.latency = performance.now() - ping.sentAt
    return this.latency
  }

  onTimer(time: number): void {
    const context = contextOf(this.#watched.connection)
    if (context === undefined) this.check(time)
    else context.runInAsyncScope(this.check, this, time)
  }

  check(time: number): void {
    const watched = this.#watched
    const { connection, limits } = watched
    watched.account()
    if (connection.state !== 'open') return this.checkClosing()
    const snapshot = watched.snapshot()
    const isSilent = snapshot.receivedBytes === this.receivedBytes
    const action = judgeLiveness(this, time, time - this.checkedAt, snapshot, limits)
    this.checkedAt = time
    if (action !== null) this.act(action, time, snapshot)
    else if (isSilent) watched.releaseIdleMemory()
    if (isOpen(connection)) wheel.schedule(this, timeToCheck(this, time, snapshot.isPaused, limits))
  }

  sendPing({ isPaused }: Snapshot): void {
    const watched = this.#watched
    const ping = pingOfNow()
    // While reading is paused, the time of the pong would measure the pause.
    this.#ping = isPaused ? null : ping
    watched.ping(ping.payload)
    if (isPaused) watched.readAhead()
  }

  act(action: LivenessAction, time: number, snapshot: Snapshot): void {
    const watched = this.#watched
    if (action.action === 'ping') return this.sendPing(snapshot)
    if (action.action === 'readAhead') return watched.readAhead()
    if (action.action === 'probe') return this.probe(time)
    // The last bytes of a peer that is gone may contain its Close frame.
    if (action.action === 'deliver' || (snapshot.isPaused && snapshot.unacceptedBytes === 0)) watched.deliverBacklog()
    if (action.action !== 'deliver' && isOpen(watched.connection)) end(watched.connection, action)
  }

  /** Probes the peer. When the system cannot, a ping is sent, which fails when the peer has closed. */
  probe(time: number): void {
    if (this.#watched.probe()) return
    this.aliveAt = time
    this.#watched.ping(Buffer.from(PING_TEXT))
  }

  /** Extends the closing timeout while the peer still reads what was sent, at 1 KB per second or more. */
  checkClosing(): void {
    const { connection, limits } = this.#watched
    const { closeTimeout } = limits
    const { acceptedBytes, bufferedAmount } = this.#watched.snapshot()
    const isReading = bufferedAmount > 0 && acceptedBytes - this.acceptedBytes > closeTimeout
    this.acceptedBytes = acceptedBytes
    if (isReading) return wheel.schedule(this, closeTimeout)
    const message = `the connection did not end within ${closeTimeout} ms of the Close frame`
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

/** Returns whether a pong answers a keepalive ping: the last one or an earlier one. */
export function isKeepalivePong(payload: Buffer): boolean {
  return payload.toString('latin1', 0, PING_TEXT.length) === PING_TEXT
}

/** Reads the state again, because an earlier call may have changed it. */
function isOpen(connection: Watched['connection']): boolean {
  return connection.state === 'open'
}
