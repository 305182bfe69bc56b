import { isFastEnabled } from '../../src/fast/enabled.ts'
import { moduleBytes } from '../../src/fast/load-wasm.ts'
import { moduleText, simd } from '../../src/fast/simd.ts'
import { fastPath, testWith } from '../support/need.ts'
import { seededRandom } from '../support/random.ts'
import { assert, suite } from '../support/unit.ts'
import { assemble, importWithoutWebAssembly } from '../support/webassembly.ts'
import { hex, maskSlowly } from '../support/wire.ts'

const test = suite('simd')
const KEY = hex('37 fa 21 3d')

test('is the module that its source assembles to', async () => {
  assert.equal(moduleBytes(moduleText), await assemble('fast/simd.wat', { simd: true }))
})

test('exists unless the plain replacements are selected', () => {
  assert.is(simd === null, !isFastEnabled)
})

test('does not exist where the processor has no SIMD, or the runtime no WebAssembly', async (t) => {
  const others = await importWithoutWebAssembly<typeof import('../../src/fast/simd.ts')>(t, 'fast/simd.ts')
  assert.equal(
    others.map((other) => other.simd),
    [null, null],
  )
})

testWith(test, fastPath(simd !== null))(
  'unmasks every length from 0 to 80 at every offset as a byte loop does, and tells ASCII from the rest',
  () => {
    const { window, unmask } = simd!
    const random = seededRandom(3)
    for (let length = 0; length <= 80; length++) {
      for (let offset = 0; offset < 17; offset++) {
        for (const limit of [128, 256]) {
          window.fill(0xee, 0, 128)
          const plain = Buffer.from(Array.from({ length }, () => Math.floor(random() * limit)))
          maskSlowly(plain, KEY).copy(window, offset)
          const flag = unmask(offset, offset + length, KEY.readInt32LE(0))
          assert.is(window.toString('hex', offset, offset + length), plain.toString('hex'))
          assert.is(flag, plain.some((byte) => byte > 127) ? 128 : 0)
          assert.is(window[offset + length], 0xee)
          if (offset > 0) assert.is(window[offset - 1], 0xee)
        }
      }
    }
  },
)
