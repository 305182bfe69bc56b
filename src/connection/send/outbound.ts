import { type ByteSource, bytesOf } from '../../core/bytes.ts'
import { PauseReason } from '../../core/input-gate.ts'
import type { MessageCodec } from '../../core/message-codec.ts'
import { Opcode } from '../../core/opcode.ts'
import { describeOverflow, failOverflow } from '../limit-failure.ts'
import type { Link, Output } from '../link.ts'
import { Backpressure } from './backpressure.ts'
import { BlobQueue, type BlobQueueSink } from './blob-queue.ts'
import { CompressedSender } from './compressed-sender.ts'
import { flushEndOfTick } from './end-of-tick.ts'
import { discardSource, isBlob, isSource, type Source, unsupportedType } from './message-type.ts'
import { Outbox } from './outbox.ts'
import {
  checkText,
  opcodeOf,
  type Sendable,
  type SendOptions,
  type SendResult,
  sizeBound,
  WAITING_OVERHEAD,
} from './outgoing.ts'
import { PreparedMessage, sendFrames } from './prepared-message.ts'

/** The sending part. It decides whether a message may be sent, and passes frames to the outbox. */
export class Outbound implements Output, BlobQueueSink {
  readonly #link: Link
  readonly #outbox: Outbox
  /** Null without a codec. Messages are then passed to the outbox directly. */
  readonly #compressed: CompressedSender | null
  /** Exists only while a Blob is read or a source is sent. */
  #blobs: BlobQueue | null = null
  /** The Close frame that follows messages waiting for a Blob. */
  #closeBody: Uint8Array | null = null
  /** Exists only while the peer is slow. */
  #backpressure: Backpressure | null = null

  constructor(link: Link, codec: MessageCodec | null) {
    this.#link = link
    this.#outbox = new Outbox(link.stream, link.host.maskingKey, this)
    this.#compressed = codec === null ? null : new CompressedSender(this.#outbox, codec, this)
  }

  /** Number of bytes that the operating system has not accepted. */
  get bufferedAmount(): number {
    return this.#outbox.bufferedAmount + this.#waitingBytes()
  }

  /** Whether no bytes, Blobs or sources are waiting. */
  get isDrained(): boolean {
    return this.#blobs === null && this.bufferedAmount === 0
  }

  /** Number of bytes that wait for the system, the codec or a Blob, and not for a source. */
  get blockedBytes(): number {
    return this.#outbox.bufferedAmount + (this.#compressed?.waitingBytes ?? 0) + (this.#blobs?.blockedBytes ?? 0)
  }

  /**
   * Number of bytes that wait for the codec or a Blob. A method, because V8 before 13 calls the runtime for a private
   * getter.
   */
  #waitingBytes(): number {
    return (this.#compressed?.waitingBytes ?? 0) + (this.#blobs?.waitingBytes ?? 0)
  }

  /** Sends a message unless the limits forbid it; see `Connection.send`. */
  send(data: Sendable | PreparedMessage | Blob | Source, options: SendOptions | undefined): SendResult {
    const { limits, protocol } = this.#link
    const size = sizeBound(data)
    if (options?.binary === false) checkText(data)
    if (protocol.state !== 'open') return refuse(data, 'closed')
    if (options?.wait === false && this.#blobs?.hasSource) return this.#drop(data)
    const waiting = this.#outbox.bufferedAtMost + this.#waitingBytes()
    if (waiting + size > limits.highWaterMark || size === Number.POSITIVE_INFINITY) {
      return this.#sendNearLimit(data, size, options)
    }
    this.#accept(data, size, options)
    return 'sent'
  }

  /** Sends a message for which the cheap upper bound exceeds `highWaterMark`, and uses exact figures instead. */
  #sendNearLimit(
    data: Sendable | PreparedMessage | Blob | Source,
    bound: number,
    options: SendOptions | undefined,
  ): SendResult {
    const { highWaterMark, maxBufferedAmount } = this.#link.limits
    if (isSource(data)) return this.#sendSource(data, options)
    const size = typeof data === 'string' ? Buffer.byteLength(data) : bound
    this.#outbox.flush()
    const total = this.bufferedAmount + size
    // A message may always be sent when nothing else is waiting.
    if (total > maxBufferedAmount && total > size) return this.#overflow(data, total)
    this.#accept(data, size, options)
    this.#outbox.flush()
    if (this.bufferedAmount <= highWaterMark) return 'sent'
    // A server stops reading, because messages from a peer that does not read the replies would cause more replies. A
    // client continues, because two peers that both stop reading would wait for each other.
    const isServer = this.#link.host.maskingKey === undefined
    if (isServer && this.blockedBytes > highWaterMark) this.#link.protocol.pause(PauseReason.BACKPRESSURE)
    this.#pressure().begin()
    return 'backpressure'
  }

  /** Sends a source. Reading continues, because a source itself waits for the peer. */
  #sendSource(source: Source, options: SendOptions | undefined): SendResult {
    const total = this.bufferedAmount + WAITING_OVERHEAD
    if (total > this.#link.limits.maxBufferedAmount && total > WAITING_OVERHEAD) return this.#overflow(source, total)
    this.#accept(source, 0, options)
    return 'backpressure'
  }

  #drop(data: unknown): SendResult {
    this.#link.host.traffic.droppedMessages += data instanceof PreparedMessage ? data.count : 1
    return refuse(data, 'dropped')
  }

  #overflow(data: unknown, total: number): SendResult {
    const { connection, limits } = this.#link
    if (limits.overflow === 'drop') return this.#drop(data)
    failOverflow(connection, describeOverflow(total, limits.maxBufferedAmount))
    return refuse(data, 'closed')
  }

  #accept(data: Sendable | PreparedMessage | Blob | Source, size: number, options: SendOptions | undefined): void {
    this.#link.countSentMessages(1)
    flushEndOfTick()
    if (this.#blobs === null && this.#sendNow(data, options)) return
    this.#blobs ??= new BlobQueue(this)
    this.#blobs.add(data, options, size)
    this.onWaiting()
  }

  /** Passes a message to the codec or the outbox. Returns false for a Blob or a source. The common types come first. */
  #sendNow(data: Sendable | PreparedMessage | Blob | Source, options: SendOptions | undefined): boolean {
    if (this.#compressed !== null) return this.#sendOther(data, options)
    if (typeof data === 'string') this.#outbox.sendText(Opcode.TEXT, data)
    else if (data instanceof Uint8Array) this.#outbox.sendBytes(opcodeOf(options), data)
    else return this.#sendOther(data, options)
    return true
  }

  /** Sends data that must be compressed, or that is neither a string nor a Uint8Array. */
  #sendOther(data: Sendable | PreparedMessage | Blob | Source, options: SendOptions | undefined): boolean {
    if (isAsynchronous(data)) return false
    if (data instanceof PreparedMessage && data.count > 1) this.#link.countSentMessages(data.count - 1)
    if (this.#compressed !== null) this.#compressed.send(data, options)
    else if (data instanceof PreparedMessage) sendFrames(this.#outbox, data.frame)
    else this.#outbox.sendBytes(opcodeOf(options), bytesOf(data)!)
    return true
  }

  onBlobRead(data: Sendable | PreparedMessage, options: SendOptions | undefined): void {
    this.#sendNow(data, options)
  }

  setUpSource(options: SendOptions | undefined) {
    return {
      outbox: this.#outbox,
      options,
      begin: async () => {
        const deflater = (await this.#compressed?.beginStream(options)) ?? null
        // Reading may have been paused because of a Blob that was sent before the source.
        if (this.#blobs !== null) this.onSent()
        return deflater
      },
      onFragment: () => this.#link.countSentFragment(),
    }
  }

  onBlobError(error: unknown): void {
    this.#link.onUserError(error)
  }

  onBlobsSent(): void {
    this.#blobs = null
    this.#sendHeldClose()
    this.onSent()
  }

  ping(payload: string | ByteSource): void {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : bytesOf(payload)
    if (bytes === null) throw unsupportedType(payload)
    if (bytes.length > 125) throw new RangeError(`ping has ${bytes.length} bytes; allowed: at most 125`)
    if (this.#link.protocol.state === 'open') this.#outbox.sendBytes(Opcode.PING, bytes)
  }

  /** Sends a pong or Close frame of the protocol (RFC 6455 §5.5). */
  sendControl(opcode: number, payload: Uint8Array): void {
    if (opcode === Opcode.CLOSE) {
      this.#backpressure?.sendWaitingPong()
      this.#closeBody = payload
      if (this.#blobs === null) this.#sendHeldClose()
      else if (!this.#blobs.cutSources()) this.#endCut()
    } else if (this.#link.stream.writableLength === 0) this.#outbox.sendBytes(Opcode.PONG, payload)
    else this.#pressure().holdPong(payload)
  }

  /** Called when closing has cut the source that everything was waiting for. */
  #endCut(): void {
    this.#blobs = null
    this.#sendHeldClose()
    // Later, because this may resume reading, and the protocol does not discard messages yet.
    process.nextTick(() => {
      if (this.#link.protocol.state === 'closing') this.onSent()
    })
  }

  #sendHeldClose(): void {
    const payload = this.#closeBody
    this.#closeBody = null
    if (payload === null) return
    if (this.#compressed === null) this.#outbox.sendBytes(Opcode.CLOSE, payload)
    else this.#compressed.sendClose(payload)
  }

  /** Resolves when nothing is waiting, or when the connection is closed. */
  drained(): Promise<void> {
    if (this.#link.protocol.state === 'closed') return Promise.resolve()
    this.#outbox.flush()
    return this.isDrained ? Promise.resolve() : this.#pressure().drained()
  }

  cork(): void {
    this.#outbox.cork()
  }

  uncork(): void {
    this.#outbox.uncork()
  }

  flush(): void {
    this.#outbox.flush()
  }

  /** Called when the system has accepted what was written, or the codec has finished a message. */
  onSent(): void {
    if (this.#backpressure === null) this.#outbox.flush()
    else this.#backpressure.onSent()
  }

  /** Called when the outbox has passed `size` bytes to the stream. */
  onWritten(size: number): void {
    const { host, stream } = this.#link
    host.traffic.sentBytes += size
    if (stream.writableLength > 0) this.onWaiting()
  }

  /** Called when data waits for the system, the codec, a Blob or a source. */
  onWaiting(): void {
    this.#link.onWaiting()
  }

  /** Resumes reading after backpressure. */
  onUnblocked(): void {
    this.#link.account()
    this.#link.protocol.resume(PauseReason.BACKPRESSURE)
  }

  /**
   * Called when the connection is closed. Discards messages that wait for a Blob or the codec, and resolves all
   * promises of `drained`.
   */
  onClosed(): void {
    this.#blobs?.drop()
    this.#blobs = null
    this.#sendHeldClose()
    this.#compressed?.drop()
    this.#backpressure?.release()
  }

  /** Returns whether this part has no state and may be released. */
  releaseIdleMemory(): boolean {
    if (this.#backpressure?.isIdle) this.#backpressure = null
    return this.#backpressure === null && this.#compressed === null && this.#blobs === null && this.#outbox.isIdle
  }

  #pressure(): Backpressure {
    this.#backpressure ??= new Backpressure(this.#link.stream, this.#outbox, this)
    return this.#backpressure
  }
}

/** Returns `result`. Releases a source that is not sent, so that it does not stay open. */
function refuse(data: unknown, result: SendResult): SendResult {
  if (typeof data === 'object' && isSource(data)) discardSource(data)
  return result
}

/** Returns whether `data` is a Blob or a source. The types that are sent most often are checked first. */
function isAsynchronous(data: unknown): data is Blob | Source {
  if (typeof data !== 'object' || data instanceof Uint8Array || data instanceof PreparedMessage) return false
  return isBlob(data) || isSource(data)
}
