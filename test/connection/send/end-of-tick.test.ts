import { defer, flushDeferred } from '../../../src/connection/send/end-of-tick.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('deferred')

test('flushes at the end of the tick, in order, once', async () => {
  const flushed: string[] = []
  defer({ flush: () => flushed.push('a') })
  defer({ flush: () => flushed.push('b') })
  assert.equal(flushed, [])
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(flushed, ['a', 'b'])
})

test('flushes at once when it is asked to, also what was deferred by flushing', () => {
  const flushed: string[] = []
  const second = { flush: () => flushed.push('second') }
  defer({
    flush: () => {
      flushed.push('first')
      flushDeferred()
      defer(second)
    },
  })
  flushDeferred()
  assert.equal(flushed, ['first'])
  flushDeferred()
  flushDeferred()
  assert.equal(flushed, ['first', 'second'])
})
