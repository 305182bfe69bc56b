import { keepMemory, takeMemory } from '../fast/buffer-pool.ts'
import { isAsciiOr } from '../fast/mask.ts'
import { CloseCode } from './close-code.ts'
import { ProtocolError } from './errors.ts'
import { Opcode } from './opcode.ts'
import { isValidUtf8, Utf8Validator } from './text.ts'

/** A whole message as a range; `bytes` belongs to the receiver when `owned`, else it is valid during the call only. */
export interface MessageSink {
  /** Text that is valid UTF-8. */
  onTextMessage(bytes: Buffer, start: number, end: number, isAscii: boolean): void
  onBinaryMessage(bytes: Buffer, start: number, end: number, owned: boolean): void
  /** The payload of a message whose first frame had RSV1 (RFC 7692 §6.2), still compressed. */
  onCompressedMessage(opcode: number, bytes: Buffer, start: number, end: number): void
}

/** What one message may cost. */
export interface MessageLimits {
  /** Bytes of one message, fragments together; more is 1009. */
  maxMessageSize: number
  /** Frames of one message, empty ones too; more is 1008. */
  maxFrames: number
}

/** The first memory of a message that came in pieces, in bytes. */
const FIRST_CAPACITY = 4096
/**
 * Memory taken for a frame, as a multiple of what has come of it. Each growth copies that and touches fresh pages, which
 * costs most where much has come; memory that no byte has reached yet is not resident there.
 */
const aheadOf = (needed: number): number => (needed < 1024 * 1024 ? 4 : 16)
/** Deflate can make incompressible data a little longer (5 bytes for each stored block): room for that on the wire. */
const compressedLimit = (maxMessageSize: number): number => maxMessageSize + (maxMessageSize >>> 8) + 64

/**
 * Puts the frames of a message together (RFC 6455 §5.4). Order, size and frame count are checked when a header is
 * read, before its payload arrives; text is checked as it arrives. A message that lies in one piece is passed on
 * uncopied, others are gathered in one buffer that grows with what has arrived, never with what was announced.
 *
 * Every piece of a message passes through `#take`: the seam for handing a long message on as it arrives.
 */
export class MessageAssembler {
  readonly #sink: MessageSink
  readonly #limits: MessageLimits
  /** Opcode of the message in progress, 0 between messages. */
  #opcode = 0
  #compressed = false
  #fin = false
  #frames = 0
  /** Bytes announced by the frames of this message so far. */
  #announced = 0
  #or = 0
  #utf8: Utf8Validator | null = null
  #gathered: Buffer | null = null
  #length = 0

  constructor(sink: MessageSink, limits: MessageLimits) {
    this.#sink = sink
    this.#limits = limits
  }

  /** Whether a message has begun and is not complete. */
  get inMessage(): boolean {
    return this.#opcode !== 0
  }

  /** Bytes of memory held for the message in progress. */
  get memoryUsed(): number {
    return this.#gathered === null ? 0 : this.#gathered.length
  }

  /** Takes the header of a data frame; throws a ProtocolError 1002, 1008 or 1009. */
  onFrameHeader(fin: boolean, rsv1: boolean, opcode: number, length: number): void {
    if (opcode === Opcode.CONTINUATION) {
      if (this.#opcode === 0) {
        throw orderViolation('ERR_WS_CONTINUATION_UNEXPECTED', 'a continuation frame without a message to continue')
      }
    } else {
      if (this.#opcode !== 0) {
        throw orderViolation(
          'ERR_WS_CONTINUATION_EXPECTED',
          'a new message inside a fragmented one; a continuation frame must follow',
        )
      }
      this.#opcode = opcode
      this.#compressed = rsv1
    }
    this.#fin = fin
    this.#announced += length
    if (this.#announced > this.#limit()) {
      throw new ProtocolError(
        CloseCode.MESSAGE_TOO_BIG,
        'ERR_WS_MESSAGE_TOO_BIG',
        `a message of at least ${this.#announced} bytes; at most ${this.#limit()} are allowed (option maxMessageSize)`,
      )
    }
    if (++this.#frames > this.#limits.maxFrames) {
      throw new ProtocolError(
        CloseCode.POLICY_VIOLATION,
        'ERR_WS_TOO_MANY_FRAMES',
        `a message in more than ${this.#limits.maxFrames} frames (option maxFrames)`,
      )
    }
  }

  /** Takes a piece of the payload of the frame announced last; throws a ProtocolError 1007. */
  onFramePayload(bytes: Buffer, start: number, end: number, or: number, last: boolean): void {
    const complete = last && this.#fin
    if (complete && this.#length === 0) this.#deliver(bytes, start, end, or, false)
    else this.#take(bytes, start, end, or, complete)
  }

  /** Gives up the message in progress and its memory. */
  reset(): void {
    this.#opcode = 0
    this.#frames = 0
    this.#announced = 0
    this.#or = 0
    this.#length = 0
    this.#gathered = null
    this.#utf8 = null
  }

  #take(bytes: Buffer, start: number, end: number, or: number, complete: boolean): void {
    if (this.#opcode === Opcode.TEXT && !this.#compressed) this.#checkText(bytes, start, end, or, complete)
    this.#or |= or
    if (end > start) this.#gather(bytes, start, end)
    if (complete) this.#deliver(this.#gathered!, 0, this.#length, this.#or, true)
  }

  #deliver(bytes: Buffer, start: number, end: number, or: number, checked: boolean): void {
    const opcode = this.#opcode
    const compressed = this.#compressed
    this.reset()
    if (compressed) return this.#sink.onCompressedMessage(opcode, bytes, start, end)
    if (opcode === Opcode.BINARY) return this.#sink.onBinaryMessage(bytes, start, end, checked)
    const isAscii = isAsciiOr(or)
    if (!isAscii && !checked && !isValidUtf8(bytes, start, end)) throw invalidUtf8()
    this.#sink.onTextMessage(bytes, start, end, isAscii)
    if (checked) keepMemory(bytes)
  }

  /** §8.1: fails at the first bad byte, before the rest of the frame or message has come. */
  #checkText(bytes: Buffer, start: number, end: number, or: number, complete: boolean): void {
    if (this.#utf8 === null) {
      if (isAsciiOr(or)) return
      this.#utf8 = new Utf8Validator()
    }
    const skipped = isAsciiOr(or) && this.#utf8.complete
    if (!skipped && !this.#utf8.push(bytes, start, end)) throw invalidUtf8()
    if (complete && !this.#utf8.complete) throw invalidUtf8()
  }

  #gather(bytes: Buffer, start: number, end: number): void {
    const needed = this.#length + end - start
    if (this.#gathered === null || needed > this.#gathered.length) this.#grow(needed)
    bytes.copy(this.#gathered!, this.#length, start, end)
    this.#length = needed
  }

  /** Doubles, but takes the announced size at once when a quarter of it is here, of a large one a sixteenth. */
  #grow(needed: number): void {
    const most = this.#fin ? this.#announced : this.#limit()
    const doubled = Math.min(Math.max(FIRST_CAPACITY, 2 * needed), most)
    // A text is looked at during the call only, everything else may be the receiver's for good. What is kept the process
    // has anyway: it may be as large as announced.
    const isText = this.#opcode === Opcode.TEXT && !this.#compressed
    const kept = isText ? takeMemory(this.#fin ? most : doubled) : null
    const grown = kept ?? Buffer.allocUnsafeSlow(this.#fin && most <= aheadOf(needed) * needed ? most : doubled)
    const before = this.#gathered
    this.#gathered = grown
    if (before === null) return
    before.copy(grown, 0, 0, this.#length)
    if (isText) keepMemory(before)
  }

  #limit(): number {
    return this.#compressed ? compressedLimit(this.#limits.maxMessageSize) : this.#limits.maxMessageSize
  }
}

function orderViolation(code: string, message: string): ProtocolError {
  return new ProtocolError(CloseCode.PROTOCOL_ERROR, code, message)
}

/** §8.1: invalid UTF-8 in a text message fails the connection with 1007. */
export function invalidUtf8(): ProtocolError {
  return new ProtocolError(CloseCode.INVALID_PAYLOAD, 'ERR_WS_INVALID_UTF8', 'invalid UTF-8 in a text message')
}
