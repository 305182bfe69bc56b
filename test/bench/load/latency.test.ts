import { Histogram } from '../../../bench/load/latency.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('bench histogram')

test('counts small values exactly', () => {
  const histogram = new Histogram()
  for (let value = 0; value < 100; value++) histogram.record(value)
  assert.is(histogram.percentile(50), 49)
  assert.is(histogram.percentile(99), 98)
  assert.is(histogram.percentile(100), 99)
})

test('keeps every percentile within 1/64 of the truth over the whole range', () => {
  for (let value = 1; value < 2 ** 31; value = Math.ceil(value * 1.37)) {
    const histogram = new Histogram()
    histogram.record(value)
    histogram.record(2 ** 31 - 1)
    const found = histogram.percentile(50)
    assert.ok(found >= value && found <= value * (1 + 1 / 64), `${value} came out as ${found}`)
  }
})

test('never reports more than the largest value', () => {
  const histogram = new Histogram()
  histogram.record(1000)
  assert.is(histogram.percentile(99.9), 1000)
  assert.is(histogram.largest, 1000)
})

test('puts 99.9 % of a thousand values at the 999th', () => {
  const histogram = new Histogram()
  histogram.record(1, 999)
  histogram.record(100)
  assert.is(histogram.percentile(99.9), 1)
  assert.is(histogram.percentile(99.99), 100)
})

test('counts what lies outside at its nearer end', () => {
  const histogram = new Histogram()
  histogram.record(-5)
  histogram.record(1e12)
  assert.is(histogram.percentile(1), 0)
  assert.is(histogram.largest, 2 ** 31 - 1)
  assert.is(histogram.total, 2)
})

test('answers 0 when nothing was recorded', () => {
  assert.is(new Histogram().percentile(99), 0)
})

test('adds up to the same as one histogram of all values', () => {
  const [one, other, both] = [new Histogram(), new Histogram(), new Histogram()]
  for (let value = 1; value < 1e6; value = Math.ceil(value * 1.01)) {
    const half = value % 2 === 0 ? one : other
    half.record(value)
    both.record(value)
  }
  one.add(other)
  assert.equal(one.summary(), both.summary())
  assert.is(one.total, both.total)
})

test('summarizes in the unit that is asked for', () => {
  const histogram = new Histogram()
  histogram.record(50)
  assert.is(histogram.summary(0.1)['50'], 5)
})
