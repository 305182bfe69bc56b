import { median, pairedRatios, quantile, relativeSpread, rotated, spreadOf } from '../../../bench/measure/statistics.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('bench stats')

test('the median is the middle of an odd count and the mean of the middle two of an even one', () => {
  assert.is(median([3, 1, 2]), 2)
  assert.is(median([4, 1, 3, 2]), 2.5)
  assert.ok(Number.isNaN(median([])))
})

test('interpolates between neighbours', () => {
  assert.is(quantile([0, 10], 0.25), 2.5)
  assert.is(quantile([7], 0.9), 7)
})

test('leaves the values in their order', () => {
  const values = [3, 1, 2]
  median(values)
  assert.equal(values, [3, 1, 2])
})

test('spans the quartiles', () => {
  assert.equal(spreadOf([1, 2, 3, 4, 5]), { median: 3, low: 2, high: 4 })
  assert.is(relativeSpread({ median: 10, low: 9, high: 11 }), 0.2)
})

test('divides round by round, so that a slow round cancels out', () => {
  assert.equal(pairedRatios([10, 100], [5, 50]), [2, 2])
  assert.equal(pairedRatios([10, 100, 7], [5, 50]), [2, 2])
})

test('begins each round with another peer', () => {
  assert.equal(rotated(['a', 'b', 'c'], 1), ['b', 'c', 'a'])
  assert.equal(rotated(['a', 'b', 'c'], 3), ['a', 'b', 'c'])
  assert.equal(rotated([], 5), [])
})
