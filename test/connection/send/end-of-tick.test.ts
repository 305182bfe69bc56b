import { flushAtEndOfTick, flushEndOfTick } from '../../../src/connection/send/end-of-tick.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('end of tick')

test('flushes at the end of the tick, in order, once', async () => {
  const flushed: string[] = []
  flushAtEndOfTick({ flush: () => flushed.push('a') })
  flushAtEndOfTick({ flush: () => flushed.push('b') })
  assert.equal(flushed, [])
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(flushed, ['a', 'b'])
})

test('flushes at once when it is asked to, also what was deferred by flushing', () => {
  const flushed: string[] = []
  const second = { flush: () => flushed.push('second') }
  flushAtEndOfTick({
    flush: () => {
      flushed.push('first')
      flushEndOfTick()
      flushAtEndOfTick(second)
    },
  })
  flushEndOfTick()
  assert.equal(flushed, ['first'])
  flushEndOfTick()
  flushEndOfTick()
  assert.equal(flushed, ['first', 'second'])
})
