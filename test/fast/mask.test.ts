import { readMaskingKey, rotateKey } from '../../src/core/masking-key.ts'
import { plainEngine } from '../../src/core/plain-engine.ts'
import { applyMask } from '../../src/fast/mask.ts'
import { seededRandom } from '../support/random.ts'
import { assert, suite } from '../support/unit.ts'
import { hex, maskSlowly } from '../support/wire.ts'

const test = suite('mask')
const KEY = hex('37 fa 21 3d')
/** The fast implementation and the reference. */
const masks = [applyMask, plainEngine.mask]

test('masks every length from 0 to 64 at every alignment and phase as a byte loop does', () => {
  const random = seededRandom(1)
  for (let length = 0; length <= 64; length++) {
    for (let alignment = 0; alignment < 8; alignment++) {
      for (let phase = 0; phase < 4; phase++) {
        const before = Buffer.from(Array.from({ length: 96 }, () => Math.floor(random() * 256)))
        const expected = Buffer.from(before)
        maskSlowly(before.subarray(alignment, alignment + length), KEY, phase).copy(expected, alignment)
        for (const mask of masks) {
          const memory = Buffer.from(before)
          mask(memory, alignment, alignment + length, rotateKey(readMaskingKey(KEY, 0), phase))
          const message = `length ${length}, alignment ${alignment}, phase ${phase}`
          assert.equal(memory.toString('hex'), expected.toString('hex'), message)
        }
      }
    }
  }
})

test('masks within a view that begins anywhere in its buffer', () => {
  for (let offset = 0; offset < 8; offset++) {
    const memory = Buffer.from(new Uint8Array(256).buffer, offset, 100)
    applyMask(memory, 3, 99, readMaskingKey(KEY, 0))
    assert.equal(memory.subarray(3, 99).toString('hex'), maskSlowly(Buffer.alloc(96), KEY).toString('hex'))
    assert.equal([...memory.subarray(0, 3), memory[99]], [0, 0, 0, 0])
  }
})

test('returns whether the result is ASCII, wherever its only other byte is', () => {
  for (let length = 1; length <= 40; length++) {
    const ascii = maskSlowly(Buffer.alloc(length, 0x7f), KEY)
    for (const mask of masks) assert.ok(mask(Buffer.from(ascii), 0, length, readMaskingKey(KEY, 0)))
    for (let at = 0; at < length; at++) {
      const plain = Buffer.alloc(length, 0x41)
      plain[at] = 0x80
      for (const mask of masks) assert.not(mask(maskSlowly(plain, KEY), 0, length, readMaskingKey(KEY, 0)))
    }
  }
})

test('rotates a key by the bytes that were masked with it', () => {
  assert.is(rotateKey(readMaskingKey(KEY, 0), 0) >>> 0, 0x3d21fa37)
  assert.is(rotateKey(readMaskingKey(KEY, 0), 1) >>> 0, 0x373d21fa)
  assert.is(rotateKey(readMaskingKey(KEY, 0), 6) >>> 0, 0xfa373d21)
})
