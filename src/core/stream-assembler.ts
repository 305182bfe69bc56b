import type { ProtocolError } from './errors.ts'
import type { DataFrameSink } from './frame-parser.ts'
import type { CodecSink, MessageLimits, PartialMessage } from './message-assembler.ts'
import type { InflateSink, MessageCodec, MessageInflater } from './message-codec.ts'
import { checkOrder, invalidUtf8, messageTooBig, tooManyFrames } from './message-order.ts'
import { Opcode } from './opcode.ts'
import { Utf8Validator } from './text.ts'

/** Receives messages in parts, as they arrive (RFC 6455 §5.4). */
export interface StreamSink {
  /** A message begins. */
  onStreamBegin(isText: boolean): void
  /** A part, never empty; the range is valid during the call only. A part of a text may end inside a character. */
  onStreamPart(bytes: Buffer, start: number, end: number): void
  /** The message is complete. */
  onStreamEnd(): void
  /** No more of the message is delivered: the connection is closing or closed. */
  onStreamAbort(): void
}

/** Frames of at least this size in bytes do not count towards `maxFrames`: their number follows from the size of the message. */
const COUNTED_FRAME = 1024

/**
 * Passes messages on in parts, whole frames or not, with the checks of `MessageAssembler`: order, size and frame count
 * when a header is read, text as it arrives. It stores nothing.
 */
export class StreamAssembler implements DataFrameSink, InflateSink {
  /** While true, the frame parser reads no further frame. */
  isStopped = false
  /** While true, messages are checked and then discarded: this side is closing. */
  isDiscarding = false
  readonly #sink: StreamSink
  readonly #maxFrames: number
  readonly #maxSize: number
  readonly #codec: MessageCodec | null
  readonly #codecSink: CodecSink
  readonly #utf8 = new Utf8Validator()
  /** Opcode of the message in progress, 0 between messages. */
  #opcode = 0
  /** Whether the current frame is the last of its message. */
  #fin = false
  /** Frames that count for `maxFrames`. */
  #frames = 0
  /** Bytes announced by the frames of this message so far. */
  #announced = 0
  /** Bytes of the message so far, inflated. */
  #length = 0
  #isCompressed = false
  #inflater: MessageInflater | null = null
  /** Whether the inflater works on the last piece. */
  #isLastPiece = false
  /** Whether the inflater has a piece that it has not finished. */
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

  /** Bytes of memory in use: none, but for what the codec has. */
  get memoryUsed(): number {
    return 0
  }

  /** Bytes of compressed payloads handed to the codec. */
  get compressedBytes(): number {
    return this.#compressedBytes
  }

  /** Continues a message that another assembler has begun to gather. */
  continue({ opcode, isCompressed, fin, frames, announced, bytes }: PartialMessage): void {
    this.#begin(opcode, isCompressed)
    this.#fin = fin
    this.#frames = frames
    this.#announced = announced
    this.onFramePayload(bytes, 0, bytes.length, false, false)
  }

  /**
   * Reads the header of a data frame.
   *
   * @throws {ProtocolError} 1002 when the frame is out of order, 1009 when the message gets too long, 1008 when it has too
   * many small frames.
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
   * Reads a piece of the payload of the frame announced last.
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
   * An unfragmented, uncompressed message in one piece.
   *
   * @throws {ProtocolError} 1002, 1007 or 1009 as the methods above.
   */
  onWholeMessage(opcode: number, bytes: Buffer, start: number, end: number, isAscii: boolean): void {
    this.onFrameHeader(true, false, opcode, end - start)
    this.onFramePayload(bytes, start, end, isAscii, true)
  }

  /** Pauses or continues what the inflater delivers. */
  setFlow(isFlowing: boolean): void {
    this.#isFlowing = isFlowing
    if (isFlowing) this.#inflater?.resume()
    else this.#inflater?.pause()
  }

  /** From now on messages are discarded, the one in progress too. */
  discard(): void {
    const isDelivering = this.#opcode !== 0 && !this.isDiscarding
    this.isDiscarding = true
    this.#releaseInflater()
    if (isDelivering) this.#sink.onStreamAbort()
  }

  /** Discards the message in progress: nothing follows. */
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

  /** Passes a part on; returns what is wrong with it. */
  #pass(bytes: Buffer, start: number, end: number): ProtocolError | null {
    this.#length += end - start
    if (this.#length > this.#maxSize) return this.#tooBig(this.#length)
    if (this.#opcode === Opcode.TEXT && !this.#utf8.push(bytes, start, end)) return invalidUtf8()
    if (end > start && !this.isDiscarding) this.#sink.onStreamPart(bytes, start, end)
    return null
  }

  /** The message is complete; returns what is wrong with it. */
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
