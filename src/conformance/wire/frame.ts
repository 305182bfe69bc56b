import { bytesOf } from './bytes.ts'

/** The opcodes of RFC 6455 §5.2, for the tester's own use. */
export const Op = { CONT: 0x0, TEXT: 0x1, BINARY: 0x2, CLOSE: 0x8, PING: 0x9, PONG: 0xa } as const

/** Reserved bits of the first byte, shifted: RSV1 is 4, RSV2 is 2, RSV3 is 1 (RFC 6455 §5.2). */
export const Rsv = { RSV1: 4, RSV2: 2, RSV3: 1 } as const

/** Bytes of the longest frame header: 64-bit length and masking key (RFC 6455 §5.2). */
export const LONGEST_HEADER = 14

/** The contents of one frame on the wire, which may be invalid (RFC 6455 §5.2). */
export interface FrameSpec {
  opcode: number
  /** Default true. */
  fin?: boolean
  /** The three reserved bits as a number from 0 to 7; default 0. */
  rsv?: number
  /** A string is sent as UTF-8. */
  payload?: string | Uint8Array
  /** `false`: no mask. Bytes: the masking key. Default: a new key from `randomKey`. */
  mask?: boolean | Uint8Array
  /** The form of the length in bits; default: the shortest. */
  form?: 7 | 16 | 64
  /** The length in the header, if it differs from that of the payload. */
  length?: number | bigint
}

/** Encodes one frame, valid or not (RFC 6455 §5.2). */
export function encodeFrame(spec: FrameSpec, randomKey: () => Uint8Array): Buffer {
  const payload = bytesOf(spec.payload ?? '')
  const announced = BigInt(spec.length ?? payload.length)
  const key = spec.mask === false ? null : spec.mask === undefined || spec.mask === true ? randomKey() : spec.mask
  const first = (spec.fin === false ? 0 : 0x80) | ((spec.rsv ?? 0) << 4) | spec.opcode
  const form = spec.form ?? shortestForm(announced)
  if (form === 7 && key !== null && payload.length < MASKED_BY_WORDS) return shortFrame(first, announced, key, payload)
  const header = [first, ...lengthBytes(announced, form, key !== null)]
  return key === null ? Buffer.concat([Buffer.from(header), payload]) : maskedFrame(header, key, payload)
}

/** Encodes a masked frame without a copy of the payload between. The payload begins at a multiple of four bytes. */
function maskedFrame(header: readonly number[], key: Uint8Array, payload: Uint8Array): Buffer {
  const start = header.length + key.length
  const padding = -start & 3
  const words = new Int32Array(Math.ceil((padding + start + payload.length) / 4))
  const frame = Buffer.from(words.buffer, padding, start + payload.length)
  frame.set(header)
  frame.set(key, header.length)
  frame.set(payload, start)
  maskWords(words, (padding + start) / 4, key)
  return frame
}

/** Encodes a masked frame with a 7-bit length. Fast, because some cases send hundreds of thousands. */
function shortFrame(first: number, announced: bigint, key: Uint8Array, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(SHORT_HEADER + payload.length)
  frame[0] = first
  frame[1] = 0x80 | Number(announced & 0x7fn)
  for (let index = 0; index < 4; index++) frame[2 + index] = key[index]
  for (let index = 0; index < payload.length; index++) frame[SHORT_HEADER + index] = payload[index] ^ key[index & 3]
  return frame
}

/** The length of a masked header with a 7-bit length, in bytes. */
const SHORT_HEADER = 6

/** Returns the shortest form for the length of a payload (RFC 6455 §5.2). */
export function shortestForm(length: bigint): 7 | 16 | 64 {
  return length <= 125n ? 7 : length <= 0xffffn ? 16 : 64
}

function lengthBytes(length: bigint, form: 7 | 16 | 64, masked: boolean): number[] {
  const bit = masked ? 0x80 : 0
  if (form === 7) return [bit | Number(length & 0x7fn)]
  const size = form === 16 ? 2 : 8
  const bytes = Array.from({ length: size }, (_, index) => Number((length >> BigInt(8 * (size - 1 - index))) & 0xffn))
  return [bit | (form === 16 ? 126 : 127), ...bytes]
}

/** Returns a masked copy. Masking it again restores the original (RFC 6455 §5.3). */
export function maskBytes(bytes: Uint8Array, key: Uint8Array): Buffer {
  if (bytes.length >= MASKED_BY_WORDS) {
    const words = new Int32Array(Math.ceil(bytes.length / 4))
    const masked = Buffer.from(words.buffer, 0, bytes.length)
    masked.set(bytes)
    maskWords(words, 0, key)
    return masked
  }
  const masked = Buffer.allocUnsafe(bytes.length)
  for (let index = 0; index < bytes.length; index++) masked[index] = bytes[index] ^ key[index & 3]
  return masked
}

/** From this many bytes on, masking four bytes at a time is faster. */
const MASKED_BY_WORDS = 256

function maskWords(words: Int32Array, first: number, key: Uint8Array): void {
  const [word] = new Int32Array(Uint8Array.from(key).buffer)
  for (let index = first; index < words.length; index++) words[index] ^= word
}

/** Encodes the body of a Close; without a code it is empty (RFC 6455 §5.5.1). */
export function closeBody(code?: number, reason: string | Uint8Array = ''): Buffer {
  if (code === undefined) return Buffer.alloc(0)
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), bytesOf(reason)])
}

/** One received frame, valid or not (RFC 6455 §5.2). */
export interface Frame {
  fin: boolean
  rsv: number
  opcode: number
  masked: boolean
  form: 7 | 16 | 64
  length: bigint
  /** The payload after unmasking. */
  payload: Buffer
  /** The payload as it was on the wire. */
  raw: Buffer
  /** The header bytes, the masking key included. */
  header: Buffer
}

const NO_BYTES = Buffer.alloc(0)

/** Parses bytes into frames. It accepts invalid frames, which the caller checks (RFC 6455 §5.2). */
export class FrameReader {
  #chunks: Buffer[] = []
  #size = 0
  #needed = 2

  /** Bytes received after the last whole frame. */
  get pending(): Buffer {
    return this.#gather()
  }

  /** Adds bytes and returns the frames that are now complete. */
  push(chunk: Buffer): Frame[] {
    if (chunk.length > 0) {
      this.#chunks.push(chunk)
      this.#size += chunk.length
    }
    const frames: Frame[] = []
    if (this.#size < this.#needed) return frames
    const bytes = this.#gather()
    let at = 0
    for (;;) {
      const frame = readFrame(bytes, at)
      if (typeof frame === 'number') {
        this.#needed = frame
        break
      }
      frames.push(frame)
      at += frame.header.length + frame.payload.length
    }
    this.#chunks = at === bytes.length ? [] : [bytes.subarray(at)]
    this.#size = bytes.length - at
    return frames
  }

  #gather(): Buffer {
    if (this.#chunks.length === 0) return NO_BYTES
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0]
  }
}

/** Returns the frame at `start`, or how many bytes from there on are needed to continue. */
function readFrame(bytes: Buffer, start: number): Frame | number {
  const available = bytes.length - start
  if (available < 2) return 2
  const masked = (bytes[start + 1] & 0x80) !== 0
  const code = bytes[start + 1] & 0x7f
  const form = code === 126 ? 16 : code === 127 ? 64 : 7
  const headerLength = 2 + (form === 7 ? 0 : form / 8) + (masked ? 4 : 0)
  if (available < headerLength) return headerLength
  const length =
    form === 7 ? BigInt(code) : form === 16 ? BigInt(bytes.readUInt16BE(start + 2)) : bytes.readBigUInt64BE(start + 2)
  const total = headerLength + Number(length)
  if (available < total) return total
  const header = bytes.subarray(start, start + headerLength)
  const raw = bytes.subarray(start + headerLength, start + total)
  return {
    fin: (bytes[start] & 0x80) !== 0,
    rsv: (bytes[start] >> 4) & 7,
    opcode: bytes[start] & 0x0f,
    masked,
    form,
    length,
    payload: masked ? maskBytes(raw, header.subarray(headerLength - 4)) : raw,
    raw,
    header,
  }
}

const OPCODE_NAMES: Record<number, string> = {
  0: 'continuation',
  1: 'text',
  2: 'binary',
  8: 'close',
  9: 'ping',
  10: 'pong',
}

/** Formats a frame for the wire log and for messages: `text fin masked 5`. */
export function describeFrame(
  frame: Pick<Frame, 'fin' | 'rsv' | 'opcode' | 'masked'> & { length: bigint | number },
): string {
  const rsv = [4, 2, 1].flatMap((bit, index) => (frame.rsv & bit ? [`rsv${index + 1}`] : []))
  const words = [
    OPCODE_NAMES[frame.opcode] ?? `opcode ${frame.opcode.toString(16)}`,
    ...(frame.fin ? ['fin'] : []),
    ...rsv,
    ...(frame.masked ? ['masked'] : []),
    String(frame.length),
  ]
  return words.join(' ')
}
