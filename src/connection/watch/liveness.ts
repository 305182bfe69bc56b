import type { ConnectionLimits } from '../limits.ts'
import { closeWith, type LivenessAction } from './liveness-action.ts'
import type { Snapshot } from './snapshot.ts'
import { RATE_WINDOW, UnfinishedMessage } from './unfinished-message.ts'

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
  /** Null while the peer is read from. */
  stall: Stall | null
}

/** When a connection began and when its last message was, with the count of messages. */
interface Age {
  readonly bornAt: number
  messageAt: number
  messageCount: number
}

/** Since when a peer that is not read from has read nothing either, and what it had read then. */
interface Stall {
  since: number
  acceptedBytes: number
}

/** The rare state of a connection that begins now, null where no limit demands any. */
export function beginRareState({ idleTimeout, maxLifetime }: ConnectionLimits, now: number): RareState | null {
  if (idleTimeout === Number.POSITIVE_INFINITY && maxLifetime === Number.POSITIVE_INFINITY) return null
  return { age: { bornAt: now, messageAt: now, messageCount: 0 }, unfinished: null, stall: null }
}

/**
 * Updates `state` and returns what to do: keepalive, unfinished headers, payloads and messages, idleness and age; null
 * when all is well. It is called once in a period and compares counts, so that nothing is done per frame. Any byte
 * received, and any byte of ours that the peer's system accepts, is a sign of life; while reading is paused from this
 * side the clocks of the peer stand still.
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
  if (snapshot.isPaused || snapshot.pending !== null) state.rare ??= { age: null, unfinished: null, stall: null }
  const { rare } = state
  const aged = rare === null || rare.age === null ? null : judgeAge(rare.age, now, snapshot, limits)
  if (rare !== null && snapshot.isPaused) {
    standStill(state, elapsed)
    rare.stall ??= { since: now - elapsed, acceptedBytes: state.acceptedBytes }
    return aged ?? judgeStall(rare.stall, now, snapshot, limits)
  }
  const late = rare === null ? null : judgeUnfinished(rare, now, snapshot, limits)
  if (rare !== null) rare.stall = null
  if (rare !== null && rare.age === null && rare.unfinished === null) state.rare = null
  return aged ?? late ?? judgeSilence(state, now, snapshot, limits)
}

/** Time during which we did not read does not count against the peer. */
function standStill(state: LivenessState, elapsed: number): void {
  state.aliveAt += elapsed
  if (state.pingedAt !== null) state.pingedAt += elapsed
  state.rare?.unfinished?.standStill(elapsed)
}

function judgeAge(
  age: Age,
  now: number,
  { receivedMessages, sentMessages }: Snapshot,
  { maxLifetime, idleTimeout }: ConnectionLimits,
): LivenessAction | null {
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

/** A peer that is paused because it reads nothing of what waits for it sends nothing either: a ping would not help. */
function judgeStall(
  stall: Stall,
  now: number,
  { acceptedBytes, bufferedAmount }: Snapshot,
  { pingInterval, pingTimeout }: ConnectionLimits,
): LivenessAction | null {
  const longest = pingInterval + pingTimeout
  if (bufferedAmount === 0 || acceptedBytes !== stall.acceptedBytes) stall.since = now
  stall.acceptedBytes = acceptedBytes
  if (now - stall.since < longest) return null
  const message = `no byte of what waits was read within ${longest} ms`
  return { action: 'terminate', code: 'ERR_WS_KEEPALIVE', message }
}

function judgeUnfinished(
  rare: RareState,
  now: number,
  snapshot: Snapshot,
  limits: ConnectionLimits,
): LivenessAction | null {
  if (snapshot.pending === null) rare.unfinished = null
  else rare.unfinished ??= new UnfinishedMessage(now, snapshot)
  return rare.unfinished === null ? null : rare.unfinished.judge(now, snapshot, limits)
}

function judgeSilence(
  state: LivenessState,
  now: number,
  { receivedBytes, acceptedBytes, bufferedAmount }: Snapshot,
  { pingInterval, pingTimeout }: ConnectionLimits,
): LivenessAction | null {
  const isReading = bufferedAmount > 0 && acceptedBytes > state.acceptedBytes
  if (receivedBytes !== state.receivedBytes || isReading) {
    state.aliveAt = now
    state.pingedAt = null
  }
  state.receivedBytes = receivedBytes
  state.acceptedBytes = acceptedBytes
  if (state.pingedAt !== null) {
    if (now - state.pingedAt < pingTimeout) return null
    const message = `no byte from the peer within ${pingTimeout} ms of a ping`
    return { action: 'terminate', code: 'ERR_WS_KEEPALIVE', message }
  }
  if (now - state.aliveAt < pingInterval) return null
  state.pingedAt = now
  return { action: 'ping' }
}
