import type { ByteEngine, WholeMessageSink } from './byte-engine.ts'
import { CloseCode } from './close-code.ts'
import { ProtocolError } from './errors.ts'
import { readMaskingKey, rotateKey } from './masking-key.ts'
import { isControl, Opcode } from './opcode.ts'
import { plainEngine } from './plain-engine.ts'

/** The role of this endpoint. A server receives masked frames; a client receives unmasked ones (RFC 6455 §5.1). */
export type Role = 'server' | 'client'

/** The callback for control frames (RFC 6455 §5.5). */
export interface ControlFrameSink {
  /** Called with a whole control frame. Its unmasked payload is `bytes[start, end)`, valid during the call only. */
  onControlFrame(opcode: number, bytes: Buffer, start: number, end: number): void
}

/**
 * The callbacks for data frames (RFC 6455 §5.6). Each may throw a ProtocolError, which `FrameParser.push` then throws.
 */
export interface DataFrameSink extends WholeMessageSink {
  /**
   * Called with a complete, valid header. `length` is the payload length in bytes. The payload may not have arrived
   * yet.
   */
  onFrameHeader(fin: boolean, rsv1: boolean, opcode: number, length: number): void
  /**
   * Called with a piece of the payload, which was unmasked in place and is valid during the call only. `isAscii` is
   * true when the whole piece is ASCII, and false when the piece was not checked. `last` is true in the last call for a
   * frame. For an empty frame, there is a single call.
   */
  onFramePayload(bytes: Buffer, start: number, end: number, isAscii: boolean, last: boolean): void
}

/** The sinks of a parser. */
export interface FrameSinks {
  control: ControlFrameSink
  data: DataFrameSink
}

/** The options of a parser. */
export interface ParserOptions {
  role: Role
  /** Whether a negotiated extension defines RSV1. Default false. */
  rsv1Allowed?: boolean | undefined
  /**
   * Whether payload lengths may be encoded in more bytes than necessary, in violation of RFC 6455 §5.2. Default false.
   */
  lenientLengths?: boolean | undefined
  /** Unmasks payloads. Default: `plainEngine`. */
  engine?: ByteEngine | undefined
}

/** Size in bytes of the longest header: 2, 8 for the payload length and 4 for the masking key (RFC 6455 §5.2). */
const LONGEST_HEADER = 14
/** Size in bytes of the longest payload of a control frame (RFC 6455 §5.5). */
const LONGEST_CONTROL_PAYLOAD = 125
/** True at each opcode that RFC 6455 §5.2 defines. */
const isDefined: readonly boolean[] = Array.from({ length: 16 }, (_, opcode) =>
  (Object.values(Opcode) as number[]).includes(opcode),
)

/**
 * Splits a byte stream into frames and checks everything about a header that does not depend on other frames (RFC 6455
 * §5.2). Payloads are unmasked in place, so the caller must own the bytes.
 */
export class FrameParser {
  readonly #control: ControlFrameSink
  #data: DataFrameSink
  readonly #engine: ByteEngine
  /** Whether frames must be masked. */
  readonly #masked: boolean
  readonly #rsv1Allowed: boolean
  readonly #lenientLengths: boolean
  /** The beginning of a header that is split between two chunks. */
  #spill: Buffer | null = null
  #spilled = 0
  /** The payload of a control frame that arrives in pieces. */
  #body: Buffer | null = null
  #bodyLength = 0
  #inPayload = false
  #remaining = 0
  #fin = false
  #rsv1 = false
  #opcode = 0
  #key = 0
  #frameCount = 0

  constructor({ control, data }: FrameSinks, options: ParserOptions) {
    const { role, rsv1Allowed = false, lenientLengths = false, engine = plainEngine } = options
    this.#control = control
    this.#data = data
    this.#engine = engine
    this.#masked = role === 'server'
    this.#rsv1Allowed = rsv1Allowed
    this.#lenientLengths = lenientLengths
  }

  /** Whether the input so far ends at the end of a frame. */
  get atBoundary(): boolean {
    return !this.#inPayload && this.#spilled === 0
  }

  /** Whether the input so far ends inside a header. */
  get inHeader(): boolean {
    return this.#spilled > 0
  }

  /** Number of headers read, not counting those of messages that the engine has read whole. */
  get frameCount(): number {
    return this.#frameCount
  }

  /** Delivers data frames to another sink from now on. `isStopped` of the previous sink must be true. */
  deliverTo(data: DataFrameSink): void {
    this.#data = data
  }

  /**
   * Parses `bytes[start, end)`. Returns where it stopped: `end`, or earlier when the data sink's `isStopped` is true.
   *
   * @throws {ProtocolError} 1002 when a header is invalid, 1009 when a payload length exceeds 2^53 - 1, or what a sink
   *   throws.
   */
  push(bytes: Buffer, start: number, end: number): number {
    let at = start
    while (at < end) {
      if (!this.#inPayload) {
        if (this.#masked && this.#spilled === 0) {
          at = this.#engine.readMessages(bytes, at, end, this.#data)
          if (at === end || this.#data.isStopped) return at
        }
        at = this.#spilled > 0 ? this.#completeHeader(bytes, at, end) : this.#beginHeader(bytes, at, end)
        if (!this.#inPayload) return at
        if (!isControl(this.#opcode)) this.#data.onFrameHeader(this.#fin, this.#rsv1, this.#opcode, this.#remaining)
      }
      at = this.#readPayload(bytes, at, end)
      if (this.#data.isStopped && !this.#inPayload) return at
    }
    return at
  }

  #readPayload(bytes: Buffer, start: number, end: number): number {
    const last = this.#remaining <= end - start
    const stop = last ? start + this.#remaining : end
    const isAscii = this.#masked && this.#engine.mask(bytes, start, stop, this.#key)
    if (last) {
      this.#inPayload = false
    } else {
      this.#remaining -= stop - start
      this.#key = rotateKey(this.#key, stop - start)
    }
    if (isControl(this.#opcode)) this.#readControl(bytes, start, stop, last)
    else this.#data.onFramePayload(bytes, start, stop, isAscii, last)
    return stop
  }

  #readControl(bytes: Buffer, start: number, end: number, last: boolean): void {
    if (last && this.#bodyLength === 0) return this.#control.onControlFrame(this.#opcode, bytes, start, end)
    this.#body ??= Buffer.allocUnsafeSlow(LONGEST_CONTROL_PAYLOAD)
    const length = this.#bodyLength + bytes.copy(this.#body, this.#bodyLength, start, end)
    this.#bodyLength = last ? 0 : length
    if (last) this.#control.onControlFrame(this.#opcode, this.#body, 0, length)
  }

  #beginHeader(bytes: Buffer, start: number, end: number): number {
    const size = this.#readHeader(bytes, start, end - start)
    if (size > 0) return start + size
    this.#spill ??= Buffer.allocUnsafeSlow(LONGEST_HEADER)
    this.#spilled = bytes.copy(this.#spill, 0, start, end)
    return end
  }

  #completeHeader(bytes: Buffer, start: number, end: number): number {
    const spill = this.#spill!
    for (let at = start; at < end; at++) {
      spill[this.#spilled++] = bytes[at]
      if (this.#readHeader(spill, 0, this.#spilled) > 0) {
        this.#spilled = 0
        return at + 1
      }
    }
    return end
  }

  /**
   * Returns the size of the header at `at`, or 0 when it is incomplete. Throws a violation as soon as the byte that
   * reveals it has arrived.
   */
  #readHeader(bytes: Buffer, at: number, available: number): number {
    const first = bytes[at]
    const opcode = first & 0x0f
    if ((first & 0x70) !== 0) this.#checkReservedBits(first)
    if (!isDefined[opcode]) throw reservedOpcode(opcode)
    if (available < 2) return 0
    const second = bytes[at + 1]
    if (second >= 0x80 !== this.#masked) throw wrongMasking(this.#masked)
    let length = second & 0x7f
    if (isControl(opcode)) checkControl(first, length)
    let size = 2
    if (length === 126) {
      if (available < 4) return 0
      length = (bytes[at + 2] << 8) | bytes[at + 3]
      if (length < 126 && !this.#lenientLengths) throw notMinimal(length, 16)
      size = 4
    } else if (length === 127) {
      length = readLength64(bytes, at + 2, available - 2)
      if (length < 0) return 0
      if (length < 0x1_0000 && !this.#lenientLengths) throw notMinimal(length, 64)
      size = 10
    }
    if (this.#masked) {
      if (available < size + 4) return 0
      this.#key = readMaskingKey(bytes, at + size)
      size += 4
    }
    this.#fin = first >= 0x80
    this.#rsv1 = (first & 0x40) !== 0
    this.#opcode = opcode
    this.#remaining = length
    this.#inPayload = true
    this.#frameCount++
    return size
  }

  /** §5.2: a reserved bit MUST be 0 unless a negotiated extension defines it, as RFC 7692 §6 defines RSV1. */
  #checkReservedBits(first: number): void {
    const opcode = first & 0x0f
    if ((first & 0x30) === 0 && this.#rsv1Allowed && (opcode === Opcode.TEXT || opcode === Opcode.BINARY)) return
    const found = [first & 0x40 ? 'RSV1' : '', first & 0x20 ? 'RSV2' : '', first & 0x10 ? 'RSV3' : '']
    const allowed = this.#rsv1Allowed ? 'RSV1 on the first frame of a message' : 'none'
    throw violation('ERR_WS_RESERVED_BIT', `reserved bit set: ${found.filter(Boolean).join(', ')}; allowed: ${allowed}`)
  }
}

/** §5.2: the length has 64 bits, of which the most significant MUST be 0. Returns -1 when it is incomplete. */
function readLength64(bytes: Buffer, at: number, available: number): number {
  if (available > 0 && bytes[at] > 0x7f) {
    throw violation('ERR_WS_LENGTH_INVALID', 'most significant bit of a 64-bit payload length is 1; allowed: 0')
  }
  if (available < 8) return -1
  const high = bytes.readUInt32BE(at)
  const length = high * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
  if (high > 0x1f_ffff) {
    throw new ProtocolError(
      CloseCode.MESSAGE_TOO_BIG,
      'ERR_WS_MESSAGE_TOO_BIG',
      `payload length is ${length} bytes; allowed: at most 2^53 - 1`,
    )
  }
  return length
}

/** §5.5: control frames MUST have a payload of at most 125 bytes and MUST NOT be fragmented. */
function checkControl(first: number, length: number): void {
  if (first < 0x80) throw violation('ERR_WS_CONTROL_FRAGMENTED', 'control frame is fragmented; allowed: FIN set')
  if (length > 125) {
    throw violation(
      'ERR_WS_CONTROL_TOO_LONG',
      'control frame has an extended payload length; allowed: at most 125 bytes',
      length,
    )
  }
}

function reservedOpcode(opcode: number): ProtocolError {
  return violation(
    'ERR_WS_RESERVED_OPCODE',
    `reserved opcode 0x${opcode.toString(16)}; allowed: 0x0 to 0x2 and 0x8 to 0xa`,
    opcode,
  )
}

/** §5.1: a client MUST mask all frames; a server MUST NOT mask any. */
function wrongMasking(masked: boolean): ProtocolError {
  return masked
    ? violation('ERR_WS_MASK_REQUIRED', 'frame from a client is not masked; allowed: masked frames')
    : violation('ERR_WS_MASK_FORBIDDEN', 'frame from a server is masked; allowed: unmasked frames')
}

/** §5.2: the length MUST be encoded in the minimal number of bytes. */
function notMinimal(length: number, bits: number): ProtocolError {
  return violation(
    'ERR_WS_LENGTH_NOT_MINIMAL',
    `payload length ${length} is encoded in ${bits} bits; allowed: the shortest form`,
  )
}

function violation(code: string, message: string, detail: number | null = null): ProtocolError {
  return new ProtocolError(CloseCode.PROTOCOL_ERROR, code, message, detail)
}
