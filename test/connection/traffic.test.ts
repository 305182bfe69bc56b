import { LATENCY_BOUNDS, Traffic } from '../../src/connection/traffic.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('traffic')

test('counts close codes', () => {
  const traffic = new Traffic()
  for (const code of [1000, 1001, 1000]) traffic.countClose(code)
  assert.equal(
    [...traffic.closeCodes],
    [
      [1000, 2],
      [1001, 1],
    ],
  )
})

test('counts a round trip in the first bucket whose bound it does not pass', () => {
  const traffic = new Traffic()
  for (const milliseconds of [0, 1, 1.1, 10_000, 10_001, 1e9]) traffic.countLatency(milliseconds)
  const counts = new Array(LATENCY_BOUNDS.length + 1).fill(0)
  counts[0] = 2
  counts[1] = 1
  counts[LATENCY_BOUNDS.length - 1] = 1
  counts[LATENCY_BOUNDS.length] = 2
  assert.equal(traffic.latency, counts)
  assert.is(traffic.latencySum, 0 + 1 + 1.1 + 10_000 + 10_001 + 1e9)
})
