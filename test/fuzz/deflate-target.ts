import { constants, deflateRawSync, inflateRawSync, type ZlibOptions } from 'node:zlib'
import type { ProtocolError } from '../../src/core/errors.ts'
import { inflate, makeCodec } from '../deflate/message.ts'
import { type Inflated, slowInflate } from '../deflate/slow-inflate.ts'
import { assert } from '../support/unit.ts'
import type { Target } from './fuzz.ts'
import { Random } from './random.ts'

const TAIL = Buffer.from('0000ffff', 'hex')

/** What RFC 7692 §7.2.2 makes of a payload behind a history, bit by bit; null when it is no message. */
function slowMessage(payload: Buffer, history: Buffer): Buffer | null {
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

/** The decoder above takes sets of codes that are incomplete, which no compressor makes and zlib refuses. */
function zlibReads(payload: Buffer, history: Buffer): boolean {
  let rest = Buffer.concat([payload, TAIL])
  let window = history
  try {
    // zlib stops behind a final block; what follows is read with the window as it is then.
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

/** What zlib tells with `info`. */
interface Inflation {
  buffer: Buffer
  engine: { bytesWritten: number }
}

function compress(message: Buffer, options: ZlibOptions): Buffer {
  const payload = deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH, ...options })
  return options.finishFlush === constants.Z_FINISH ? payload : payload.subarray(0, -4)
}

/** Payloads of one connection, each behind two bytes of its length. */
export const deflateTarget: Target = {
  name: 'deflate codec',
  generate(random) {
    const parts: Buffer[] = []
    let history = Buffer.alloc(0)
    for (let i = 1 + random.below(4); i > 0; i--) {
      const piece = random.chance(0.5) ? random.bytes(1 + random.size(40)) : Buffer.from('some words again and again ')
      const message = Buffer.concat(new Array(random.below(6)).fill(piece))
      const dictionary = history.length > 0 && random.chance(0.5) ? { dictionary: history } : {}
      const level = random.below(10)
      const strategy = random.pick([constants.Z_DEFAULT_STRATEGY, constants.Z_FIXED, constants.Z_HUFFMAN_ONLY])
      const finishFlush = random.chance(0.2) ? constants.Z_FINISH : constants.Z_SYNC_FLUSH
      let payload = compress(message, { level, strategy, finishFlush, ...dictionary })
      if (random.chance(0.3)) payload = random.mutate(payload)
      payload = payload.subarray(0, 60_000)
      parts.push(Buffer.from([payload.length >> 8, payload.length & 255]), payload)
      history = Buffer.concat([history, message]).subarray(-32_768)
    }
    return Buffer.concat(parts)
  },
  async check(input, variant) {
    const codec = makeCodec({ options: { level: new Random(variant).below(10) } })
    let history = Buffer.alloc(0)
    try {
      for (let at = 0; at + 2 <= input.length; ) {
        const size = input.readUInt16BE(at)
        const payload = input.subarray(at + 2, at + 2 + size)
        at += 2 + size
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
          // Only a message that the decoder cannot make sense of either, or one that costs too much.
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

/** What the codec compresses is read by the decoder. */
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

/** What each codec has sent compressed. */
const sentOf = new WeakMap<object, Buffer>()
