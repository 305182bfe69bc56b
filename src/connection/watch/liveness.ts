import type { ConnectionLimits } from '../limits.ts'
import { closeWith, type LivenessAction } from './liveness-action.ts'
import type { Snapshot } from './snapshot.ts'
import { RATE_WINDOW, UnfinishedMessage } from './unfinished-message.ts'

/** Bytes that may wait before a connection that is paused is no longer read from. */
const READ_AHEAD = 64 * 1024
const LONGEST_PERIOD = 1_000
const SHORTEST_PERIOD = 50

/** Milliseconds between two checks of a connection with these limits: half the shortest time, from 50 ms to 1 s. */
export function checkPeriod(limits: ConnectionLimits): number {
  const { headerTimeout, messageTimeout, pingInterval, pingTimeout, idleTimeout, maxLifetime } = limits
  const shortest = Math.min(
    headerTimeout,
    messageTimeout,
    pingInterval,
    pingTimeout,
    idleTimeout,
    maxLifetime,
    RATE_WINDOW,
  )
  return Math.min(LONGEST_PERIOD, Math.max(SHORTEST_PERIOD, shortest / 2))
}

/**
 * State kept between two liveness checks; rarely needed parts are allocated on demand. Times are milliseconds on the
 * clock of the timing wheel.
 */
export interface LivenessState {
  /** When the peer gave its last sign of life, with the counts at that time. */
  aliveAt: number
  receivedBytes: number
  acceptedBytes: number
  /** When it was pinged, null when a sign of life followed. */
  pingedAt: number | null
  /** Null while none of it is needed. */
  rare: RareState | null
}

/** The parts of the state that few connections need. */
export interface RareState {
  /** Null where no limit demands it. */
  age: Age | null
  /** Null while the peer has finished what it began. */
  unfinished: UnfinishedMessage | null
  /** Since when reading is paused and output waits; null while that is not so. */
  waitingSince: number | null
}

/** When a connection began and when its last message was, with the count of messages. */
interface Age {
  readonly bornAt: number
  messageAt: number
  messageCount: number
}

/** The rare state of a connection that begins now, null where no limit demands any. */
export function beginRareState({ idleTimeout, maxLifetime }: ConnectionLimits, now: number): RareState | null {
  if (idleTimeout === Number.POSITIVE_INFINITY && maxLifetime === Number.POSITIVE_INFINITY) return null
  return { age: { bornAt: now, messageAt: now, messageCount: 0 }, unfinished: null, waitingSince: null }
}

/**
 * Updates `state` and returns what to do: keepalive, unfinished headers, payloads and messages, idleness and age; null
 * when all is well. It is called once in a period and compares counts, so that nothing is done per frame. Any byte
 * received, and any byte of ours that the peer's system accepts, is a sign of life. While reading is paused from this
 * side the peer owes nothing but a sign of life.
 *
 * @param elapsed Milliseconds since the check before.
 */
export function judgeLiveness(
  state: LivenessState,
  now: number,
  elapsed: number,
  snapshot: Snapshot,
  limits: ConnectionLimits,
): LivenessAction | null {
  noteLife(state, now, snapshot)
  const isWaiting = snapshot.isPaused && snapshot.bufferedAmount > 0
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
  const { receivedBytes, acceptedBytes, bufferedAmount } = snapshot
  const isReading = bufferedAmount > 0 && acceptedBytes > state.acceptedBytes
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
  if (now - age.bornAt >= maxLifetime)
    return closeWith('ERR_WS_LIFETIME', `open for ${maxLifetime} ms, the longest allowed`)
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
  // Time during which we did not read does not count against the peer.
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

/** A peer that is paused because it reads nothing of what waits sends nothing either: a ping would only wait as well. */
function judgeSlowReader(
  since: number,
  now: number,
  { pingInterval, pingTimeout }: ConnectionLimits,
): LivenessAction | null {
  const longest = pingInterval + pingTimeout
  return now - since < longest ? null : silence(`no byte of what waits was read within ${longest} ms`)
}

/**
 * A peer that the application does not read from. A little is read ahead, so that pongs, a Close frame and the end are
 * noticed. It is pinged only when there was nothing to read, so that the pong comes next. Where much waits already, no
 * pong can be read, and the system must probe the peer, which it cannot do while a ping is not acknowledged.
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
