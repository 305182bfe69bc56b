import { TokenBucket } from '../../../src/connection/receive/token-bucket.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('token bucket')

test('accepts a burst of ten times the rate by default', () => {
  const bucket = new TokenBucket({ perSecond: 2 }, 0)
  for (let i = 0; i < 20; i++) assert.is(bucket.take(1, 0), 0)
  assert.is(bucket.take(1, 0), 500)
})

test('fills at its rate up to its burst and never beyond', () => {
  const bucket = new TokenBucket({ perSecond: 1000, burst: 10 }, 0)
  assert.is(bucket.take(10, 0), 0)
  assert.is(bucket.take(5, 5), 0)
  assert.is(bucket.take(10, 1_000_000), 0)
  assert.is(bucket.take(1, 1_000_000), 1)
})

test('returns how long the balance stays negative when more tokens are removed than are available', () => {
  const bucket = new TokenBucket({ perSecond: 100, burst: 100 }, 0)
  assert.is(bucket.take(300, 0), 2_000)
  assert.is(bucket.take(0, 1_500), 500)
  assert.is(bucket.take(0, 2_000), 0)
  assert.is(bucket.take(1, 2_000), 10)
})
