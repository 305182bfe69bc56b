import { CloseCode } from '../../core/close-code.ts'
import type { ConnectionLimits } from '../limits.ts'
import { closeWith, type Verdict, type Vitals } from './snapshot.ts'
import { RATE_WINDOW, Unfinished } from './unfinished-message.ts'

const LONGEST_PERIOD = 1_000
const SHORTEST_PERIOD = 50

/** How often connections with these limits are looked at: half the shortest time, from 50 ms to 1 s. */
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

/** What is remembered of a connection from one look to the next; what few of them need exists only in those. */
export interface Remembered {
  lookedAt: number
  /** When and at which counts the peer gave its last sign of life. */
  aliveAt: number
  receivedBytes: number
  takenBytes: number
  /** When it was pinged, null when a sign of life followed. */
  pingedAt: number | null
  /** Null where no limit asks for it. */
  age: Age | null
  /** Null while the peer has finished what it began. */
  unfinished: Unfinished | null
  /** Null while the peer is read from. */
  held: Held | null
}

/** When a connection began and when its last message was, with the count of messages. */
interface Age {
  readonly bornAt: number
  messageAt: number
  messageCount: number
}

/** Since when a held peer has read nothing, and what it had read then. */
interface Held {
  stuckSince: number
  takenBytes: number
}

/** The age of a connection that begins now, where a limit asks for it. */
export function beginAge({ idleTimeout, maxLifetime }: ConnectionLimits, now: number): Age | null {
  if (idleTimeout === Number.POSITIVE_INFINITY && maxLifetime === Number.POSITIVE_INFINITY) return null
  return { bornAt: now, messageAt: now, messageCount: 0 }
}

/**
 * Looks at a connection: keepalive, unfinished headers, payloads and messages, idleness and age; null when all is well.
 * It is looked at once in a period and counts are compared, so that nothing is done per frame. Any byte received, and
 * any byte that the peer's system takes, is a sign of life; while reading is held up from this side the clocks of the
 * peer stand still.
 */
export function checkLiveness(
  known: Remembered,
  now: number,
  vitals: Vitals,
  limits: ConnectionLimits,
): Verdict | null {
  const before = known.lookedAt
  known.lookedAt = now
  const aged = known.age === null ? null : checkAge(known.age, now, vitals, limits)
  if (vitals.isHeld) {
    standStill(known, now - before)
    known.held ??= { stuckSince: before, takenBytes: known.takenBytes }
    return aged ?? checkHeld(known.held, now, vitals, limits)
  }
  known.held = null
  return aged ?? checkUnfinished(known, now, vitals, limits) ?? checkAlive(known, now, vitals, limits)
}

/** What the peer owes is not demanded for the time that it was not read from. */
function standStill(known: Remembered, elapsed: number): void {
  known.aliveAt += elapsed
  if (known.pingedAt !== null) known.pingedAt += elapsed
  known.unfinished?.standStill(elapsed)
}

function checkAge(
  age: Age,
  now: number,
  { receivedMessages, sentMessages }: Vitals,
  { maxLifetime, idleTimeout }: ConnectionLimits,
): Verdict | null {
  const messageCount = receivedMessages + sentMessages
  if (messageCount !== age.messageCount) {
    age.messageCount = messageCount
    age.messageAt = now
  }
  if (now - age.bornAt >= maxLifetime)
    return closeWith(CloseCode.NORMAL, 'ERR_WS_LIFETIME', `open for ${maxLifetime} ms, the longest allowed`)
  if (now - age.messageAt >= idleTimeout)
    return closeWith(CloseCode.NORMAL, 'ERR_WS_IDLE', `no message for ${idleTimeout} ms`)
  return null
}

/** A peer that is held because it reads nothing of what waits for it says nothing either: no ping would tell. */
function checkHeld(
  held: Held,
  now: number,
  { takenBytes, bufferedAmount }: Vitals,
  { pingInterval, pingTimeout }: ConnectionLimits,
): Verdict | null {
  const longest = pingInterval + pingTimeout
  if (bufferedAmount === 0 || takenBytes !== held.takenBytes) held.stuckSince = now
  held.takenBytes = takenBytes
  if (now - held.stuckSince < longest) return null
  return { action: 'cut', code: 'ERR_WS_KEEPALIVE', message: `no byte of what waits was read within ${longest} ms` }
}

function checkUnfinished(known: Remembered, now: number, vitals: Vitals, limits: ConnectionLimits): Verdict | null {
  if (vitals.pending === null) known.unfinished = null
  else known.unfinished ??= new Unfinished(now, vitals)
  return known.unfinished === null ? null : known.unfinished.check(now, vitals, limits)
}

function checkAlive(
  known: Remembered,
  now: number,
  { receivedBytes, takenBytes, bufferedAmount }: Vitals,
  { pingInterval, pingTimeout }: ConnectionLimits,
): Verdict | null {
  const isReading = bufferedAmount > 0 && takenBytes > known.takenBytes
  if (receivedBytes !== known.receivedBytes || isReading) {
    known.aliveAt = now
    known.pingedAt = null
  }
  known.receivedBytes = receivedBytes
  known.takenBytes = takenBytes
  if (known.pingedAt !== null) {
    if (now - known.pingedAt < pingTimeout) return null
    return {
      action: 'cut',
      code: 'ERR_WS_KEEPALIVE',
      message: `no byte from the peer within ${pingTimeout} ms of a ping`,
    }
  }
  if (now - known.aliveAt < pingInterval) return null
  known.pingedAt = now
  return { action: 'ping' }
}
