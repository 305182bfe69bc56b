/** Opcodes of RFC 6455 §5.2. */
export const TEXT = 0x1
export const BINARY = 0x2
export const CLOSE = 0x8
export const PING = 0x9
export const PONG = 0xa

/** One received frame, unmasked (RFC 6455 §5.2). */
export interface Frame {
  fin: boolean
  rsv1: boolean
  opcode: number
  masked: boolean
  payload: Buffer
  /** The size of the whole frame in bytes, including the header. */
  size: number
}

/** The header fields other than opcode and length. */
export interface FrameShape {
  /** Four bytes; without it the frame is not masked. */
  maskKey?: Uint8Array
  fin?: boolean
  rsv1?: boolean
}

/** Builds one frame with the shortest header, valid or not (RFC 6455 §5.2). */
export function buildFrame(opcode: number, payload: Uint8Array, shape: FrameShape = {}): Buffer {
  const { maskKey, fin = true, rsv1 = false } = shape
  const maskBit = maskKey ? 0x80 : 0
  const header = Buffer.alloc(headerSize(payload.length, maskKey !== undefined))
  header[0] = (fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | opcode
  if (payload.length < 126) header[1] = maskBit | payload.length
  else if (payload.length < 65536) {
    header[1] = maskBit | 126
    header.writeUInt16BE(payload.length, 2)
  } else {
    header[1] = maskBit | 127
    header.writeBigUInt64BE(BigInt(payload.length), 2)
  }
  if (maskKey === undefined) return Buffer.concat([header, payload])
  header.set(maskKey, header.length - 4)
  return Buffer.concat([header, masked(payload, maskKey)])
}

/** Returns the size of the shortest header for a payload of `length` bytes (RFC 6455 §5.2). */
export function headerSize(length: number, isMasked: boolean): number {
  return (length < 126 ? 2 : length < 65536 ? 4 : 10) + (isMasked ? 4 : 0)
}

/** Returns the size of the frame that starts at `at`, or undefined when its length is incomplete (RFC 6455 §5.2). */
export function frameSizeAt(bytes: Buffer, at: number): number | undefined {
  if (bytes.length < at + 2) return undefined
  const maskSize = (bytes[at + 1] & 0x80) !== 0 ? 4 : 0
  const code = bytes[at + 1] & 0x7f
  if (code < 126) return 2 + maskSize + code
  if (code === 126) return bytes.length < at + 4 ? undefined : 4 + maskSize + bytes.readUInt16BE(at + 2)
  return bytes.length < at + 10 ? undefined : 10 + maskSize + Number(bytes.readBigUInt64BE(at + 2))
}

/** Reads the frame that starts at `at`, or undefined when it is incomplete (RFC 6455 §5.2). */
export function readFrame(bytes: Buffer, at: number): Frame | undefined {
  const size = frameSizeAt(bytes, at)
  if (size === undefined || bytes.length < at + size) return undefined
  const code = bytes[at + 1] & 0x7f
  const isMasked = (bytes[at + 1] & 0x80) !== 0
  const maskAt = at + (code < 126 ? 2 : code === 126 ? 4 : 10)
  const start = maskAt + (isMasked ? 4 : 0)
  const payload = bytes.subarray(start, at + size)
  return {
    fin: (bytes[at] & 0x80) !== 0,
    rsv1: (bytes[at] & 0x40) !== 0,
    opcode: bytes[at] & 0x0f,
    masked: isMasked,
    payload: isMasked ? masked(payload, bytes.subarray(maskAt, start)) : payload,
    size,
  }
}

/** Returns a masked copy of `payload` (RFC 6455 §5.3). */
export function masked(payload: Uint8Array, maskKey: Uint8Array): Buffer {
  const out = Buffer.alloc(payload.length)
  for (let i = 0; i < payload.length; i++) out[i] = payload[i] ^ maskKey[i & 3]
  return out
}
