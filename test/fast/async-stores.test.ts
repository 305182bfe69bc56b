import { AsyncLocalStorage, AsyncResource } from 'node:async_hooks'
import { mayHaveStores } from '../../src/fast/async-stores.ts'
import { isFastEnabled } from '../../src/fast/enabled.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('async stores')

const may = (): boolean => mayHaveStores(new AsyncResource('test'))

test('finds the store of any AsyncLocalStorage, of any type', () => {
  const [first, second] = [new AsyncLocalStorage<unknown>(), new AsyncLocalStorage<unknown>()]
  for (const store of [{}, 'text', 0, null, false, new Map()]) {
    assert.is(first.run(store, may), true)
    assert.is(
      first.run(undefined, () => second.run(store, may)),
      true,
    )
  }
})

test('finds no store where there is none, before and after; the portable version does not check', () => {
  const storage = new AsyncLocalStorage<unknown>()
  assert.is(may(), !isFastEnabled)
  storage.run({}, () => assert.is(storage.exit(may), !isFastEnabled))
  assert.is(storage.run(undefined, may), !isFastEnabled)
  assert.is(may(), !isFastEnabled)
})
