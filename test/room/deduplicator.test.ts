import { Deduplicator } from '../../src/room/deduplicator.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('deduplicator')

test('accepts each message of a process once', () => {
  const seen = new Deduplicator()
  const accepted = [1, 1, 3, 2, 4].map((sequence) => seen.accept({ origin: 'p', sequence }))
  assert.equal(accepted, [true, false, true, false, true])
  assert.is(seen.accept({ origin: 'q', sequence: 1 }), true)
})

test('remembers a bounded number of processes', () => {
  const seen = new Deduplicator()
  for (let i = 0; i <= 1000; i++) seen.accept({ origin: `p${i}`, sequence: 5 })
  assert.is(seen.accept({ origin: 'p1000', sequence: 5 }), false)
  assert.is(seen.accept({ origin: 'p0', sequence: 5 }), true)
})
