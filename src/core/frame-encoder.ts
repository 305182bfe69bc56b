import { applyMask, readMaskingKey } from '../fast/mask.ts'

/** What a frame header says besides opcode and length. */
export interface FrameOptions {
  /** Whether this is the last frame of its message. Default: true. */
  fin?: boolean
  /** Marks a compressed message (RFC 7692 §6.1). Default: false. */
  rsv1?: boolean
  /** Four bytes; given by clients only (RFC 6455 §5.3). Default: not masked. */
  maskingKey?: Uint8Array
}

/** Bytes of the header of an unmasked frame with this payload length (RFC 6455 §5.2). */
export function headerSize(length: number): number {
  if (length < 126) return 2
  return length < 0x1_0000 ? 4 : 10
}

/** The first byte of a header (RFC 6455 §5.2). */
export function firstByte(opcode: number, fin = true, rsv1 = false): number {
  return (fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode
}

/** Writes the header of an unmasked frame at `at`; returns where the payload begins (RFC 6455 §5.2). */
export function writeHeader(target: Buffer, at: number, first: number, length: number): number {
  target[at] = first
  if (length < 126) {
    target[at + 1] = length
    return at + 2
  }
  if (length < 0x1_0000) {
    target[at + 1] = 126
    target[at + 2] = length >>> 8
    target[at + 3] = length
    return at + 4
  }
  target[at + 1] = 127
  target.writeUInt32BE(Math.floor(length / 0x1_0000_0000), at + 2)
  target.writeUInt32BE(length % 0x1_0000_0000, at + 6)
  return at + 10
}

/** Turns the frame at `[at, end)`, written with room of 4 bytes before `payload`, into a masked one (RFC 6455 §5.3). */
function maskFrame(frame: Buffer, payload: number, maskingKey: Uint8Array): void {
  frame[1] |= 0x80
  frame.set(maskingKey, payload - 4)
  applyMask(frame, payload, frame.length, readMaskingKey(frame, payload - 4))
}

/** Encodes one frame, header and payload in one new buffer (RFC 6455 §5.2); `payload` is not changed. */
export function encodeFrame(opcode: number, payload: Uint8Array, options: FrameOptions = {}): Buffer {
  const { fin = true, rsv1 = false, maskingKey } = options
  if (maskingKey !== undefined && maskingKey.length !== 4) {
    throw new RangeError(`a masking key of ${maskingKey.length} bytes; it has 4`)
  }
  const payloadAt = headerSize(payload.length) + (maskingKey === undefined ? 0 : 4)
  const frame = Buffer.allocUnsafe(payloadAt + payload.length)
  writeHeader(frame, 0, firstByte(opcode, fin, rsv1), payload.length)
  frame.set(payload, payloadAt)
  if (maskingKey !== undefined) maskFrame(frame, payloadAt, maskingKey)
  return frame
}
