import { MemoryBudget } from '../../src/deflate/budget.ts'
import { History } from '../../src/deflate/history.ts'
import { seededRandom } from '../support/random.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('deflate history')

test('stores the last bytes of everything appended, in any sizes', () => {
  const next = seededRandom(3)
  for (const size of [256, 300, 4096]) {
    const history = new History(size, new MemoryBudget())
    let all = Buffer.alloc(0)
    for (let round = 0; round < 200; round++) {
      const message = Buffer.alloc(Math.floor(next() ** 3 * size * 1.5), round)
      history.append(message)
      all = Buffer.concat([all, message]).subarray(-size)
      assert.ok(history.bytes.equals(all))
    }
  }
})

test('grows with the messages, and releases all its memory', () => {
  const budget = new MemoryBudget()
  const history = new History(32_768, budget)
  assert.is(budget.used, 0)
  history.append(Buffer.alloc(1000))
  assert.is(budget.used, 1024)
  history.append(Buffer.alloc(1_000_000))
  assert.is(budget.used, 32_768)
  history.clear()
  assert.is(budget.used, 0)
  assert.is(history.bytes.length, 0)
})

test('stores a copy: the owner of a message may change it', () => {
  const history = new History(1024, new MemoryBudget())
  const message = Buffer.from('Hello')
  history.append(message)
  message.fill(0)
  assert.is(history.bytes.toString(), 'Hello')
})
