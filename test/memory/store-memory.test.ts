import { releaseStores, StoreMemory, storesUsed } from '../../src/memory/store-memory.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('store memory')

/** A store whose entries have ten bytes. */
function makeStore(order: 0 | 1 | 2, count: number) {
  const memory: StoreMemory = new StoreMemory(order, (bytes) => {
    const goal = memory.used - bytes
    while (memory.used > goal && memory.used > 0) memory.change(-10)
  })
  memory.change(10 * count)
  return memory
}

test('stores release memory in their order, as much as is asked for', () => {
  const before = storesUsed()
  const [last, first] = [makeStore(2, 5), makeStore(0, 5)]
  assert.is(storesUsed() - before, 100)
  releaseStores(25)
  assert.equal([first.used, last.used], [20, 50])
  releaseStores(25)
  assert.equal([first.used, last.used], [0, 40])
  releaseStores(1000)
  assert.equal([first.used, last.used, storesUsed() - before], [0, 0, 0])
})
