import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from 'node:zlib'
import fc from 'fast-check'
import type { ProtocolError } from '../../src/core/errors.ts'
import { inflate, makeCodec } from '../deflate/message.ts'
import { type Inflated, slowInflate } from '../deflate/slow-inflate.ts'
import { bytes, chance, type Damage, damage, damages } from '../support/arbitrary.ts'
import { assert } from '../support/unit.ts'
import type { Target } from './target.ts'

const TAIL = Buffer.from('0000ffff', 'hex')

/**
 * Decompresses a payload with a history bit by bit (RFC 7692 §7.2.2). Returns null when the payload is not a message.
 */
export function slowMessage(payload: Buffer, history: Buffer): Buffer | null {
  if (payload.length === 0) return Buffer.alloc(0)
  const readings: [Buffer, (last?: Inflated['blocks'][number]) => boolean | undefined][] = [
    [Buffer.concat([payload, TAIL]), (last) => last && !last.isFinal && last.type === 0 && last.length === 0],
    [payload, (last) => last?.isFinal],
  ]
  for (const [bytes, isWhole] of readings) {
    try {
      const { output, blocks } = slowInflate(bytes, history)
      if (isWhole(blocks.at(-1))) return Buffer.from(output)
    } catch {
      // Not this reading.
    }
  }
  return null
}

/**
 * Returns whether zlib accepts the payload. The decoder above also accepts incomplete sets of codes, which no
 * compressor produces and zlib rejects.
 */
export function zlibReads(payload: Buffer, history: Buffer): boolean {
  let rest = Buffer.concat([payload, TAIL])
  let window = history
  try {
    // zlib stops after a final block. What follows is read with the current window.
    while (rest.length > 0 && !rest.equals(TAIL)) {
      const dictionary = window.length > 0 ? { dictionary: window } : {}
      const options = { finishFlush: constants.Z_SYNC_FLUSH, info: true, ...dictionary }
      const { buffer, engine } = inflateRawSync(rest, options) as unknown as Inflation
      window = Buffer.concat([window, buffer]).subarray(-32_768)
      rest = rest.subarray(engine.bytesWritten)
    }
    return true
  } catch {
    return false
  }
}

/** The result of zlib with the option `info`. */
interface Inflation {
  buffer: Buffer
  engine: { bytesWritten: number }
}

function compress(message: Buffer, options: ZlibOptions): Buffer {
  const payload = deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH, ...options })
  return options.finishFlush === constants.Z_FINISH ? payload : payload.subarray(0, -4)
}

const messages = fc.record({
  piece: fc.oneof(bytes(40), fc.constant(Buffer.from('some words again and again '))),
  count: fc.nat(5),
  usesHistory: fc.boolean(),
  level: fc.nat(9),
  strategy: fc.constantFrom(constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, constants.Z_HUFFMAN_ONLY),
  isFinal: chance(20),
  damages: fc.oneof({ weight: 7, arbitrary: fc.constant([] as Damage[]) }, { weight: 3, arbitrary: damages }),
})

/**
 * Payloads of one connection, each compressed with the earlier messages as history, and the level of the codec that
 * replies.
 */
export const deflateInputs = fc.record({
  level: fc.nat(9),
  payloads: fc.array(messages, { minLength: 1, maxLength: 4 }).map((all) => {
    let history = Buffer.alloc(0)
    return all.map(({ piece, count, usesHistory, level, strategy, isFinal, damages }) => {
      const message = Buffer.concat(new Array(count).fill(piece))
      const dictionary = history.length > 0 && usesHistory ? { dictionary: history } : {}
      const finishFlush = isFinal ? constants.Z_FINISH : constants.Z_SYNC_FLUSH
      history = Buffer.concat([history, message]).subarray(-32_768)
      return damages.reduce(damage, compress(message, { level, strategy, finishFlush, ...dictionary }))
    })
  }),
})

type Input = typeof deflateInputs extends fc.Arbitrary<infer T> ? T : never

/** Compressed messages of one connection, and the replies of the codec. */
export const deflateTarget: Target<Input> = {
  name: 'deflate codec',
  inputs: deflateInputs,
  async check({ level, payloads }) {
    const codec = makeCodec({ options: { level } })
    let history = Buffer.alloc(0)
    try {
      for (const payload of payloads) {
        const expected = slowMessage(payload, history)
        let message: Buffer | null = null
        try {
          message = await inflate(codec, payload, 100_000)
        } catch (error) {
          const { closeCode } = error as ProtocolError
          if (closeCode === 1009) assert.ok(expected === null || expected.length > 100_000)
          else if (closeCode !== 1008) assert.is(closeCode, 1007)
        }
        if (message === null) {
          // The codec may reject only a message that the decoder rejects as well, or one that costs too much.
          const isLegal = expected !== null && expected.length <= 100_000 && zlibReads(payload, history)
          assert.not(isLegal && payload.length <= 1_000, 'a message was refused')
          return 0
        }
        assert.ok(expected !== null && message.equals(expected), 'another message than the decoder reads')
        history = Buffer.concat([history, message]).subarray(-32_768)
        await assertReadable(codec, message)
      }
    } finally {
      codec.release()
    }
    return 0
  },
}

/** Checks that the decoder can read what the codec compresses. */
async function assertReadable(codec: ReturnType<typeof makeCodec>, message: Buffer): Promise<void> {
  const payload = await new Promise<Uint8Array | null>((resolve) =>
    codec.compress(message, (bytes) => resolve(bytes === null ? null : Buffer.from(bytes))),
  )
  if (payload === null) return
  const sent = sentOf.get(codec) ?? Buffer.alloc(0)
  const read = slowMessage(Buffer.from(payload), sent)
  assert.ok(read?.equals(message), 'what was compressed is not read')
  sentOf.set(codec, Buffer.concat([sent, message]).subarray(-32_768))
}

/** The messages that each codec has compressed, joined. */
const sentOf = new WeakMap<object, Buffer>()
