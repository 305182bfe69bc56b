import { deflateMemory, deflateNow, zlibOptions } from '../../src/deflate/deflate.ts'
import { assert, suite } from '../support/unit.ts'
import { prose, randomBytes } from './message.ts'
import { slowInflate } from './slow-inflate.ts'

const test = suite('deflate')
const tail = Buffer.from([0x00, 0x00, 0xff, 0xff])
const whole = (payload: Buffer | null) => Buffer.concat([payload!, tail])

/**
 * Returns random pieces, each repeated at every distance to which a compressor with a window of 8 or 9 bits might
 * refer.
 */
function temptation(): Buffer {
  const parts: Buffer[] = []
  for (let distance = 200; distance <= 600; distance += 7) {
    const piece = randomBytes(distance, distance)
    parts.push(piece, piece.subarray(0, 40))
  }
  return Buffer.concat([...parts, prose(8000)])
}

test('no level ever reaches back farther than the agreed window, of 8 bits too', () => {
  const message = temptation()
  for (let windowBits = 8; windowBits <= 12; windowBits++) {
    for (let level = 0; level <= 9; level++) {
      const { output, farthest } = slowInflate(whole(deflateNow(message, { level, memLevel: 8, windowBits }, null)))
      assert.ok(Buffer.from(output).equals(message))
      assert.ok(farthest <= 2 ** windowBits, `level ${level} reached back ${farthest} with ${windowBits} bits`)
    }
  }
})

test('a window of 15 bits is used', () => {
  const piece = randomBytes(30_000)
  const payload = deflateNow(Buffer.concat([piece, piece]), { level: 6, memLevel: 8, windowBits: 15 }, null)
  assert.is(slowInflate(whole(payload)).farthest, 30_000)
})

test('the history is in the window, and reaches back no farther than agreed', () => {
  const history = randomBytes(4096)
  for (const windowBits of [8, 9, 11, 15]) {
    const payload = deflateNow(history.subarray(3500), { level: 6, memLevel: 8, windowBits }, history)
    const { output, farthest } = slowInflate(whole(payload), history)
    assert.ok(Buffer.from(output).equals(history.subarray(3500)))
    assert.ok(farthest <= 2 ** windowBits)
    assert.is(payload!.length < 100, windowBits >= 11)
  }
})

test('every message ends with an empty block less its last four bytes, and has no final one', () => {
  for (const size of [0, 1, 2, 100, 1024, 16_384, 70_000]) {
    const payload = deflateNow(prose(size), { level: 4, memLevel: 8, windowBits: 15 }, null)
    const { output, blocks } = slowInflate(whole(payload))
    assert.is(output.length, size)
    assert.equal(blocks.at(-1), { isFinal: false, type: 0, length: 0 })
    assert.not(blocks.some((block) => block.isFinal))
  }
})

test('short messages get small tables, long ones what was asked for', () => {
  const settings = { level: 6, memLevel: 8, windowBits: 15 }
  assert.is(zlibOptions(settings, 1, null).windowBits, 9)
  assert.is(zlibOptions(settings, 1, null).memLevel, 1)
  assert.is(zlibOptions(settings, 1024, null).windowBits, 11)
  assert.is(zlibOptions(settings, 1024, Buffer.alloc(4096)).windowBits, 13)
  assert.is(zlibOptions(settings, 1_000_000, null).windowBits, 15)
  assert.is(zlibOptions(settings, 1_000_000, null).memLevel, 8)
  assert.is(zlibOptions({ ...settings, windowBits: 8 }, 1_000_000, null).windowBits, 9)
  assert.is(deflateMemory(settings, 1_000_000), 262_144)
})
