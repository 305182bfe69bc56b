import { seededRandom } from './random.ts'

/* The slow, obvious wire code of the tests. It shares no code with the library. */

/** Parses hexadecimal digits; spaces are allowed anywhere. */
export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
}

/** XORs byte by byte (RFC 6455 §5.3). */
export function maskSlowly(payload: Uint8Array, key: Uint8Array, phase = 0): Buffer {
  return Buffer.from(payload.map((byte, i) => byte ^ key[(i + phase) % 4]))
}

const KEY = hex('37 fa 21 3d')

export interface FrameParts {
  fin?: boolean
  /** RSV1 to RSV3 as the three bits 4, 2, 1. */
  rsv?: number
  /** `null` leaves the frame unmasked. */
  key?: Uint8Array | null
}

/** Encodes one frame, by default masked with a fixed key (RFC 6455 §5.2). */
export function frame(
  opcode: number,
  payload: string | Uint8Array = '',
  { fin = true, rsv = 0, key = KEY }: FrameParts = {},
): Buffer {
  const bytes = Buffer.from(payload as string)
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode
  const mask = key === null ? 0 : 0x80
  let head: Buffer
  if (bytes.length < 126) head = Buffer.from([first, mask | bytes.length])
  else if (bytes.length < 65536) head = Buffer.from([first, mask | 126, bytes.length >> 8, bytes.length & 255])
  else {
    head = Buffer.alloc(10)
    head[0] = first
    head[1] = mask | 127
    head.writeBigUInt64BE(BigInt(bytes.length), 2)
  }
  return key === null ? Buffer.concat([head, bytes]) : Buffer.concat([head, key, maskSlowly(bytes, key)])
}

/** Encodes one whole frame of a server. */
export function unmasked(opcode: number, payload: string | Uint8Array): Buffer {
  return frame(opcode, payload, { key: null })
}

/** Encodes a Close frame. */
export function closeFrame(code?: number, reason = '', parts: FrameParts = {}): Buffer {
  const body =
    code === undefined ? Buffer.alloc(0) : Buffer.concat([Buffer.from([code >> 8, code & 255]), Buffer.from(reason)])
  return frame(0x8, body, parts)
}

/**
 * Yields every way to split `bytes` that the tests try: whole, byte by byte, in two at every split, and at random
 * (seeded).
 */
export function* chunkings(bytes: Buffer, splitLimit = 200): Generator<{ name: string; chunks: Buffer[] }> {
  yield { name: 'whole', chunks: [bytes] }
  yield { name: 'byte by byte', chunks: [...bytes].map((byte) => Buffer.from([byte])) }
  const step = Math.max(1, Math.floor(bytes.length / splitLimit))
  for (let at = 1; at < bytes.length; at += step) {
    yield { name: `split at ${at}`, chunks: [bytes.subarray(0, at), bytes.subarray(at)] }
  }
  for (let seed = 1; seed <= 10; seed++) {
    const random = seededRandom(seed)
    const chunks: Buffer[] = []
    for (let at = 0; at < bytes.length; ) {
      const size = 1 + Math.floor(random() ** 3 * bytes.length)
      chunks.push(bytes.subarray(at, at + size))
      at += size
    }
    yield { name: `random, seed ${seed}`, chunks }
  }
}
