import type { ByteEngine } from './byte-engine.ts'
import { readMaskingKey } from './masking-key.ts'
import { plainEngine } from './plain-engine.ts'

/** The properties of a frame other than its opcode and payload. */
export interface FrameOptions {
  /** Whether this is the last frame of its message. Default true. */
  fin?: boolean | undefined
  /** Whether this is the first frame of a compressed message (RFC 7692 §6.1). Default false. */
  rsv1?: boolean | undefined
  /** The masking key, four bytes; for clients only (RFC 6455 §5.3). Default: the payload is not masked. */
  maskingKey?: Uint8Array | undefined
  /** Masks the payload. Default: `plainEngine`. */
  engine?: ByteEngine | undefined
}

/** Returns the header size in bytes of an unmasked frame with this payload length (RFC 6455 §5.2). */
export function headerSize(length: number): number {
  if (length < 126) return 2
  return length < 0x1_0000 ? 4 : 10
}

/** Returns the first byte of a frame header (RFC 6455 §5.2). */
export function firstByte(opcode: number, fin = true, rsv1 = false): number {
  return (fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode
}

/** Writes the header of an unmasked frame at the index `at` (RFC 6455 §5.2). Returns where the payload begins. */
export function writeHeader(target: Buffer, at: number, first: number, length: number): number {
  target[at] = first
  if (length < 126) {
    target[at + 1] = length
    return at + 2
  }
  return writeExtendedLength(target, at + 1, length)
}

function writeExtendedLength(target: Buffer, at: number, length: number): number {
  if (length < 0x1_0000) {
    target[at] = 126
    target[at + 1] = length >>> 8
    target[at + 2] = length
    return at + 3
  }
  target[at] = 127
  target.writeUInt32BE(Math.floor(length / 0x1_0000_0000), at + 1)
  target.writeUInt32BE(length % 0x1_0000_0000, at + 5)
  return at + 9
}

/** The position of a frame in a buffer: its header, which ends with room for the masking key, and its payload. */
export interface FrameRange {
  start: number
  payload: number
  end: number
}

/** Returns the position of the unmasked frame at the index `at`, which `writeHeader` has written. */
export function unmaskedFrameAt(bytes: Buffer, at: number): FrameRange {
  const short = bytes[at + 1]
  // No buffer has a length of more than 48 bits.
  const length = short === 127 ? bytes.readUIntBE(at + 4, 6) : short === 126 ? bytes.readUInt16BE(at + 2) : short
  const payload = at + headerSize(length)
  return { start: at, payload, end: payload + length }
}

/** Masks a frame in place (RFC 6455 §5.3): sets the mask bit, writes the key and masks the payload. */
export function maskFrame(
  bytes: Buffer,
  { start, payload, end }: FrameRange,
  maskingKey: Uint8Array,
  engine: ByteEngine,
): void {
  bytes[start + 1] |= 0x80
  bytes.set(maskingKey, payload - 4)
  engine.mask(bytes, payload, end, readMaskingKey(bytes, payload - 4))
}

/**
 * Encodes a frame into a new buffer (RFC 6455 §5.2). `payload` is not changed.
 *
 * @throws {RangeError} when the masking key is not four bytes long.
 */
export function encodeFrame(opcode: number, payload: Uint8Array, options: FrameOptions = {}): Buffer {
  const { fin = true, rsv1 = false, maskingKey, engine = plainEngine } = options
  if (maskingKey !== undefined && maskingKey.length !== 4) {
    throw new RangeError(`masking key has ${maskingKey.length} bytes; allowed: 4`)
  }
  const payloadAt = headerSize(payload.length) + (maskingKey === undefined ? 0 : 4)
  const end = payloadAt + payload.length
  const frame = Buffer.allocUnsafe(end)
  writeHeader(frame, 0, firstByte(opcode, fin, rsv1), payload.length)
  frame.set(payload, payloadAt)
  if (maskingKey !== undefined) maskFrame(frame, { start: 0, payload: payloadAt, end }, maskingKey, engine)
  return frame
}
