import type { ConnectionLimits } from '../limits.ts'
import { closeWith, type LivenessAction } from './liveness-action.ts'
import type { Snapshot } from './snapshot.ts'
import { RATE_WINDOW, UnfinishedMessage } from './unfinished-message.ts'

/** Number of bytes that may be read ahead while a connection is paused. */
const READ_AHEAD = 64 * 1024
const LONGEST_PERIOD = 1_000
const SHORTEST_PERIOD = 50

/**
 * Returns the time in milliseconds until the next check. A connection that is not paused is checked when its keepalive
 * is due. The other time limits need two checks within the shortest of them, at intervals of 50 ms to one second.
 */
export function timeToCheck(
  { aliveAt, pingedAt }: Pick<LivenessState, 'aliveAt' | 'pingedAt'>,
  now: number,
  isPaused: boolean,
  { headerTimeout, messageTimeout, idleTimeout, maxLifetime, pingInterval, pingTimeout }: ConnectionLimits,
): number {
  const shortest = Math.min(headerTimeout, messageTimeout, idleTimeout, maxLifetime, RATE_WINDOW)
  const keepalive = pingedAt === null ? aliveAt + pingInterval - now : pingedAt + pingTimeout - now
  const time = isPaused ? Math.min(shortest, pingInterval, pingTimeout) / 2 : Math.min(shortest / 2, keepalive)
  return Math.min(LONGEST_PERIOD, Math.max(SHORTEST_PERIOD, time))
}

/**
 * The state of liveness checks. Parts that are rarely needed are created on demand. Times are in milliseconds on the
 * clock of the timing wheel.
 */
export interface LivenessState {
  /** When the peer last showed a sign of life, and the counts at the last check. */
  aliveAt: number
  receivedBytes: number
  acceptedBytes: number
  /** When the peer was pinged; null after a sign of life. */
  pingedAt: number | null
  /** Null while none of the rare parts is needed. */
  rare: RareState | null
}

/** The parts of the state that few connections need. */
export interface RareState {
  /** Null when no limit depends on the age of the connection. */
  age: Age | null
  /** The message that the peer has begun and not finished; null when there is none. */
  unfinished: UnfinishedMessage | null
  /** The time since which reading has been paused while output was waiting; otherwise null. */
  waitingSince: number | null
}

/** When the connection began, when its last message was sent or received, and the number of messages by then. */
interface Age {
  readonly bornAt: number
  messageAt: number
  messageCount: number
}

/** Returns the rare state of a new connection; null when no limit needs any. */
export function beginRareState({ idleTimeout, maxLifetime }: ConnectionLimits, now: number): RareState | null {
  if (idleTimeout === Number.POSITIVE_INFINITY && maxLifetime === Number.POSITIVE_INFINITY) return null
  return { age: { bornAt: now, messageAt: now, messageCount: 0 }, unfinished: null, waitingSince: null }
}

/**
 * Updates `state` and returns what to do about keepalive, unfinished headers, payloads and messages, idle time and age;
 * null when there is nothing to do. It compares counts once per interval, so that frames cost nothing. Each received
 * byte, and each sent byte that the peer's system accepts, is a sign of life. While this side has paused reading,
 * nothing else is expected of the peer.
 *
 * @param elapsed Time in milliseconds since the last check.
 */
export function judgeLiveness(
  state: LivenessState,
  now: number,
  elapsed: number,
  snapshot: Snapshot,
  limits: ConnectionLimits,
): LivenessAction | null {
  noteLife(state, now, snapshot)
  const isWaiting = snapshot.isPaused && snapshot.unacceptedBytes > 0
  if (snapshot.pending !== null || isWaiting) state.rare ??= { age: null, unfinished: null, waitingSince: null }
  const { rare } = state
  if (rare !== null) {
    const action = judgeAge(rare, now, snapshot, limits) ?? judgeUnfinished(rare, now, elapsed, snapshot, limits)
    rare.waitingSince = isWaiting ? (rare.waitingSince ?? now - elapsed) : null
    if (rare.age === null && rare.unfinished === null && !isWaiting) state.rare = null
    if (action !== null) return action
    if (isWaiting) return judgeSlowReader(Math.max(state.aliveAt, rare.waitingSince!), now, limits)
  }
  return snapshot.isPaused ? judgePaused(state, now, elapsed, snapshot, limits) : judgeSilence(state, now, limits)
}

function noteLife(state: LivenessState, now: number, snapshot: Snapshot): void {
  const { receivedBytes, acceptedBytes, unacceptedBytes } = snapshot
  const isReading = unacceptedBytes > 0 && acceptedBytes > state.acceptedBytes
  if (receivedBytes !== state.receivedBytes || isReading) {
    state.aliveAt = now
    state.pingedAt = null
  }
  state.receivedBytes = receivedBytes
  state.acceptedBytes = acceptedBytes
}

function judgeAge(
  { age }: RareState,
  now: number,
  { receivedMessages, sentMessages }: Snapshot,
  { maxLifetime, idleTimeout }: ConnectionLimits,
): LivenessAction | null {
  if (age === null) return null
  const messageCount = receivedMessages + sentMessages
  if (messageCount !== age.messageCount) {
    age.messageCount = messageCount
    age.messageAt = now
  }
  if (now - age.bornAt >= maxLifetime) return closeWith('ERR_WS_LIFETIME', `open for ${maxLifetime} ms, the maximum`)
  if (now - age.messageAt >= idleTimeout) return closeWith('ERR_WS_IDLE', `no message for ${idleTimeout} ms`)
  return null
}

function judgeUnfinished(
  rare: RareState,
  now: number,
  elapsed: number,
  snapshot: Snapshot,
  limits: ConnectionLimits,
): LivenessAction | null {
  if (snapshot.pending === null) rare.unfinished = null
  else rare.unfinished ??= new UnfinishedMessage(now, snapshot)
  const { unfinished } = rare
  if (unfinished === null) return null
  if (!snapshot.isPaused) return unfinished.judge(now, snapshot, limits)
  // Time during which this side did not read does not count against the peer.
  unfinished.standStill(elapsed)
  return null
}

function judgeSilence(
  state: LivenessState,
  now: number,
  { pingInterval, pingTimeout }: ConnectionLimits,
): LivenessAction | null {
  if (state.pingedAt !== null) {
    if (now - state.pingedAt < pingTimeout) return null
    return silence(`no byte from the peer within ${pingTimeout} ms of a ping`)
  }
  if (now - state.aliveAt < pingInterval) return null
  state.pingedAt = now
  return { action: 'ping' }
}

/**
 * Judges a peer that is paused because it does not read. No ping is sent, because it would only wait behind the unsent
 * bytes.
 */
function judgeSlowReader(
  since: number,
  now: number,
  { pingInterval, pingTimeout }: ConnectionLimits,
): LivenessAction | null {
  const longest = pingInterval + pingTimeout
  return now - since < longest ? null : silence(`the peer read none of the waiting bytes within ${longest} ms`)
}

/**
 * Judges a peer from which the application does not read. A little is read ahead, to notice pongs, a Close frame and
 * the end of the stream. A ping is sent only when there was nothing to read, so that the pong is the next input. When
 * much is already waiting, no pong can be read. TCP keepalive then probes the peer instead of a ping: it works only
 * while all sent bytes are acknowledged.
 */
function judgePaused(
  state: LivenessState,
  now: number,
  elapsed: number,
  { backlogBytes, hasEnded }: Snapshot,
  limits: ConnectionLimits,
): LivenessAction | null {
  const { pingInterval } = limits
  const silentFor = now - state.aliveAt
  if (!hasEnded && backlogBytes < READ_AHEAD) {
    const isFirst = silentFor >= pingInterval && silentFor - elapsed < pingInterval
    return isFirst ? { action: 'readAhead' } : judgeSilence(state, now, limits)
  }
  state.pingedAt = null
  if (silentFor < pingInterval) return null
  if (!hasEnded) return { action: 'probe' }
  state.aliveAt = now
  return { action: 'deliver' }
}

function silence(message: string): LivenessAction {
  return { action: 'terminate', code: 'ERR_WS_KEEPALIVE', message }
}
