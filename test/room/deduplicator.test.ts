import { Seen } from '../../src/room/deduplicator.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('messages seen')

test('takes each message of a process once', () => {
  const seen = new Seen()
  const taken = [1, 1, 3, 2, 4].map((sequence) => seen.take('p', sequence))
  assert.equal(taken, [true, false, true, false, true])
  assert.is(seen.take('q', 1), true)
})

test('remembers a bounded number of processes', () => {
  const seen = new Seen()
  for (let i = 0; i <= 1000; i++) seen.take(`p${i}`, 5)
  assert.is(seen.take('p1000', 5), false)
  assert.is(seen.take('p0', 5), true)
})
