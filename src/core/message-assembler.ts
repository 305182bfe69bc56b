import { isAscii } from 'node:buffer'
import type { ByteEngine, WholeMessageSink } from './byte-engine.ts'
import { EMPTY } from './empty.ts'
import type { ProtocolError } from './errors.ts'
import type { DataFrameSink } from './frame-parser.ts'
import type { MessageCodec } from './message-codec.ts'
import { checkOrder, invalidUtf8, messageTooBig, tooManyFrames } from './message-order.ts'
import { Opcode } from './opcode.ts'
import { plainEngine } from './plain-engine.ts'
import { isValidUtf8, Utf8Validator } from './text.ts'

/** The callbacks for whole messages (RFC 6455 §5.4). `isAscii` is true only when all bytes are ASCII. */
export interface MessageSink {
  /** Called with a text message, which is valid UTF-8. `bytes[start, end)` is valid during the call only. */
  onTextMessage(bytes: Buffer, start: number, end: number, isAscii: boolean): void
  /**
   * Called with a binary message, `bytes[start, end)`. When `bytes` is the Buffer that the transport passed in, the
   * range is valid during the call only. Otherwise, the sink may keep and change it. See `Protocol.isParsing`.
   */
  onBinaryMessage(bytes: Buffer, start: number, end: number): void
}

/** The callbacks for the progress of a codec. When it finishes synchronously, only `onCodecDone` is called. */
export interface CodecSink {
  /** Called when the codec needs more time. No further frame may be read until `onCodecDone`. */
  onCodecBusy(): void
  /** Called when the message was delivered, or could not be delivered because of `violation`. */
  onCodecDone(violation: ProtocolError | null): void
}

/** The limits of one message. */
export interface MessageLimits {
  /** Maximum size in bytes of a message with all fragments; above it, Close 1009. Default of a connection: 1 MiB. */
  maxMessageSize: number
  /**
   * Maximum number of frames in a message, including empty ones; above it, Close 1008. In a streamed message, only
   * frames of less than 1 KiB count. Default of a connection: 131,072.
   */
  maxFrames: number
  /** Maximum size in bytes of a streamed message; above it, Close 1009. Default `Infinity`. */
  maxStreamSize?: number | undefined
}

/** A message in progress, with the payload received so far. */
export interface PartialMessage {
  readonly opcode: number
  readonly isCompressed: boolean
  /** Whether the current frame is the last one. */
  readonly fin: boolean
  /** Number of frames begun, and the sum of their payload lengths. */
  readonly frames: number
  readonly announced: number
  readonly bytes: Buffer
}

/** The options of an assembler. */
export interface AssemblerOptions {
  limits: MessageLimits
  /** Decompresses messages with RSV1; null without permessage-deflate. Default null. */
  codec?: MessageCodec | null | undefined
  /** Called when the codec needs more time for a message, and when it is done. Required with a codec. */
  codecSink?: CodecSink | null | undefined
  /** Stores and provides buffers for messages in several pieces. Default: `plainEngine`. */
  engine?: ByteEngine | undefined
}

/**
 * Returns the maximum size in bytes of a compressed payload. Deflate can make incompressible data slightly longer, by 5
 * bytes for each stored block (RFC 1951 §3.2.4).
 */
export function compressedLimit(maxMessageSize: number): number {
  return maxMessageSize + (maxMessageSize >>> 8) + 64
}

/**
 * Joins the frames of a message (RFC 6455 §5.4). Order, size and frame count are checked with each header, before the
 * payload arrives. Text is checked piece by piece. A message in one piece is delivered without a copy. Other messages
 * are collected in a buffer that grows with the bytes received, not with the length announced.
 */
export class MessageAssembler implements DataFrameSink, WholeMessageSink {
  /** While true, the frame parser reads no further frame. */
  isStopped = false
  /** While true, messages are discarded, because this side is closing. Uncompressed ones are checked first. */
  isDiscarding = false
  #sink: MessageSink
  readonly #limits: MessageLimits
  readonly #codec: MessageCodec | null
  readonly #codecSink: CodecSink | null
  readonly #engine: ByteEngine
  /** Opcode of the message in progress; 0 between messages. */
  #opcode = 0
  #isCompressed = false
  /** Whether the current frame is the last of its message. */
  #fin = false
  #frames = 0
  /** Sum of the payload lengths of the frames of this message so far. */
  #announced = 0
  #isAscii = true
  #utf8: Utf8Validator | null = null
  #gathered: Buffer | null = null
  #length = 0
  #compressedBytes = 0

  constructor(sink: MessageSink, { limits, codec = null, codecSink = null, engine = plainEngine }: AssemblerOptions) {
    this.#sink = sink
    this.#limits = limits
    this.#codec = codec
    this.#codecSink = codecSink
    this.#engine = engine
  }

  /** Whether a message has begun and is not complete. */
  get inMessage(): boolean {
    return this.#opcode !== 0
  }

  /** Memory in use for the message in progress, in bytes. */
  get memoryUsed(): number {
    return this.#gathered === null ? 0 : this.#gathered.length
  }

  /** Number of bytes of compressed payloads passed to the codec. Each payload counts as at least 512 bytes. */
  get compressedBytes(): number {
    return this.#compressedBytes
  }

  /**
   * Reads the header of a data frame.
   *
   * @throws {ProtocolError} 1002 when the frame is out of order, 1009 when the message is too long, 1008 when it has
   *   too many frames.
   */
  onFrameHeader(fin: boolean, rsv1: boolean, opcode: number, length: number): void {
    checkOrder(opcode, this.#opcode)
    if (opcode !== Opcode.CONTINUATION) {
      this.#opcode = opcode
      this.#isCompressed = rsv1
    }
    this.#fin = fin
    this.#announced += length
    if (this.#announced > this.#limit()) throw messageTooBig(this.#announced, this.#limit(), 'maxMessageSize')
    if (++this.#frames > this.#limits.maxFrames) throw tooManyFrames(this.#limits.maxFrames)
  }

  /**
   * Reads a piece of the payload of the frame whose header was read last.
   *
   * @throws {ProtocolError} 1007 when a text message is not valid UTF-8.
   */
  onFramePayload(bytes: Buffer, start: number, end: number, isAscii: boolean, last: boolean): void {
    const isComplete = last && this.#fin
    if (isComplete && this.#length === 0) return this.#finish(bytes, start, end, isAscii, false)
    if (this.#opcode === Opcode.TEXT && !this.#isCompressed) this.#checkText(bytes, start, end, isAscii, isComplete)
    this.#isAscii &&= isAscii
    if (end > start) this.#gather(bytes, start, end)
    if (isComplete) this.#finish(this.#gathered!, 0, this.#length, this.#isAscii, true)
  }

  /**
   * Reads an unfragmented, uncompressed message in one piece.
   *
   * @throws {ProtocolError} 1002, 1007 or 1009 when `onFrameHeader` or `onFramePayload` would throw it.
   */
  onWholeMessage(opcode: number, bytes: Buffer, start: number, end: number, isAscii: boolean): void {
    const isLegal = this.#opcode === 0 && end - start <= this.#limits.maxMessageSize
    if (isLegal) this.#checkAndDeliver(opcode, bytes, start, end, isAscii)
    // Throws the violation.
    else this.onFrameHeader(true, false, opcode, end - start)
  }

  /** Stops for good. Returns the message in progress, or null. A message in the codec will be delivered to `sink`. */
  handOver(sink: MessageSink): PartialMessage | null {
    this.isStopped = true
    this.#sink = sink
    if (this.#opcode === 0) return null
    return {
      opcode: this.#opcode,
      isCompressed: this.#isCompressed,
      fin: this.#fin,
      frames: this.#frames,
      announced: this.#announced,
      bytes: this.#gathered?.subarray(0, this.#length) ?? EMPTY,
    }
  }

  /** Discards the message in progress and releases its memory. */
  reset(): void {
    this.#opcode = 0
    this.#frames = 0
    this.#announced = 0
    this.#isAscii = true
    this.#length = 0
    this.#gathered = null
    this.#utf8 = null
  }

  #finish(bytes: Buffer, start: number, end: number, isAscii: boolean, isGathered: boolean): void {
    const opcode = this.#opcode
    const isCompressed = this.#isCompressed
    this.reset()
    if (isCompressed) {
      if (this.isDiscarding) return
      // While it waits in the codec, a payload should not keep a buffer of more than twice its size alive.
      const isOwned = isGathered && bytes.length <= 2 * (end - start)
      return this.#inflate(opcode, bytes.subarray(start, end), isOwned)
    }
    // Collected text was already checked piece by piece.
    if (isGathered) this.#deliver(opcode, bytes, start, end, isAscii)
    else this.#checkAndDeliver(opcode, bytes, start, end, isAscii)
    if (isGathered && opcode === Opcode.TEXT) this.#engine.keepBuffer(bytes)
  }

  /** §8.1: a text message must be valid UTF-8. */
  #checkAndDeliver(opcode: number, bytes: Buffer, start: number, end: number, isAscii: boolean): void {
    if (opcode === Opcode.TEXT && !isAscii && !isValidUtf8(bytes, start, end)) throw invalidUtf8()
    this.#deliver(opcode, bytes, start, end, isAscii)
  }

  #deliver(opcode: number, bytes: Buffer, start: number, end: number, isAscii: boolean): void {
    if (this.isDiscarding) return
    if (opcode === Opcode.TEXT) this.#sink.onTextMessage(bytes, start, end, isAscii)
    else this.#sink.onBinaryMessage(bytes, start, end)
  }

  /** RFC 7692 §6.2. No further frame is read until the codec is done, so that messages stay in order. */
  #inflate(opcode: number, payload: Buffer, isOwned: boolean): void {
    this.#compressedBytes += Math.max(payload.length, LEAST_COMPRESSED)
    let isDone = false
    const done = (violation: ProtocolError | null, message: Uint8Array): void => {
      isDone = true
      this.#codecSink!.onCodecDone(violation ?? this.#deliverInflated(opcode, message))
    }
    this.#codec!.decompress(payload, this.#limits.maxMessageSize, done, isOwned)
    if (!isDone) this.#codecSink!.onCodecBusy()
  }

  /** Delivers a decompressed message. Returns the violation, because an asynchronous codec could not catch it. */
  #deliverInflated(opcode: number, message: Uint8Array): ProtocolError | null {
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
    const isPlain = opcode === Opcode.TEXT && isAscii(bytes)
    if (opcode === Opcode.TEXT && !isPlain && !isValidUtf8(bytes, 0, bytes.length)) return invalidUtf8()
    this.#deliver(opcode, bytes, 0, bytes.length, isPlain)
    return null
  }

  /** §8.1: fails at the first invalid byte, before the rest of the frame or message has arrived. */
  #checkText(bytes: Buffer, start: number, end: number, isAscii: boolean, isComplete: boolean): void {
    if (this.#utf8 === null) {
      if (isAscii) return
      this.#utf8 = new Utf8Validator()
    }
    const isSkipped = isAscii && this.#utf8.complete
    if (!isSkipped && !this.#utf8.push(bytes, start, end)) throw invalidUtf8()
    if (isComplete && !this.#utf8.complete) throw invalidUtf8()
  }

  #gather(bytes: Buffer, start: number, end: number): void {
    const needed = this.#length + end - start
    if (this.#gathered === null || needed > this.#gathered.length) this.#grow(needed)
    bytes.copy(this.#gathered!, this.#length, start, end)
    this.#length = needed
  }

  /** Enlarges the buffer. Only a text's buffer may be reused, because other messages belong to the receiver. */
  #grow(needed: number): void {
    const isText = this.#opcode === Opcode.TEXT && !this.#isCompressed
    const frameEnd = this.#fin ? this.#announced : null
    const capacity = capacityFor(needed, frameEnd, this.#limit())
    const reused = isText ? this.#engine.takeBuffer(frameEnd ?? capacity) : null
    const before = this.#gathered
    this.#gathered = reused ?? Buffer.allocUnsafeSlow(capacity)
    if (before === null) return
    before.copy(this.#gathered, 0, 0, this.#length)
    if (isText) this.#engine.keepBuffer(before)
  }

  #limit(): number {
    return this.#isCompressed ? compressedLimit(this.#limits.maxMessageSize) : this.#limits.maxMessageSize
  }
}

/** A shorter payload counts as this many bytes, because preparing to decompress it costs as much. */
const LEAST_COMPRESSED = 512

/** The size in bytes of the buffer for a message in pieces is rounded up to a multiple of this. */
const FIRST_CAPACITY = 4096

/**
 * Returns the buffer size in bytes for a message of which `needed` bytes have arrived: four times `needed`, but at most
 * `announced`. From 1 MiB on, it is `announced` if a sixteenth of that has arrived, otherwise twice `needed`. Growing
 * copies the message and touches new pages, which is slow for long messages. Pages that were never written use no
 * memory. Without rounding, the next piece would not fit: the header makes the first one shorter.
 *
 * @param announced The size of the whole message; null while more frames may follow, which also means twice `needed`.
 */
function capacityFor(needed: number, announced: number | null, limit: number): number {
  const isFar = announced === null || (needed >= 1024 * 1024 && announced > 16 * needed)
  const ahead = isFar ? 2 : needed < 1024 * 1024 ? 4 : 16
  return Math.min(Math.ceil((ahead * needed) / FIRST_CAPACITY) * FIRST_CAPACITY, announced ?? limit)
}
