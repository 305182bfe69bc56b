import type { CloseInfo } from '../../core/closing-handshake.ts'
import { WebSocketError } from '../../core/errors.ts'
import { PauseReason } from '../../core/input-gate.ts'
import { Opcode } from '../../core/opcode.ts'
import type { ProtocolSink } from '../../core/protocol.ts'
import { messageRun } from '../../fast/message-run.ts'
import type { StreamOwner } from '../../transport/stream-owner.ts'
import { callUser, watchResult } from '../../user-code/user-code.ts'
import { channels } from '../diagnostics.ts'
import type { Data } from '../host.ts'
import { lend } from '../lent-bytes.ts'
import { failOverRate } from '../limit-failure.ts'
import type { Link } from '../link.ts'
import { MessageSlab } from './message-slab.ts'
import { RateLimiter, type RateSink } from './rate-limiter.ts'
import { type OnStream, type StreamCounter, StreamDelivery } from './stream-delivery.ts'
import { TextRun } from './text-run.ts'
import { TurnShare, type TurnSink } from './turn-share.ts'

/** Copies binary messages out of the memory that sockets read into. */
const slab = new MessageSlab(messageRun)
const texts = new TextRun(messageRun)

/** The bytes that a stream has handed in and that are being parsed: they belong to the stream. */
let chunk: Buffer | null = null

/**
 * The way in: bytes of the stream to the protocol, its messages and pongs to the user, its answers to the output. Every
 * connection has one: without private methods, which cost 8 bytes each time.
 */
export class Inbound implements StreamOwner, ProtocolSink, RateSink, TurnSink, StreamCounter {
  readonly #link: Link
  /** How often the work is counted while messages are delivered: every 1,024 of them, or each that may be compressed. */
  readonly #countMask: number
  /** Created where a limit demands it: for messages and bytes at the start, for pings with the first one. */
  #rates: RateLimiter | null = null
  /** Created once messages are delivered in parts. */
  #streams: StreamDelivery | null = null
  /** Created with the first bytes. */
  #share: TurnShare | null = null
  receivedBytes = 0
  /** Messages, and parts of those that are streamed. */
  receivedMessages = 0

  constructor(link: Link, hasCodec: boolean) {
    this.#link = link
    this.#countMask = hasCodec ? 0 : 1023
    const { messageRate, byteRate } = link.limits
    if (messageRate !== null || byteRate !== null) this.#rates = new RateLimiter(link.limits, this)
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    const { protocol, host, stream, output } = this.#link
    this.receivedBytes += end - start
    host.traffic.receivedBytes += end - start
    // Node ignores pause() in the tick in which reading starts; repeat it.
    if (protocol.isPaused) stream.pause()
    // A callback may make another connection receive meanwhile.
    const outerChunk = chunk
    chunk = bytes
    output.cork()
    try {
      protocol.receive(bytes, start, end)
    } finally {
      chunk = outerChunk
      output.uncork()
    }
    this.#rates?.countBytes(end - start)
    this.onParsed(end - start)
  }

  /** The input waited for a turn of the event loop. */
  onNextTurn(): void {
    const { protocol, output } = this.#link
    output.cork()
    try {
      protocol.resume(PauseReason.TURN)
    } finally {
      output.uncork()
    }
    this.onParsed(0)
  }

  onParsed(size: number): void {
    const { protocol } = this.#link
    this.countWork(0, size)
    this.#link.account()
    if (protocol.state === 'closed') this.#link.endStream()
  }

  countWork(messages: number, size: number): void {
    this.#share ??= new TurnShare(this.#link.protocol, this)
    this.#share.count(messages, size)
  }

  onStreamEnd(): void {
    const { protocol } = this.#link
    // The end waits behind what was read before it; see `onFlow`.
    if (protocol.isPaused) return
    protocol.receiveEnd()
    this.#link.endStream()
  }

  onStreamError(error: Error): void {
    const message = `the transport failed: ${error.message}`
    this.#link.protocol.receiveEnd(new WebSocketError('ERR_WS_TRANSPORT', message, { cause: error }))
  }

  onStreamDrain(): void {
    this.#link.output.onSent()
  }

  onStreamClose(): void {
    this.#link.onGone()
  }

  onTextMessage(bytes: Buffer, start: number, end: number, isAscii: boolean): void {
    if (this.#link.connection.onBorrowedMessage !== null) lend(bytes, start, end, false, this)
    else this.deliver(texts.decode(bytes, start, end, isAscii), false)
  }

  onBinaryMessage(bytes: Buffer, start: number, end: number): void {
    if (this.#link.connection.onBorrowedMessage !== null) return lend(bytes, start, end, true, this)
    // A view of much more memory than it shows would retain all of it.
    const isOwn = bytes !== chunk && bytes.length <= 2 * (end - start)
    this.deliver(isOwn ? bytes.subarray(start, end) : slab.copy(bytes, start, end), true)
  }

  onPongReceived(payload: Buffer): void {
    if (this.#link.acceptPong(payload)) return
    const { connection } = this.#link
    callUser(
      () => connection.onPong(payload),
      (error) => this.#link.onUserError(error),
    )
  }

  onControlFrame(opcode: number, payload: Uint8Array): void {
    if (opcode === Opcode.PONG) {
      this.#rates ??= new RateLimiter(this.#link.limits, this)
      this.#rates.countPing()
    }
    this.#link.output.sendControl(opcode, payload)
  }

  onCloseExpected(): void {
    this.#link.startClosing()
  }

  onClosed(info: CloseInfo): void {
    this.#rates?.stop()
    this.#link.onClosed(info)
  }

  onFlow(reading: boolean): void {
    const { stream, protocol } = this.#link
    // A pause for a turn of the event loop mostly ends before there is more to read: `onBytes` stops the stream if not.
    if (!reading && protocol.pauseReasons !== PauseReason.TURN) stream.pause()
    else if (reading && stream.isPaused()) stream.resume()
    // What waited for the codec or the reader is gone, without new bytes.
    if (reading) this.#link.account()
    if (reading && stream.readableEnded) process.nextTick(() => this.onStreamEnd())
  }

  deliver(data: Data, isBinary: boolean, isLent = false): void {
    const { connection, host, protocol } = this.#link
    // Also at the first message: a branch first entered after 1,024 makes V8 discard what it has compiled for this way.
    if ((this.receivedMessages & this.#countMask) === 0) {
      this.countWork(Math.min(this.receivedMessages, this.#countMask + 1), 0)
    }
    this.receivedMessages++
    host.traffic.receivedMessages++
    this.#rates?.countMessage()
    if (protocol.state !== 'open') return
    if (channels.message.hasSubscribers) channels.message.publish({ connection, data, isBinary })
    try {
      const result = isLent
        ? connection.onBorrowedMessage!(data as Buffer, isBinary)
        : connection.onMessage(data, isBinary)
      if (typeof result === 'object') this.watch(result)
    } catch (error) {
      this.#link.onUserError(error)
    }
  }

  /** From now on messages are delivered in parts. */
  streamMessages(onStream: OnStream): void {
    if (this.#streams !== null) {
      this.#streams.onStream = onStream
      return
    }
    const streams = new StreamDelivery(this.#link, this, onStream)
    this.#link.protocol.streamTo(streams)
    this.#streams = streams
  }

  countStream(): void {
    this.receivedMessages++
    this.#link.host.traffic.receivedMessages++
    this.#rates?.countMessage()
  }

  countPart(): void {
    this.receivedMessages++
  }

  /** A method of its own: a closure in `deliver` would cost memory for each message. */
  watch(result: unknown): void {
    watchResult(result, (error) => this.#link.onUserError(error))
  }

  /** The peer sends more than it may: it is paused, or the connection is closed. */
  onOverRate(wait: number): void {
    const { connection, limits, protocol } = this.#link
    if (protocol.state !== 'open') return
    if (limits.overRate === 'close') return failOverRate(connection)
    protocol.pause(PauseReason.RATE)
    this.#rates!.wait(wait, () => protocol.resume(PauseReason.RATE))
  }
}
