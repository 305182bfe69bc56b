import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import fc from 'fast-check'
import { isFastEnabled } from '../../src/fast/enabled.ts'
import { moduleBytes } from '../../src/fast/load-wasm.ts'
import { inflateShort, moduleText } from '../../src/fast/short-inflate.ts'
import { farthestCopy, prose, randomBytes } from '../deflate/message.ts'
import { slowInflate } from '../deflate/slow-inflate.ts'
import { damaged } from '../support/arbitrary.ts'
import { fastPath, testWith } from '../support/need.ts'
import { assert, suite } from '../support/unit.ts'
import { assemble, importWithoutWebAssembly } from '../support/webassembly.ts'
import { hex } from '../support/wire.ts'

const test = suite('deflate, short messages inflated')
const none = Buffer.alloc(0)
const tail = hex('0000ffff')
const payloadOf = (message: Uint8Array, options = {}) =>
  deflateRawSync(message, { finishFlush: constants.Z_SYNC_FLUSH, ...options }).subarray(0, -4)

test('is the module that its source assembles to', async () => {
  const features = { bulk_memory: true, multi_value: true }
  assert.equal(moduleBytes(moduleText), await assemble('fast/short-inflate.wat', features))
})

test('leaves everything to zlib when the plain replacements are selected, or the runtime has no WebAssembly', async (t) => {
  assert.is(inflateShort(payloadOf(prose(100)), none, 4096) === null, !isFastEnabled)
  const path = 'fast/short-inflate.ts'
  const others = await importWithoutWebAssembly<typeof import('../../src/fast/short-inflate.ts')>(t, path)
  assert.equal(
    others.map((other) => other.inflateShort(payloadOf(prose(100)), none, 4096)),
    [null, null],
  )
})

const fast = testWith(test, fastPath(isFastEnabled))

fast('reads what zlib makes of every size, level, strategy and history', () => {
  const history = prose(32_768, 5)
  const strategies = [constants.Z_DEFAULT_STRATEGY, constants.Z_HUFFMAN_ONLY, constants.Z_RLE, constants.Z_FIXED]
  for (let size = 1; size <= 4096; size += 1 + (size >> 4)) {
    for (const message of [prose(size, size), Buffer.alloc(size, 'ab'), Buffer.alloc(size, randomBytes(40, size))]) {
      for (const level of [0, 1, 4, 9]) {
        for (const strategy of strategies) {
          const before = history.subarray(0, (size * 7919) % 32_769)
          const dictionary = before.length > 0 ? before : undefined
          const payload = payloadOf(message, { level, strategy, dictionary })
          if (payload.length > 4096) continue
          assert.ok(inflateShort(payload, before, 4096)?.equals(message), `${size} ${level} ${strategy}`)
        }
      }
    }
  }
})

fast('reads a distance of 32,768 and not one more', () => {
  const history = randomBytes(32_768)
  assert.ok(inflateShort(farthestCopy, history, 258)?.equals(history.subarray(0, 258)))
  assert.is(inflateShort(farthestCopy, history.subarray(1), 258), null)
  assert.is(inflateShort(farthestCopy, none, 258), null)
})

fast('goes up to its limit and no byte further', () => {
  for (const message of [prose(1000), Buffer.alloc(1000), randomBytes(1000)]) {
    for (const level of [0, 6]) {
      const payload = payloadOf(message, { level })
      assert.ok(inflateShort(payload, none, 1000)?.equals(message))
      for (const most of [999, 998, 500, 1, 0]) assert.is(inflateShort(payload, none, most), null)
    }
  }
  assert.is(inflateShort(payloadOf(Buffer.alloc(4097)), none, 10_000), null)
  assert.is(inflateShort(payloadOf(randomBytes(4096)), none, 10_000), null)
})

fast('returns bytes in separate memory', () => {
  const first = inflateShort(payloadOf(prose(100, 1)), none, 4096)
  inflateShort(payloadOf(prose(100, 2)), none, 4096)
  assert.ok(first?.equals(prose(100, 1)))
})

fast('leaves to zlib what is not plain', () => {
  const notPlain = {
    'no whole block': '',
    'a final block': 'f348cdc9c9070000',
    'the reserved type': '06',
    'a tail that was not removed': 'f248cdc9c907000000ffff',
    'a stored block with a wrong check': '000500000048656c6c6f00',
    'a stored block cut short': '000500faff48656c',
    'code lengths of no set': '04c0ffffffffffff',
    'length code 286': '1b03',
    'distance code 30': '026003',
  }
  for (const [what, payload] of Object.entries(notPlain)) assert.is(inflateShort(hex(payload), none, 4096), null, what)
})

fast('of cut and damaged payloads reads what zlib and the decoder from the RFC read, or nothing', () => {
  const history = prose(500, 3)
  const sources = [prose(900), prose(60), prose(3000, 9), Buffer.alloc(600, 'xyz')].flatMap((message) =>
    [{}, { level: 0 }, { strategy: constants.Z_FIXED }, { dictionary: history }].map((options) =>
      payloadOf(message, options),
    ),
  )
  let read = 0
  const agrees = fc.property(damaged(fc.constantFrom(...sources)), fc.nat(15), (payload, turn) => {
    const message = inflateShort(payload, history, 4096)
    if (message === null) return
    read++
    const whole = Buffer.concat([payload, tail])
    const options = { finishFlush: constants.Z_SYNC_FLUSH, dictionary: history }
    assert.ok(inflateRawSync(whole, options).equals(message))
    if (turn > 0) return
    const { output, blocks } = slowInflate(whole, history)
    assert.ok(Buffer.from(output).equals(message))
    assert.equal(blocks.at(-1), { isFinal: false, type: 0, length: 0 })
  })
  fc.assert(agrees, { seed: 23, numRuns: 20_000 })
  assert.ok(read > 2000, `only ${read} were read`)
})
