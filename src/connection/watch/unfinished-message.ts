import type { ConnectionLimits } from '../limits.ts'
import { closeWith, type LivenessAction } from './liveness-action.ts'
import type { Snapshot } from './snapshot.ts'

/** Time in milliseconds over which the rate of a payload is measured. */
export const RATE_WINDOW = 10_000

/**
 * A message that a peer has begun and not finished. It is checked once per interval, and exists until it is complete.
 */
export class UnfinishedMessage {
  #since: number
  /** Number of messages received before this one. */
  #messageCount: number
  /** The time since which the same part of the same frame has been missing; null between the frames of a message. */
  #frameSince: number | null = null
  #frame = -1
  #part: Snapshot['pending'] = null
  /** The start of the window in which the rate is measured, and the number of bytes received then. */
  #windowAt = 0
  #windowBytes = 0

  constructor(now: number, { receivedMessages }: Snapshot) {
    this.#since = now
    this.#messageCount = receivedMessages
  }

  /** Adjusts the times, because time during which this side did not read does not count against the peer. */
  standStill(elapsed: number): void {
    this.#since += elapsed
    this.#windowAt += elapsed
    if (this.#frameSince !== null) this.#frameSince += elapsed
  }

  /** Checks the message and its frame. Returns null when there is time left. */
  judge(now: number, snapshot: Snapshot, limits: ConnectionLimits): LivenessAction | null {
    return this.#judgeMessage(now, snapshot, limits) ?? this.#judgeFrame(now, snapshot, limits)
  }

  #judgeMessage(
    now: number,
    { receivedMessages }: Snapshot,
    { messageTimeout }: ConnectionLimits,
  ): LivenessAction | null {
    if (receivedMessages !== this.#messageCount) {
      this.#since = now
      this.#messageCount = receivedMessages
    }
    if (now - this.#since < messageTimeout) return null
    const message = `message was not complete within ${messageTimeout} ms`
    return closeWith('ERR_WS_MESSAGE_TIMEOUT', message)
  }

  #judgeFrame(
    now: number,
    snapshot: Snapshot,
    { headerTimeout, minPayloadRate }: ConnectionLimits,
  ): LivenessAction | null {
    const { pending, frameCount, receivedBytes } = snapshot
    if (pending === 'message') {
      this.#frameSince = null
    } else if (this.#frameSince === null || frameCount !== this.#frame || pending !== this.#part) {
      this.#frameSince = now
      // A header is counted when it is complete. Until then `frameCount` is that of the previous frame.
      this.#frame = frameCount
      this.#part = pending
      this.#windowAt = now
      this.#windowBytes = receivedBytes
    } else if (pending === 'header' && now - this.#frameSince >= headerTimeout) {
      const message = `frame header was not complete within ${headerTimeout} ms`
      return closeWith('ERR_WS_HEADER_TIMEOUT', message)
    } else if (pending === 'payload' && now - this.#windowAt >= RATE_WINDOW) {
      const rate = ((receivedBytes - this.#windowBytes) / (now - this.#windowAt)) * 1000
      this.#windowAt = now
      this.#windowBytes = receivedBytes
      if (rate >= minPayloadRate) return null
      const message = `payload arrives at ${Math.round(rate)} bytes per second; allowed: at least ${minPayloadRate}`
      return closeWith('ERR_WS_TOO_SLOW', message)
    }
    return null
  }
}
