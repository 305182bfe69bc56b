import { MemoryBudget } from '../../src/deflate/budget.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('deflate memory budget')

test('accepts what stays under the limit of the caller', () => {
  const budget = new MemoryBudget()
  budget.hold(60)
  assert.ok(budget.fits(40, 100))
  assert.not(budget.fits(41, 100))
  assert.ok(budget.fits(41, 200))
  budget.hold(-60)
  assert.ok(budget.fits(100, 100))
})

test('promises windows while both the promised and the used memory leave room', () => {
  const budget = new MemoryBudget()
  budget.promise(60)
  assert.ok(budget.canPromise(40, 100))
  assert.not(budget.canPromise(41, 100))
  budget.promise(-60)
  budget.hold(61)
  assert.not(budget.canPromise(40, 100))
})
