import { CloseCode } from '../../core/close-code.ts'
import type { ConnectionLimits } from '../limits.ts'
import { closeWith, type Verdict, type Vitals } from './snapshot.ts'

/** Over how long the rate of a payload is measured, in milliseconds. */
export const RATE_WINDOW = 10_000

/** The message that a peer has begun and not finished, as it is seen once in a period; it exists only so long. */
export class Unfinished {
  #since: number
  /** How many messages were received before it. */
  #messageCount: number
  /** The frame that is watched, with what is missing of it, and since when; null between the frames of a message. */
  #frameSince: number | null = null
  #frame = -1
  #part: Vitals['pending'] = null
  /** The start of the window in which the rate is measured, and the bytes received then. */
  #windowAt = 0
  #windowBytes = 0

  constructor(now: number, { receivedMessages }: Vitals) {
    this.#since = now
    this.#messageCount = receivedMessages
  }

  /** What the peer owes is not demanded for the time that it was not read from. */
  standStill(elapsed: number): void {
    this.#since += elapsed
    this.#windowAt += elapsed
    if (this.#frameSince !== null) this.#frameSince += elapsed
  }

  /** Looks at the message and its frame; null when there is time left. */
  check(now: number, vitals: Vitals, limits: ConnectionLimits): Verdict | null {
    return this.#checkMessage(now, vitals, limits) ?? this.#checkFrame(now, vitals, limits)
  }

  #checkMessage(now: number, { receivedMessages }: Vitals, { messageTimeout }: ConnectionLimits): Verdict | null {
    if (receivedMessages !== this.#messageCount) {
      this.#since = now
      this.#messageCount = receivedMessages
    }
    if (now - this.#since < messageTimeout) return null
    const message = `a message not complete within ${messageTimeout} ms`
    return closeWith(CloseCode.POLICY_VIOLATION, 'ERR_WS_MESSAGE_TIMEOUT', message)
  }

  #checkFrame(now: number, vitals: Vitals, { headerTimeout, minPayloadRate }: ConnectionLimits): Verdict | null {
    const { pending, frameCount, receivedBytes } = vitals
    if (pending === 'message') {
      this.#frameSince = null
    } else if (this.#frameSince === null || frameCount !== this.#frame || pending !== this.#part) {
      this.#frameSince = now
      // A header is counted when it is whole: the next one has the count of the payload before it.
      this.#frame = frameCount
      this.#part = pending
      this.#windowAt = now
      this.#windowBytes = receivedBytes
    } else if (pending === 'header' && now - this.#frameSince >= headerTimeout) {
      const message = `a frame header not complete within ${headerTimeout} ms`
      return closeWith(CloseCode.POLICY_VIOLATION, 'ERR_WS_HEADER_TIMEOUT', message)
    } else if (pending === 'payload' && now - this.#windowAt >= RATE_WINDOW) {
      const rate = ((receivedBytes - this.#windowBytes) / (now - this.#windowAt)) * 1000
      this.#windowAt = now
      this.#windowBytes = receivedBytes
      if (rate >= minPayloadRate) return null
      const message = `a payload at ${Math.round(rate)} bytes a second; at least ${minPayloadRate} are demanded`
      return closeWith(CloseCode.POLICY_VIOLATION, 'ERR_WS_TOO_SLOW', message)
    }
    return null
  }
}
