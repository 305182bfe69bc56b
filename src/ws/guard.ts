import type { Duplex } from 'node:stream'
import { describeOverflow, failOverflow, failOverRate } from '../connection/limit-failure.ts'
import type { ConnectionLimits } from '../connection/limits.ts'
import { RateLimiter, type RateSink } from '../connection/receive/rate-limiter.ts'
import type { Snapshot } from '../connection/watch/snapshot.ts'
import { Watchdog, type Watched } from '../connection/watch/watchdog.ts'
import { WebSocketError } from '../core/errors.ts'
import { probePeer } from '../transport/probe.ts'
import { acceptedBytes } from '../transport/stream-owner.ts'
import { type Reader, Wait } from './reader.ts'
import type { Sender } from './sender.ts'

/** The connection as its guard uses it. */
export interface Guarded {
  readonly state: 'open' | 'closing' | 'closed'
  /** Whether the program has paused the connection. */
  readonly isPaused: boolean
  ping(payload: Uint8Array): void
  close(code: number, reason: string): void
  fail(closeCode: number, code: string, message: string): void
  terminate(error: Error): void
}

interface GuardedParts {
  connection: Guarded
  stream: Duplex
  reader: Reader
  sender: Sender
}

/** Applies the limits of dwebsocket to one socket: rates, timeouts, keepalive and the amount of buffered output. */
export class Guard implements Watched, RateSink {
  readonly connection: Guarded
  readonly limits: ConnectionLimits
  readonly #stream: Duplex
  readonly #reader: Reader
  readonly #sender: Sender
  readonly #rates: RateLimiter
  readonly #watchdog: Watchdog
  #receivedBytes = 0
  #receivedMessages = 0
  #sentMessages = 0
  #awaitsDrain = false

  constructor({ connection, stream, reader, sender }: GuardedParts, limits: ConnectionLimits) {
    this.connection = connection
    this.limits = limits
    this.#stream = stream
    this.#reader = reader
    this.#sender = sender
    this.#rates = new RateLimiter(limits, this)
    this.#watchdog = new Watchdog(this)
  }

  ping(payload: Uint8Array): void {
    this.connection.ping(payload)
  }

  onBytes(count: number): void {
    this.#receivedBytes += count
    this.#rates.countBytes(count)
  }

  onMessage(): void {
    this.#receivedMessages++
    this.#rates.countMessage()
  }

  onPing(): void {
    this.#rates.countPing()
  }

  /**
   * Returns an error when the limits do not allow `size` more bytes, otherwise null. A fragment of a message is never
   * dropped: the connection is closed instead.
   */
  refuse(size: number, isWhole: boolean): Error | null {
    const { highWaterMark, maxBufferedAmount, overflow } = this.limits
    this.#sentMessages++
    if (this.#sender.bufferedAtMost + size <= highWaterMark) return null
    const total = this.#sender.bufferedAmount + size
    // A message may always be sent when nothing else is buffered.
    if (total <= maxBufferedAmount || total === size) return null
    const message = describeOverflow(total, maxBufferedAmount)
    if (overflow === 'close' || !isWhole) failOverflow(this.connection, message)
    return new WebSocketError('ERR_WS_SEND_OVERFLOW', message)
  }

  /** Called after a message was sent. Pauses reading while the peer does not read what was sent to it. */
  onSent(): void {
    const { highWaterMark } = this.limits
    if (this.#awaitsDrain || this.#sender.bufferedAtMost <= highWaterMark) return
    if (this.#sender.bufferedAmount <= highWaterMark) return
    this.#awaitsDrain = true
    this.#reader.pause(Wait.BACKPRESSURE)
    void this.#sender.drained().then(() => {
      this.#awaitsDrain = false
      this.#reader.resume(Wait.BACKPRESSURE)
    })
  }

  onOverRate(wait: number): void {
    if (this.connection.state !== 'open') return
    if (this.limits.overRate === 'close') return failOverRate(this.connection)
    this.#reader.pause(Wait.RATE)
    this.#rates.wait(wait, () => this.#reader.resume(Wait.RATE))
  }

  /** Called when the connection has ended, or when the closing handshake begins, because that has its own timer. */
  stop(): void {
    this.#watchdog.stop()
    this.#rates.stop()
    this.#reader.resume(Wait.RATE | Wait.BACKPRESSURE)
  }

  snapshot(): Snapshot {
    const { isPaused } = this.connection
    return {
      isPaused: isPaused || this.#reader.isPaused,
      // A socket that the program has paused reads nothing ahead, so only TCP keepalive can probe the peer.
      backlogBytes: isPaused ? Number.MAX_SAFE_INTEGER : this.#reader.backlogBytes,
      hasEnded: this.#stream.readableEnded,
      receivedBytes: this.#receivedBytes,
      acceptedBytes: acceptedBytes(this.#stream),
      unacceptedBytes: this.#stream.writableLength,
      bufferedAmount: this.#sender.bufferedAmount,
      frameCount: this.#reader.frameCount,
      receivedMessages: this.#receivedMessages,
      sentMessages: this.#sentMessages,
      pending: this.#reader.pending,
    }
  }

  /** Does nothing: a socket with the interface of npm ws does not count memory. */
  account(): void {}

  releaseIdleMemory(): void {}

  readAhead(): void {
    this.#stream.resume()
  }

  probe(): boolean {
    return probePeer(this.#stream, this.limits.pingInterval)
  }

  deliverBacklog(): void {
    this.#reader.resume(Wait.RATE)
  }
}
