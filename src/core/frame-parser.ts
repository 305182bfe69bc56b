import { applyMask, readMaskingKey, rotateKey } from '../fast/mask.ts'
import { endOf, messageRun, payloadOf, SHORT_HEADER } from '../fast/message-run.ts'
import { CloseCode } from './close-code.ts'
import { ProtocolError } from './errors.ts'
import { isControl, Opcode } from './opcode.ts'

/** Which end of the connection this is: a server receives masked frames, a client unmasked ones (RFC 6455 §5.1). */
export type Role = 'server' | 'client'

/** What a parser calls; either method may throw a ProtocolError, which passes through `push`. */
export interface FrameSink {
  /** A whole, legal header; the payload may not have arrived yet. */
  onFrameHeader(fin: boolean, rsv1: boolean, opcode: number, length: number): void
  /**
   * A piece of the payload, unmasked in place and valid during the call only. `or` is the OR of its bytes over a
   * word, or -1 when unknown. A frame ends with one call where `last` is true, an empty frame with that one alone.
   */
  onFramePayload(bytes: Buffer, start: number, end: number, or: number, last: boolean): void
  /**
   * Instead of the two above, for an unfragmented message without RSV1 that lies in the bytes as a whole. Up to
   * `runEnd` more such messages may lie, unmasked too: who copies one may copy all.
   */
  onWholeMessage(opcode: number, bytes: Buffer, start: number, end: number, or: number, runEnd: number): void
}

/** 2 bytes, 8 of extended length, 4 of masking key. */
const LONGEST_HEADER = 14
/** Set in the table where RFC 6455 §5.2 defines an opcode. */
const isDefined: readonly boolean[] = Array.from({ length: 16 }, (_, opcode) =>
  (Object.values(Opcode) as number[]).includes(opcode),
)

/**
 * Cuts a byte stream into frames and checks everything about a header that does not depend on other frames
 * (RFC 6455 §5.2). Payloads are unmasked in place: the bytes handed in must be the caller's own.
 */
export class FrameParser {
  readonly #sink: FrameSink
  readonly #masked: boolean
  /** Whether an extension that gives RSV1 a meaning was negotiated. */
  readonly #rsv1Allowed: boolean
  /** The first bytes of a header that the end of a chunk cut. */
  #spill: Buffer | null = null
  #spilled = 0
  #inPayload = false
  #remaining = 0
  #fin = false
  #rsv1 = false
  #opcode = 0
  #key = 0
  /** Makes `push` return before the next frame; set by the sink, cleared by whoever calls `push` again. */
  stopped = false
  /** Headers read so far. */
  frameCount = 0

  constructor(sink: FrameSink, role: Role, rsv1Allowed = false) {
    this.#sink = sink
    this.#masked = role === 'server'
    this.#rsv1Allowed = rsv1Allowed
  }

  /** Whether the stream stands between two frames. */
  get atBoundary(): boolean {
    return !this.#inPayload && this.#spilled === 0
  }

  /** Whether a header has begun and is not complete. */
  get inHeader(): boolean {
    return this.#spilled > 0
  }

  /** Parses `bytes[start, end)`; returns where it stopped: `end`, or earlier when `stopped` was set. */
  push(bytes: Buffer, start: number, end: number): number {
    let at = start
    while (at < end) {
      if (!this.#inPayload) {
        if (this.#masked && this.#spilled === 0) {
          at = this.#passWholeMessages(bytes, at, end)
          if (at === end || this.stopped) return at
        }
        at = this.#spilled > 0 ? this.#completeHeader(bytes, at, end) : this.#beginHeader(bytes, at, end)
        if (!this.#inPayload) return at
        this.#sink.onFrameHeader(this.#fin, this.#rsv1, this.#opcode, this.#remaining)
      }
      at = this.#passPayload(bytes, at, end)
      if (this.stopped && !this.#inPayload) return at
    }
    return at
  }

  /**
   * The express lane of a server: masked, unfragmented messages below 64 KiB that are all here, the most common case
   * by far, without the state that other frames need. Stops before everything else. 1.5 times faster in bursts, and
   * again as much where the whole run is unmasked at once.
   */
  #passWholeMessages(bytes: Buffer, start: number, end: number): number {
    return bytes === messageRun.window ? this.#passRun(start, end) : this.#passOneByOne(bytes, start, end)
  }

  #passOneByOne(bytes: Buffer, start: number, end: number): number {
    let at = start
    while (at + SHORT_HEADER <= end && !this.stopped) {
      const payload = payloadOf(bytes, at)
      if (payload === 0) break
      const stop = endOf(bytes, at, payload)
      if (stop > end) break
      const opcode = bytes[at] & 0x0f
      this.frameCount++
      at = stop
      const or = applyMask(bytes, payload, stop, readMaskingKey(bytes, payload - 4))
      this.#sink.onWholeMessage(opcode, bytes, payload, stop, or, stop)
    }
    return at
  }

  /** The same for frames that were checked and unmasked as a run; what a stop leaves may be unmasked again. */
  #passRun(start: number, end: number): number {
    const { window, flags } = messageRun
    const runEnd = messageRun.unmaskRun(start, end)
    let at = start
    for (let frame = 0; at < runEnd && !this.stopped; frame++) {
      const opcode = window[at] & 0x0f
      const payload = payloadOf(window, at)
      at = endOf(window, at, payload)
      this.frameCount++
      this.#sink.onWholeMessage(opcode, window, payload, at, flags[frame], runEnd)
    }
    return at
  }

  #passPayload(bytes: Buffer, start: number, end: number): number {
    const last = this.#remaining <= end - start
    const stop = last ? start + this.#remaining : end
    const or = this.#masked ? applyMask(bytes, start, stop, this.#key) : -1
    if (last) {
      this.#inPayload = false
    } else {
      this.#remaining -= stop - start
      this.#key = rotateKey(this.#key, stop - start)
    }
    this.#sink.onFramePayload(bytes, start, stop, or, last)
    return stop
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

  /** Returns the size of the header at `at`, or 0 when it is cut; violations are found as early as their bytes. */
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
      length = readLength16(bytes, at + 2)
      size = 4
    } else if (length === 127) {
      length = readLength64(bytes, at + 2, available - 2)
      if (length < 0) return 0
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
    this.frameCount++
    return size
  }

  /** §5.2: a reserved bit MUST be 0 unless a negotiated extension defines it; RFC 7692 §6 does for RSV1. */
  #checkReservedBits(first: number): void {
    const opcode = first & 0x0f
    if ((first & 0x30) === 0 && this.#rsv1Allowed && (opcode === Opcode.TEXT || opcode === Opcode.BINARY)) return
    const found = [first & 0x40 ? 'RSV1' : '', first & 0x20 ? 'RSV2' : '', first & 0x10 ? 'RSV3' : '']
    const allowed = this.#rsv1Allowed ? 'RSV1 on the first frame of a message' : 'none'
    throw violation('ERR_WS_RESERVED_BIT', `reserved bit set: ${found.filter(Boolean).join(', ')}; allowed: ${allowed}`)
  }
}

function readLength16(bytes: Buffer, at: number): number {
  const length = (bytes[at] << 8) | bytes[at + 1]
  if (length < 126) throw notMinimal(length, 16)
  return length
}

/** §5.2: 64 bits, the most significant MUST be 0. Returns -1 when the bytes are not all there. */
function readLength64(bytes: Buffer, at: number, available: number): number {
  if (available > 0 && bytes[at] > 0x7f) {
    throw violation('ERR_WS_LENGTH_INVALID', 'the most significant bit of a 64-bit payload length is 1, it must be 0')
  }
  if (available < 8) return -1
  const high = bytes.readUInt32BE(at)
  const length = high * 0x1_0000_0000 + bytes.readUInt32BE(at + 4)
  if (high > 0x1f_ffff) {
    throw new ProtocolError(
      CloseCode.MESSAGE_TOO_BIG,
      'ERR_WS_MESSAGE_TOO_BIG',
      `a frame announces ${length} bytes, more than 2^53 - 1`,
    )
  }
  if (length < 0x1_0000) throw notMinimal(length, 64)
  return length
}

/** §5.5: control frames MUST NOT be fragmented and carry at most 125 bytes. */
function checkControl(first: number, length: number): void {
  if (first < 0x80)
    throw violation('ERR_WS_CONTROL_FRAGMENTED', 'a control frame without FIN; it must not be fragmented')
  if (length > 125) {
    throw violation(
      'ERR_WS_CONTROL_TOO_LONG',
      'a control frame with an extended payload length; at most 125 bytes are allowed',
    )
  }
}

function reservedOpcode(opcode: number): ProtocolError {
  return violation(
    'ERR_WS_RESERVED_OPCODE',
    `reserved opcode 0x${opcode.toString(16)}; allowed: 0x0 to 0x2 and 0x8 to 0xa`,
  )
}

/** §5.1: every frame from a client MUST be masked, none from a server. */
function wrongMasking(masked: boolean): ProtocolError {
  return masked
    ? violation('ERR_WS_MASK_REQUIRED', 'an unmasked frame from a client; every frame of a client must be masked')
    : violation('ERR_WS_MASK_FORBIDDEN', 'a masked frame from a server; no frame of a server may be masked')
}

/** §5.2: the minimal number of bytes MUST be used to encode the length. */
function notMinimal(length: number, bits: number): ProtocolError {
  return violation(
    'ERR_WS_LENGTH_NOT_MINIMAL',
    `a payload length of ${length} in ${bits} bits; the shortest form must be used`,
  )
}

function violation(code: string, message: string): ProtocolError {
  return new ProtocolError(CloseCode.PROTOCOL_ERROR, code, message)
}
