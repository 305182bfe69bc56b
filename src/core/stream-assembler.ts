import type { ProtocolError } from './errors.ts'
import type { DataFrameSink } from './frame-parser.ts'
import type { CodecSink, MessageLimits, MessageSink, PartialMessage } from './message-assembler.ts'
import type { InflateSink, MessageCodec, MessageInflater } from './message-codec.ts'
import { checkOrder, invalidUtf8, messageTooBig, tooManyFrames } from './message-order.ts'
import { Opcode } from './opcode.ts'
import { Utf8Validator } from './text.ts'

/** The callbacks for messages that are delivered in parts (RFC 6455 §5.4). */
export interface StreamSink {
  /** Called when a message begins. */
  onStreamBegin(isText: boolean): void
  /**
   * Called with a part, `bytes[start, end)`, never empty and valid during the call only. A part of a text message may
   * end inside a character.
   */
  onStreamPart(bytes: Buffer, start: number, end: number): void
  /** Called when the message is complete. */
  onStreamEnd(): void
  /** Called when the rest of the message is not delivered, because the connection is closing or closed. */
  onStreamAbort(): void
}

/**
 * Frames of at least this size in bytes do not count toward `maxFrames`, because the message size limits their number.
 */
const COUNTED_FRAME = 1024

/**
 * Delivers messages in parts, which need not be whole frames. Like `MessageAssembler`, it checks order, size and frame
 * count with each header, and text piece by piece. It stores nothing.
 */
export class StreamAssembler implements DataFrameSink, InflateSink, MessageSink {
  /** While true, the frame parser reads no further frame. */
  isStopped = false
  /** While true, messages are checked and then discarded, because this side is closing. */
  isDiscarding = false
  readonly #sink: StreamSink
  readonly #maxFrames: number
  readonly #maxSize: number
  readonly #codec: MessageCodec | null
  readonly #codecSink: CodecSink
  readonly #utf8 = new Utf8Validator()
  /** Opcode of the message in progress; 0 between messages. */
  #opcode = 0
  /** Whether the current frame is the last of its message. */
  #fin = false
  /** Number of frames that count toward `maxFrames`. */
  #frames = 0
  /** Sum of the payload lengths of the frames of this message so far. */
  #announced = 0
  /** Decompressed size in bytes of the message so far. */
  #length = 0
  #isCompressed = false
  #inflater: MessageInflater | null = null
  /** Whether the inflater is working on the last piece of the message. */
  #isLastPiece = false
  /** Whether the inflater is working on a piece. */
  #isInflating = false
  #isFlowing = true
  #compressedBytes = 0

  constructor(sink: StreamSink, limits: MessageLimits, codec: MessageCodec | null, codecSink: CodecSink) {
    this.#sink = sink
    this.#maxFrames = limits.maxFrames
    this.#maxSize = limits.maxStreamSize ?? Number.POSITIVE_INFINITY
    this.#codec = codec
    this.#codecSink = codecSink
  }

  /** Whether a message has begun and is not complete. */
  get inMessage(): boolean {
    return this.#opcode !== 0
  }

  /** Memory in use, in bytes. The assembler itself uses none; the codec counts its own. */
  get memoryUsed(): number {
    return 0
  }

  /** Number of bytes of compressed payloads passed to the codec. */
  get compressedBytes(): number {
    return this.#compressedBytes
  }

  /** Continues a message whose beginning another assembler has collected. */
  continue({ opcode, isCompressed, fin, frames, announced, bytes }: PartialMessage): void {
    this.#begin(opcode, isCompressed)
    this.#fin = fin
    this.#frames = frames
    this.#announced = announced
    this.onFramePayload(bytes, 0, bytes.length, false, false)
  }

  /** Called with a message that another assembler had passed to the codec. */
  onTextMessage(bytes: Buffer, start: number, end: number): void {
    this.#deliverWhole(Opcode.TEXT, bytes, start, end)
  }

  /** Called with a message that another assembler had passed to the codec. */
  onBinaryMessage(bytes: Buffer, start: number, end: number): void {
    this.#deliverWhole(Opcode.BINARY, bytes, start, end)
  }

  /**
   * Reads the header of a data frame.
   *
   * @throws {ProtocolError} 1002 when the frame is out of order, 1009 when the message is too long, 1008 when it has
   *   too many small frames.
   */
  onFrameHeader(fin: boolean, rsv1: boolean, opcode: number, length: number): void {
    checkOrder(opcode, this.#opcode)
    if (opcode !== Opcode.CONTINUATION) this.#begin(opcode, rsv1)
    this.#fin = fin
    this.#announced += length
    const size = this.#announced
    if (size > this.#maxSize + (this.#isCompressed ? this.#maxSize / 256 + 64 : 0)) throw this.#tooBig(size)
    if (length < COUNTED_FRAME && ++this.#frames > this.#maxFrames) throw tooManyFrames(this.#maxFrames)
  }

  /**
   * Reads a piece of the payload of the frame whose header was read last.
   *
   * @throws {ProtocolError} 1007 when a text message is not valid UTF-8.
   */
  onFramePayload(bytes: Buffer, start: number, end: number, _isAscii: boolean, last: boolean): void {
    const isComplete = last && this.#fin
    if (this.#isCompressed) return this.#inflate(bytes.subarray(start, end), isComplete)
    const violation = this.#pass(bytes, start, end) ?? (isComplete ? this.#end() : null)
    if (violation !== null) throw violation
  }

  /**
   * Reads an unfragmented, uncompressed message in one piece.
   *
   * @throws {ProtocolError} 1002, 1007 or 1009 when `onFrameHeader` or `onFramePayload` would throw it.
   */
  onWholeMessage(opcode: number, bytes: Buffer, start: number, end: number, isAscii: boolean): void {
    this.onFrameHeader(true, false, opcode, end - start)
    this.onFramePayload(bytes, start, end, isAscii, true)
  }

  /** Pauses or resumes the output of the inflater. */
  setFlow(isFlowing: boolean): void {
    this.#isFlowing = isFlowing
    if (isFlowing) this.#inflater?.resume()
    else this.#inflater?.pause()
  }

  /** Discards messages from now on, including the message in progress. */
  discard(): void {
    const isDelivering = this.#opcode !== 0 && !this.isDiscarding
    this.isDiscarding = true
    this.#releaseInflater()
    if (isDelivering) this.#sink.onStreamAbort()
  }

  /** Discards the message in progress. The sink is not called for it anymore. */
  reset(): void {
    this.discard()
    this.#opcode = 0
  }

  onInflated(bytes: Buffer): void {
    const violation = this.#pass(bytes, 0, bytes.length)
    if (violation !== null) this.onInflateError(violation)
  }

  onInflatedPiece(): void {
    this.#isInflating = false
    this.#codecSink.onCodecDone(this.#isLastPiece ? this.#end() : null)
  }

  onInflateError(error: ProtocolError): void {
    this.#isInflating = false
    this.#codecSink.onCodecDone(error)
  }

  #begin(opcode: number, isCompressed: boolean): void {
    this.#opcode = opcode
    this.#isCompressed = isCompressed
    this.#frames = 0
    this.#announced = 0
    this.#length = 0
    this.#utf8.reset()
    if (this.isDiscarding) return
    if (isCompressed) {
      this.#inflater = this.#codec!.inflateStream!(this)
      if (!this.#isFlowing) this.#inflater.pause()
    }
    this.#sink.onStreamBegin(opcode === Opcode.TEXT)
  }

  #deliverWhole(opcode: number, bytes: Buffer, start: number, end: number): void {
    this.#begin(opcode, false)
    const violation = this.#pass(bytes, start, end) ?? this.#end()
    // The codec could not catch it.
    if (violation !== null) this.#codecSink.onCodecDone(violation)
  }

  #inflate(piece: Buffer, isComplete: boolean): void {
    if (this.#inflater === null) {
      if (isComplete) this.#opcode = 0
      return
    }
    if (piece.length === 0 && !isComplete) return
    this.#compressedBytes += piece.length
    this.#isLastPiece = isComplete
    this.#isInflating = true
    this.#inflater.push(piece, isComplete)
    if (this.#isInflating) this.#codecSink.onCodecBusy()
  }

  /** Delivers a part. Returns the violation when the part is invalid, otherwise null. */
  #pass(bytes: Buffer, start: number, end: number): ProtocolError | null {
    this.#length += end - start
    if (this.#length > this.#maxSize) return this.#tooBig(this.#length)
    if (this.#opcode === Opcode.TEXT && !this.#utf8.push(bytes, start, end)) return invalidUtf8()
    if (end > start && !this.isDiscarding) this.#sink.onStreamPart(bytes, start, end)
    return null
  }

  /** Ends the message. Returns the violation when the message is invalid, otherwise null. */
  #end(): ProtocolError | null {
    if (this.#opcode === Opcode.TEXT && !this.#utf8.complete) return invalidUtf8()
    this.#opcode = 0
    this.#releaseInflater()
    if (!this.isDiscarding) this.#sink.onStreamEnd()
    return null
  }

  #releaseInflater(): void {
    this.#inflater?.release()
    this.#inflater = null
    if (!this.#isInflating) return
    this.#isInflating = false
    this.#codecSink.onCodecDone(null)
  }

  #tooBig(size: number): ProtocolError {
    return messageTooBig(size, this.#maxSize, 'maxStreamSize')
  }
}
