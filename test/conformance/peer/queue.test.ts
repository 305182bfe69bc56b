import { Queue } from '../../../src/conformance/peer/queue.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/peer/queue')

test('returns items in their order, whatever happens between', () => {
  const queue = new Queue<number>()
  queue.push(1, 2)
  assert.is(queue.shift(), 1)
  queue.push(3)
  queue.unshift(0)
  assert.equal(queue.toArray(), [0, 2, 3])
  assert.is(queue.length, 3)
  assert.equal([queue.shift(), queue.shift(), queue.shift(), queue.shift()], [0, 2, 3, undefined])
  assert.is(queue.length, 0)
})

test('puts an item back in front of those that nobody has removed yet', () => {
  const queue = new Queue<number>()
  queue.push(2)
  queue.unshift(1)
  assert.equal(queue.toArray(), [1, 2])
  assert.is(queue.shift(), 1)
})
