import { constants, deflateRawSync } from 'node:zlib'
import { mixedText } from '../../../src/conformance/wire/data-set.ts'
import { BlockWriter, largestDistanceIn } from '../../../src/conformance/wire/deflate-block.ts'
import { Inflater } from '../../../src/conformance/wire/inflate.ts'
import { Random } from '../../../src/conformance/wire/random.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('conformance/wire/deflate-block')
const random = new Random(1, 'block')

test('writes the examples of RFC 7692 §7.2.3', () => {
  const letters = [...Buffer.from('Hello')]
  assert.is(new BlockWriter().fixed(letters).payload().toString('hex'), 'f248cdc9c90700')
  assert.is(new BlockWriter().stored(Buffer.from('Hello')).payload().toString('hex'), '000500faff48656c6c6f00')
})

test('writes references of every distance that zlib understands and the reader finds', () => {
  for (const distance of [1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 255, 256, 257, 4096, 24_577, 32_767, 32_768]) {
    for (const length of [3, 10, 258]) {
      const bytes = random.bytes(distance)
      const payload = new BlockWriter().stored(bytes).fixed([200, { length, distance }]).payload()
      const all = [...bytes, 200]
      for (let count = 0; count < length; count++) all.push(all[all.length - distance])
      assert.equal(new Inflater().inflate(payload), Buffer.from(all))
      assert.is(largestDistanceIn(payload), distance)
    }
  }
})

test('finds the largest distance in what zlib wrote', () => {
  const text = mixedText(random, 30_000)
  const bytes = Buffer.concat([text, text])
  const payload = deflateRawSync(bytes, { level: 9, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
  assert.is(largestDistanceIn(payload), 30_000)
  const near = deflateRawSync(bytes, { windowBits: 9, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
  assert.ok(largestDistanceIn(near) <= 250)
  const stored = deflateRawSync(bytes, { level: 0, finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4)
  assert.is(largestDistanceIn(stored), 0)
})

test('continues after a block with BFINAL', () => {
  assert.is(largestDistanceIn(Buffer.from('f348cdc9c9070000', 'hex')), 0)
})

test('refuses what is not DEFLATE data', async () => {
  assert.match((await thrownBy(() => largestDistanceIn(Buffer.of(6)))).message, /reserved block type/)
  assert.match((await thrownBy(() => largestDistanceIn(Buffer.of(0xf2, 0x48)))).message, /ends inside|stands for/)
  assert.match((await thrownBy(() => new BlockWriter().fixed([{ length: 11, distance: 1 }]))).message, /length is 11/)
})
