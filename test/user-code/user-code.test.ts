import { mock } from 'node:test'
import { runInNewContext } from 'node:vm'
import { callUser, reportTo, watchResult } from '../../src/user-code/user-code.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('user code')

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

/** Resolves to what `onFailure` is called with for this callback. */
async function failuresOf(callback: () => unknown): Promise<unknown[]> {
  const failures: unknown[] = []
  callUser(callback, (error) => failures.push(error))
  await nextTurn()
  return failures
}

test('passes on what a callback throws', async () => {
  const failures = await failuresOf(() => {
    throw 'thrown'
  })
  assert.equal(failures, ['thrown'])
})

test('passes on the rejection of any thenable, of another realm too', async () => {
  assert.equal(await failuresOf(async () => Promise.reject('async')), ['async'])
  assert.equal(await failuresOf(() => runInNewContext('Promise.reject("foreign")')), ['foreign'])
  // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
  const rejecting = { then: (_: unknown, reject: (reason: unknown) => void) => reject('own') }
  assert.equal(await failuresOf(() => rejecting), ['own'])
})

test('passes on what reading or calling `then` throws', async () => {
  const broken = {
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
    get then(): never {
      throw 'getter'
    },
  }
  assert.equal(await failuresOf(() => broken), ['getter'])
  const throwing = () => {
    throw 'call'
  }
  // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
  assert.equal(await failuresOf(() => ({ then: throwing })), ['call'])
  assert.is(await thrownBy(() => watchResult(broken, () => {})), 'getter' as never)
})

test('ignores results that are not promises, and promises that are fulfilled', async () => {
  for (const result of [undefined, null, 0, true, 'text', {}, () => {}, Promise.resolve()])
    assert.equal(await failuresOf(() => result), [])
})

test('writes what `onError` throws or rejects with to standard error', async (t) => {
  const written: unknown[] = []
  const method = mock.method(console, 'error', (error: unknown) => written.push(error))
  t.after(() => method.mock.restore())
  const received: unknown[] = []
  reportTo((error) => received.push(error), 'first')
  reportTo(() => {
    throw 'second'
  }, 'error')
  reportTo(async () => Promise.reject('third'), 'error')
  await nextTurn()
  assert.equal(received, ['first'])
  assert.equal(written, ['second', 'third'])
})
