import { Latencies } from '../../../bench/load/latency.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('bench latencies')

test('reports microseconds by percentile', () => {
  const latencies = new Latencies()
  for (let milliseconds = 1; milliseconds <= 100; milliseconds++) latencies.record(milliseconds)
  const summary = latencies.summary()
  assert.equal(Object.keys(summary), ['50', '75', '90', '95', '99', '100', '99.5', '99.9', '99.99'])
  for (const percent of [50, 75, 99, 100]) {
    const found = summary[percent]
    assert.ok(Math.abs(found / (percent * 1000) - 1) < 0.001, `${percent} % came out as ${found}`)
  }
})

test('is exact to a thousandth from a nanosecond to ten minutes', () => {
  for (let milliseconds = 1e-6; milliseconds < 600_000; milliseconds *= 1.37) {
    const latencies = new Latencies()
    latencies.record(milliseconds)
    latencies.record(3_600_000)
    const nanoseconds = Math.round(milliseconds * 1e6)
    const found = latencies.summary()['50'] * 1000
    assert.ok(found >= nanoseconds && found <= nanoseconds * 1.001, `${nanoseconds} ns came out as ${found}`)
  }
})

test('puts 99.9 % of a thousand values at the 999th', () => {
  const latencies = new Latencies()
  for (let count = 0; count < 999; count++) latencies.record(0.001)
  latencies.record(0.1)
  const summary = latencies.summary()
  assert.is(summary['99.9'], 1)
  assert.ok(summary['99.99'] >= 100)
})

test('counts what took no time as a nanosecond', () => {
  const latencies = new Latencies()
  latencies.record(0)
  latencies.record(-5)
  assert.is(latencies.summary()['100'], 0.001)
})

test('answers 0 when nothing was recorded', () => {
  assert.is(new Latencies().summary()['99'], 0)
})
