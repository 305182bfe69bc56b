import type { CloseInfo } from '../../core/closing-handshake.ts'
import { WebSocketError } from '../../core/errors.ts'
import { PauseReason } from '../../core/input-gate.ts'
import { Opcode } from '../../core/opcode.ts'
import type { ProtocolSink } from '../../core/protocol.ts'
import { countCopied } from '../../fast/freed-memory.ts'
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

/** Copies binary messages out of the read window. */
const slab = new MessageSlab(messageRun)
const texts = new TextRun(messageRun)

/** The bytes of a stream that are being parsed, and that belong to the stream. */
let chunk: Buffer | null = null

/**
 * The receiving part. It passes bytes from the stream to the protocol, messages and pongs to the user, and reply frames
 * to the output. It has no private methods, which would cost each connection 8 bytes.
 */
export class Inbound implements StreamOwner, ProtocolSink, RateSink, TurnSink, StreamCounter {
  readonly #link: Link
  /**
   * How often work is counted while messages are delivered: with a codec at every message, otherwise at every 1,024th.
   */
  readonly #countMask: number
  /** Created when a limit requires it: at the start for messages and bytes, with the first ping for pings. */
  #rates: RateLimiter | null = null
  /** Created when messages are delivered in parts. */
  #streams: StreamDelivery | null = null
  /** Created with the first bytes. */
  #share: TurnShare | null = null
  receivedBytes = 0
  /** Number of messages received, and of parts of streamed messages. */
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
    // Node ignores a pause() in the tick in which reading starts, so it is repeated here.
    if (protocol.isPaused) stream.pause()
    // A callback may cause another connection to receive input.
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

  /** Called when input has waited for the next turn of the event loop. */
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
    // The end is processed after input that was read before it; see `onFlow`.
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
    // A view would keep all of its memory alive, so it must not be much smaller than that. The user may transfer the
    // memory to a worker, so it must not contain further input.
    const isOwn =
      bytes !== chunk &&
      bytes.length <= 2 * (end - start) &&
      (end === bytes.length || !this.#link.protocol.isParsing(bytes))
    if (isOwn) countCopied(bytes.length)
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
    // A pause until the next turn usually ends before there is more to read. If not, `onBytes` pauses the stream.
    if (!reading && protocol.pauseReasons !== PauseReason.TURN) stream.pause()
    else if (reading && stream.isPaused()) stream.resume()
    // Input that waited for the codec or the reader is gone, although no bytes have arrived.
    if (reading) this.#link.account()
    if (reading && stream.readableEnded) process.nextTick(() => this.onStreamEnd())
  }

  deliver(data: Data, isBinary: boolean, isLent = false): void {
    const { connection, host, protocol } = this.#link
    // Also counts at the first message: V8 deoptimizes this function if it enters the branch only after 1,024 messages.
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

  /** Delivers messages in parts from now on. */
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

  /** A method, because a closure in `deliver` would cost memory for each message. */
  watch(result: unknown): void {
    watchResult(result, (error) => this.#link.onUserError(error))
  }

  /** Called when the peer exceeds a rate. Pauses reading or closes the connection. */
  onOverRate(wait: number): void {
    const { connection, limits, protocol } = this.#link
    if (protocol.state !== 'open') return
    if (limits.overRate === 'close') return failOverRate(connection)
    protocol.pause(PauseReason.RATE)
    this.#rates!.wait(wait, () => protocol.resume(PauseReason.RATE))
  }
}
