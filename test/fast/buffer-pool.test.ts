import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { keepBuffer, takeBuffer } from '../../src/fast/buffer-pool.ts'
import { endOfTick } from '../support/tick.ts'

import { assert, suite } from '../support/unit.ts'

const test = suite('buffer pool')
const KIB = 1024

/** Removes all stored buffers; other tests of this process may have left some. */
function takeAll(): number[] {
  const sizes: number[] = []
  for (let size = 32 * KIB; size <= 1024 * KIB; size *= 2) {
    for (let spare = takeBuffer(size); spare !== null; spare = takeBuffer(size)) sizes.push(spare.length)
  }
  return sizes
}

test('returns what was stored last and fits', () => {
  takeAll()
  const spares = [100, 101, 300].map((size) => Buffer.alloc(size * KIB))
  for (const spare of spares) keepBuffer(spare)
  const taken = [149, 150, 101, 100, 100, 299].map((size) => takeBuffer(size * KIB))
  const expected = [null, spares[2], spares[1], spares[0], null, null]
  for (const [i, spare] of taken.entries()) assert.ok(spare === expected[i], `${i}`)
})

test('stores up to eight buffers of 64 KiB to 1 MiB', () => {
  takeAll()
  for (const size of [64 * KIB - 1, 1024 * KIB + 1]) keepBuffer(Buffer.alloc(size))
  assert.equal(takeAll(), [])
  for (let i = 0; i < 10; i++) keepBuffer(Buffer.alloc(64 * KIB + i))
  const newest = [9, 8, 7, 6, 5, 4, 3, 2].map((i) => 64 * KIB + i)
  assert.equal(takeAll(), newest)
})

test('garbage collection can free what it stores', async () => {
  takeAll()
  setFlagsFromString('--expose-gc')
  const collectGarbage = runInNewContext('gc') as () => void
  for (const use of [takeAll, () => keepBuffer(Buffer.alloc(64 * KIB))]) {
    keepBuffer(Buffer.alloc(100 * KIB))
    // A buffer that was accessed in this turn of the event loop stays alive until the turn ends.
    await endOfTick()
    collectGarbage()
    use()
    assert.not(takeAll().includes(100 * KIB))
  }
})
