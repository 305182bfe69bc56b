import { CloseCode } from '../core/close-code.ts'
import type { ConnectionLimits } from './limits.ts'

/** What is seen of a connection when it is looked at; counts only grow. */
export interface Vitals {
  /** Whether reading is held up from this side. */
  isHeld: boolean
  /** Bytes received. */
  receivedBytes: number
  /** Bytes that the peer's system has taken of what was sent. */
  takenBytes: number
  /** Bytes that wait to be taken. */
  bufferedAmount: number
  /** Frames begun by the peer. */
  frameCount: number
  /** Whole messages received. */
  receivedMessages: number
  sentMessages: number
  /** What the peer has begun and not finished. */
  pending: 'header' | 'payload' | 'message' | null
}

/** What is to be done about it. */
export type Verdict =
  | { action: 'ping' }
  | { action: 'close'; closeCode: number; code: string; message: string }
  | { action: 'cut'; code: string; message: string }

/** Over how long the rate of a payload is measured, in milliseconds. */
const RATE_WINDOW = 10_000
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

/**
 * The clocks of one connection: keepalive, unfinished headers, payloads and messages, idleness and age. It is looked at
 * once in a period and compares counts, so that nothing is done per frame. Any byte received, and any byte that the
 * peer's system takes, is a sign of life; while reading is held up from this side the clocks of the peer stand still.
 */
export class Liveness {
  readonly #limits: ConnectionLimits
  readonly #bornAt: number
  #checkedAt: number
  /** When and at which counts the peer gave its last sign of life. */
  #aliveAt: number
  #receivedBytes = 0
  #takenBytes = 0
  /** Since when a held peer has read nothing, and what it had read then. */
  #stuckSince: number
  #heldTakenBytes = 0
  #pingedAt: number | null = null
  #messageAt: number
  #messageCount = 0
  /** The unfinished frame or message: since when it is watched, which it is, and the bytes at the window's start. */
  #pendingSince: number | null = null
  #pendingFrame = -1
  #pendingPart: Vitals['pending'] = null
  #messageSince: number | null = null
  #messageOf = -1
  #windowAt = 0
  #windowBytes = 0

  constructor(limits: ConnectionLimits, now: number) {
    this.#limits = limits
    this.#bornAt = now
    this.#checkedAt = now
    this.#aliveAt = now
    this.#stuckSince = now
    this.#messageAt = now
  }

  /** Looks at the connection; null when all is well. */
  check(now: number, vitals: Vitals): Verdict | null {
    const elapsed = now - this.#checkedAt
    this.#checkedAt = now
    if (vitals.isHeld) this.#standStill(elapsed)
    return (
      this.#checkAge(now, vitals) ??
      this.#checkReading(now, vitals) ??
      (vitals.isHeld ? null : (this.#checkPending(now, vitals) ?? this.#checkAlive(now, vitals)))
    )
  }

  /** A peer that is held because it reads nothing of what waits for it says nothing either: no ping would tell. */
  #checkReading(now: number, { isHeld, takenBytes, bufferedAmount }: Vitals): Verdict | null {
    const longest = this.#limits.pingInterval + this.#limits.pingTimeout
    if (!isHeld || bufferedAmount === 0 || takenBytes !== this.#heldTakenBytes) this.#stuckSince = now
    this.#heldTakenBytes = takenBytes
    if (now - this.#stuckSince < longest) return null
    return { action: 'cut', code: 'ERR_WS_KEEPALIVE', message: `no byte of what waits was read within ${longest} ms` }
  }

  /** What the peer owes is not demanded for the time that it was not read from. */
  #standStill(elapsed: number): void {
    this.#aliveAt += elapsed
    if (this.#pingedAt !== null) this.#pingedAt += elapsed
    if (this.#pendingSince !== null) this.#pendingSince += elapsed
    if (this.#messageSince !== null) this.#messageSince += elapsed
    this.#windowAt += elapsed
  }

  #checkAge(now: number, { receivedMessages, sentMessages }: Vitals): Verdict | null {
    const { maxLifetime, idleTimeout } = this.#limits
    const messageCount = receivedMessages + sentMessages
    if (messageCount !== this.#messageCount) {
      this.#messageCount = messageCount
      this.#messageAt = now
    }
    if (now - this.#bornAt >= maxLifetime)
      return close(CloseCode.NORMAL, 'ERR_WS_LIFETIME', `open for ${maxLifetime} ms, the longest allowed`)
    if (now - this.#messageAt >= idleTimeout)
      return close(CloseCode.NORMAL, 'ERR_WS_IDLE', `no message for ${idleTimeout} ms`)
    return null
  }

  #checkPending(now: number, { pending, frameCount, receivedMessages, receivedBytes }: Vitals): Verdict | null {
    const { headerTimeout, minPayloadRate, messageTimeout } = this.#limits
    if (pending === null) {
      this.#pendingSince = null
      this.#messageSince = null
      return null
    }
    if (this.#messageSince === null || receivedMessages !== this.#messageOf) {
      this.#messageSince = now
      this.#messageOf = receivedMessages
    } else if (now - this.#messageSince >= messageTimeout) {
      return close(
        CloseCode.POLICY_VIOLATION,
        'ERR_WS_MESSAGE_TIMEOUT',
        `a message not complete within ${messageTimeout} ms`,
      )
    }
    if (pending === 'message') {
      this.#pendingSince = null
    } else if (this.#pendingSince === null || frameCount !== this.#pendingFrame || pending !== this.#pendingPart) {
      this.#pendingSince = now
      // A header is counted when it is whole: the next one has the count of the payload before it.
      this.#pendingFrame = frameCount
      this.#pendingPart = pending
      this.#windowAt = now
      this.#windowBytes = receivedBytes
    } else if (pending === 'header' && now - this.#pendingSince >= headerTimeout) {
      return close(
        CloseCode.POLICY_VIOLATION,
        'ERR_WS_HEADER_TIMEOUT',
        `a frame header not complete within ${headerTimeout} ms`,
      )
    } else if (pending === 'payload' && now - this.#windowAt >= RATE_WINDOW) {
      const rate = ((receivedBytes - this.#windowBytes) / (now - this.#windowAt)) * 1000
      this.#windowAt = now
      this.#windowBytes = receivedBytes
      if (rate < minPayloadRate) {
        return close(
          CloseCode.POLICY_VIOLATION,
          'ERR_WS_TOO_SLOW',
          `a payload at ${Math.round(rate)} bytes a second; at least ${minPayloadRate} are demanded`,
        )
      }
    }
    return null
  }

  #checkAlive(now: number, { receivedBytes, takenBytes, bufferedAmount }: Vitals): Verdict | null {
    const { pingInterval, pingTimeout } = this.#limits
    const isReading = bufferedAmount > 0 && takenBytes > this.#takenBytes
    if (receivedBytes !== this.#receivedBytes || isReading) {
      this.#aliveAt = now
      this.#pingedAt = null
    }
    this.#receivedBytes = receivedBytes
    this.#takenBytes = takenBytes
    if (this.#pingedAt !== null) {
      if (now - this.#pingedAt < pingTimeout) return null
      return {
        action: 'cut',
        code: 'ERR_WS_KEEPALIVE',
        message: `no byte from the peer within ${pingTimeout} ms of a ping`,
      }
    }
    if (now - this.#aliveAt < pingInterval) return null
    this.#pingedAt = now
    return { action: 'ping' }
  }
}

function close(closeCode: number, code: string, message: string): Verdict {
  return { action: 'close', closeCode, code, message }
}
