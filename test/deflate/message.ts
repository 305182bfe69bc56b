import type { Role } from '../../src/core/frame-parser.ts'
import type { MemoryBudget } from '../../src/deflate/budget.ts'
import { DeflateCodec } from '../../src/deflate/codec.ts'
import type { DeflateParameters } from '../../src/deflate/offer.ts'
import { type DeflateOptions, readDeflateOptions } from '../../src/deflate/options.ts'
import type { Extension } from '../../src/handshake/header-grammar.ts'
import { seededRandom } from '../support/random.ts'

/** Returns bytes that cannot be compressed. */
export function randomBytes(size: number, seed = 1): Buffer {
  const next = seededRandom(seed)
  const bytes = Buffer.alloc(size)
  for (let i = 0; i < size; i++) bytes[i] = Math.floor(next() * 256)
  return bytes
}

const words = 'the quick brown fox jumps over a lazy dog while {"id":17,"name":"Ada","tags":["x","y"],"ok":true}'.split(
  ' ',
)

/** Returns text that compresses like natural text. */
export function prose(size: number, seed = 1): Buffer {
  const next = seededRandom(seed)
  let text = ''
  while (text.length < size) text += `${words[Math.floor(next() * words.length)]}${Math.floor(next() * 1000)} `
  return Buffer.from(text.slice(0, size))
}

/** Returns bytes from bits in the order in which they are read, least significant first. */
function bits(text: string): Buffer {
  const plain = text.replaceAll(' ', '')
  const bytes = Buffer.alloc(Math.ceil(plain.length / 8))
  for (const [index, bit] of [...plain].entries()) bytes[index >> 3] |= Number(bit) << (index & 7)
  return bytes
}

/** Block header, length 258 (code 285), distance 32,768 (code 29 and 13 extra bits), end of block, an empty block. */
export const farthestCopy = bits('0 10 11000101 11101 1111111111111 0000000 000')

/** Returns an offer or a response by name and parameters: `['a', null]` is `a`, `['a', '1']` is `a=1`. */
export function extension(name: string, ...parameters: [string, string | null][]): Extension {
  return { name, parameters: parameters.map(([key, value]) => ({ name: key, value, quoted: false })) }
}

export const fullParameters: DeflateParameters = {
  serverContextTakeover: true,
  clientContextTakeover: true,
  serverMaxWindowBits: 15,
  clientMaxWindowBits: 15,
}

interface CodecInit {
  role?: Role
  parameters?: Partial<DeflateParameters>
  options?: DeflateOptions
  budget?: MemoryBudget
}

/** Makes a codec that compresses every message, by default with context takeover on both sides. */
export function makeCodec({ role = 'server', parameters, options, budget }: CodecInit = {}): DeflateCodec {
  return new DeflateCodec({
    role,
    parameters: { ...fullParameters, ...parameters },
    options: readDeflateOptions({ threshold: 0, ...options }),
    budget,
  })
}

/** Resolves to the message of a payload. Rejects with the ProtocolError. */
export function inflate(codec: DeflateCodec, payload: Uint8Array, limit = 2 ** 24): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    codec.decompress(payload, limit, (error, message) =>
      error === null ? resolve(Buffer.from(message)) : reject(error),
    )
  })
}

/** Resolves to the payload of a message; `null` when the message is sent without compression. */
export function deflate(codec: DeflateCodec, message: Uint8Array): Promise<Buffer | null> {
  return new Promise((resolve) => {
    codec.compress(message, (payload) => resolve(payload === null ? null : Buffer.from(payload)))
  })
}
