import { BINARY, TEXT } from './frame.ts'

/** Kinds of payload. */
export const KINDS = ['binary', 'ascii', 'cjk', 'json'] as const
export type Kind = (typeof KINDS)[number]

/** Returns the opcode of a message of this kind (RFC 6455 §5.6). */
export function opcodeOf(kind: Kind): number {
  return kind === 'binary' ? BINARY : TEXT
}

/** Returns a generator of reproducible random integers from 0 to 2³²−1 (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

/** Makes a payload of exactly `size` bytes, whose content depends on `seed`. */
export function makePayload(kind: Kind, size: number, seed: number): Buffer {
  const random = seededRandom(seed * 7919 + size)
  if (kind === 'binary') return randomBytes(size, random)
  if (kind === 'ascii') return asciiText(size, random)
  if (kind === 'cjk') return cjkText(size, random)
  return jsonText(size, random)
}

/**
 * Returns the reply to an upload: the number of bytes of a binary message, or of UTF-16 code units of a text message.
 */
export function uploadReceipt(kind: Kind, payload: Buffer): string {
  return String(kind === 'binary' ? payload.length : payload.toString('utf8').length)
}

function randomBytes(size: number, random: () => number): Buffer {
  const bytes = Buffer.alloc(size)
  for (let i = 0; i + 4 <= size; i += 4) bytes.writeUInt32LE(random(), i)
  for (let i = size & ~3; i < size; i++) bytes[i] = random()
  return bytes
}

/** Returns letters, digits and spaces, which JSON does not escape. */
function asciiText(size: number, random: () => number): Buffer {
  const letters = 'abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789'
  const bytes = Buffer.alloc(size)
  for (let i = 0; i < size; i++) bytes[i] = letters.charCodeAt(random() % letters.length)
  return bytes
}

function cjkText(size: number, random: () => number): Buffer {
  const characters = Math.floor(size / 3)
  let text = ''
  for (let i = 0; i < characters; i++) text += String.fromCharCode(0x4e00 + (random() % 0x5000))
  return Buffer.from(text + '.'.repeat(size - characters * 3))
}

/** Returns a list of chat messages, as an application would send it, padded to the size with a final string. */
function jsonText(size: number, random: () => number): Buffer {
  const records: string[] = []
  let length = '{"messages":[],"pad":""}'.length
  const names = ['alice', 'bob', 'carol', 'dave', 'erin']
  const words = ['hello', 'status', 'update', 'please', 'order', 'ready', 'price', 'room', 'later', 'thanks']
  while (length < size) {
    const text = Array.from({ length: 6 }, () => words[random() % words.length]).join(' ')
    const record = JSON.stringify({ id: random() % 1e6, from: names[random() % names.length], text, at: random() })
    if (length + record.length + 1 > size) break
    records.push(record)
    length += record.length + 1
  }
  const body = `{"messages":[${records.join(',')}],"pad":"`
  const rest = size - body.length - 2
  return rest < 0 ? Buffer.from('7'.repeat(size)) : Buffer.from(`${body}${'.'.repeat(rest)}"}`)
}
