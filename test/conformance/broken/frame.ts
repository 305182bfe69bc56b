import type { Defects } from './defects.ts'

export const CONTINUATION = 0x0
export const TEXT = 0x1
export const BINARY = 0x2
export const CLOSE = 0x8
export const PING = 0x9
export const PONG = 0xa

/** Thrown when the other side has violated a rule: the connection fails with this code (RFC 6455 §7.1.7). */
export class Violation extends Error {
  readonly closeCode: number

  constructor(closeCode: number, why: string) {
    super(why)
    this.closeCode = closeCode
  }
}

export interface FrameHeader {
  fin: boolean
  rsv1: boolean
  opcode: number
  /** The masking key; null for an unmasked frame. */
  key: Buffer | null
  length: number
  /** Size of the header in bytes. */
  size: number
  /** Whether the frame has no effect. */
  isIgnored: boolean
}

/** What the state of the connection allows for the next frame. */
export interface Expected {
  masked: boolean
  deflate: boolean
  insideMessage: boolean
  /** Number of bytes by which the message may still grow. */
  room: number
}

/**
 * Reads a frame header. Returns null while it is incomplete, and throws as soon as a byte violates a rule, or when the
 * frame is complete (RFC 6455 §5.2).
 */
export function readHeader(bytes: Buffer, expected: Expected, defects: Defects): FrameHeader | null {
  try {
    return readChecked(bytes, expected, defects)
  } catch (error) {
    const isEarly = error instanceof Violation && error.closeCode === 1002 && bytes.length < sizeOf(bytes)
    if (isEarly && defects.has('checks-whole-frames')) return null
    throw error
  }
}

/** Returns the size of a frame in bytes, as far as its bytes say. */
function sizeOf(bytes: Buffer): number {
  if (bytes.length < 10) bytes = Buffer.concat([bytes, Buffer.alloc(10)])
  const short = bytes[1]! & 0x7f
  const key = bytes[1]! >= 0x80 ? 4 : 0
  if (short < 126) return 2 + key + short
  return short === 126
    ? 4 + key + bytes.readUInt16BE(2)
    : 10 + key + Number(BigInt.asIntN(64, bytes.readBigUInt64BE(2)))
}

function readChecked(bytes: Buffer, expected: Expected, defects: Defects): FrameHeader | null {
  const first = bytes[0]!
  checkBits(first, expected, defects)
  checkOpcode(first, expected, defects)
  if (bytes.length < 2) return null
  const second = bytes[1]!
  const masked = second >= 0x80
  checkSecondByte(first & 0xf, second, expected, defects)
  const lengthSize = (second & 0x7f) < 126 ? 0 : (second & 0x7f) === 126 ? 2 : 8
  if (bytes.length < 2 + lengthSize) return null
  const length = readLength(bytes, lengthSize, defects)
  const isControl = first & 0x8
  if (!isControl && length > expected.room) {
    throw new Violation(defects.has('fails-too-big-with-1002') ? 1002 : 1009, 'a message that is too big')
  }
  const size = 2 + lengthSize + (masked ? 4 : 0)
  if (bytes.length < size) return null
  const key = masked ? Buffer.from(bytes.subarray(size - 4, size)) : null
  const isIgnored = defects.has('ignores-faults-of-senders') && breaksSenderRule(first, length, expected)
  return { fin: first >= 0x80, rsv1: (first & 0x40) > 0, opcode: first & 0xf, key, length, size, isIgnored }
}

/** Returns whether a frame breaks a rule that binds only its sender (RFC 6455 §5.4, §5.5). */
function breaksSenderRule(first: number, length: number, expected: Expected): boolean {
  const opcode = first & 0xf
  if (opcode >= CLOSE) return first < 0x80 || length > 125
  return (opcode === CONTINUATION) !== expected.insideMessage
}

function checkBits(first: number, expected: Expected, defects: Defects): void {
  const opcode = first & 0xf
  const rsv = first & (defects.has('ignores-rsv3') ? 0x60 : 0x70)
  if (rsv === 0 || defects.has('ignores-rsv')) return
  if (defects.has('ignores-rsv-on-control') && opcode >= 8) return
  if (defects.has('ignores-rsv-on-continuation') && opcode === CONTINUATION) return
  if (defects.has('ignores-rsv1') && rsv === 0x40) return
  const mayBeCompressed = expected.deflate && (opcode === TEXT || opcode === BINARY)
  if (!mayBeCompressed || rsv !== 0x40) throw new Violation(1002, 'a reserved bit')
}

function checkOpcode(first: number, expected: Expected, defects: Defects): void {
  const opcode = first & 0xf
  const isReserved = (opcode > BINARY && opcode < CLOSE) || opcode > PONG
  if (isReserved && defects.has('skips-reserved-opcodes')) return
  if (isReserved && defects.has('skips-reserved-control') && opcode > PONG) return
  if (isReserved && defects.has('takes-reserved-for-binary')) return
  if (isReserved) throw new Violation(1002, 'a reserved opcode')
  if (defects.has('ignores-faults-of-senders')) return
  if (opcode >= CLOSE) {
    const isWhole = first >= 0x80 || defects.has('ignores-fin-on-control')
    if (!isWhole) throw new Violation(1002, 'a fragment of a control frame')
  } else if (expected.insideMessage) {
    const continues = opcode === CONTINUATION || defects.has('accepts-start-inside-message')
    if (!continues) throw new Violation(1002, 'a new message inside another')
  } else if (opcode === CONTINUATION && !defects.has('accepts-orphan-continuation')) {
    throw new Violation(1002, 'a continuation of nothing')
  }
}

function checkSecondByte(opcode: number, second: number, expected: Expected, defects: Defects): void {
  const mayLackMask = defects.has('accepts-unmasked') || (defects.has('accepts-unmasked-control') && opcode >= CLOSE)
  if (expected.masked && second < 0x80 && !mayLackMask) throw new Violation(1002, 'a frame without mask')
  if (!expected.masked && second >= 0x80 && !defects.has('accepts-masked')) throw new Violation(1002, 'a masked frame')
  const mayBeLong = defects.has('accepts-long-control') || defects.has('ignores-faults-of-senders')
  const isLong = opcode >= CLOSE && (second & 0x7f) > 125
  if (isLong && !mayBeLong) throw new Violation(1002, 'a long control frame')
}

function readLength(bytes: Buffer, size: number, defects: Defects): number {
  if (size === 0) return bytes[1]! & 0x7f
  let length = size === 2 ? BigInt(bytes.readUInt16BE(2)) : bytes.readBigUInt64BE(2)
  if (defects.has('ignores-top-bit-of-length')) length = BigInt.asUintN(63, length)
  if (length >> 63n) throw new Violation(1002, 'a length with the top bit set')
  const isShortest = length > (size === 2 ? 125n : 65_535n)
  if (defects.has('cuts-length-to-32-bit')) length = BigInt.asUintN(32, length)
  if (!isShortest && !defects.has('accepts-longer-length-form'))
    throw new Violation(1002, 'a longer length form than needed')
  return Number(length)
}

/** Encodes one frame, masked with `key` (RFC 6455 §5.2). */
export function encodeFrame(first: number, payload: Buffer, key: Buffer | null, defects: Defects): Buffer {
  const mask = key ? 0x80 : 0
  const { length } = payload
  let header: Buffer
  if (length < 126 && !defects.has('sends-longer-length-form')) header = Buffer.from([first, mask | length])
  else if (length < 65_536) header = Buffer.from([first, mask | 126, length >> 8, length & 0xff])
  else {
    header = Buffer.from([first, mask | 127, 0, 0, 0, 0, 0, 0, 0, 0])
    header.writeBigUInt64BE(BigInt(length), 2)
  }
  if (!key) return Buffer.concat([header, payload])
  const masked = Buffer.from(payload)
  unmask(masked, key, 0)
  return Buffer.concat([header, key, masked])
}

/** Applies a masking key to a piece of a payload that begins at `phase` (RFC 6455 §5.3). */
export function unmask(piece: Buffer, key: Buffer, phase: number): void {
  for (let i = 0; i < piece.length; i++) piece[i]! ^= key[(phase + i) & 3]!
}

/** Returns whether a code is allowed in a Close frame (RFC 6455 §7.4). */
export function isCloseCode(code: number, defects: Defects): boolean {
  if (defects.has('accepts-any-close-code')) return true
  if (defects.has('accepts-close-1005') && code === 1005) return true
  if (defects.has('accepts-unassigned-close-codes') && code > 1014 && code < 3000) return true
  if (defects.has('refuses-close-codes-of-applications') && code >= 3000) return false
  if (defects.has('refuses-close-1012-to-1014') && code >= 1012 && code <= 1014) return false
  if (code >= 1000 && code <= 1014) return code !== 1004 && code !== 1005 && code !== 1006
  return code >= 3000 && code <= 4999
}
