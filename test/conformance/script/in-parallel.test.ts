import { inParallel } from '../../../src/conformance/script/in-parallel.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('conformance/script/in-parallel')

test('every item is used once, so many at a time', async () => {
  const started: number[] = []
  let running = 0
  let most = 0
  await inParallel([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    most = Math.max(most, ++running)
    started.push(item)
    await new Promise((resolve) => setImmediate(resolve))
    running--
  })
  assert.equal(started, [1, 2, 3, 4, 5, 6, 7])
  assert.is(most, 3)
})

test('the first failure is the failure of all', async () => {
  const fail = async (item: number): Promise<void> => {
    if (item === 2) throw new Error('two')
  }
  assert.match((await thrownBy(() => inParallel([1, 2, 3], 1, fail)))?.message ?? '', /two/)
})
