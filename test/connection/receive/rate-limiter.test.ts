import { mock } from 'node:test'
import { type ConnectionLimits, readLimits } from '../../../src/connection/limits.ts'
import { RateLimiter } from '../../../src/connection/receive/rate-limiter.ts'
import { wheel } from '../../../src/transport/timing-wheel.ts'
import { assert, suite, type TestContext } from '../../support/unit.ts'

const test = suite('rate limiter')

/** Makes a limiter with a clock that the test controls. */
function limiter(t: TestContext, limits: Partial<ConnectionLimits>) {
  mock.timers.enable({ apis: ['setTimeout'] })
  const begin = wheel.time
  let time = begin
  const clock = mock.method(performance, 'now', () => time)
  t.after(() => {
    mock.timers.reset()
    clock.mock.restore()
    wheel.time = begin
  })
  const waits: number[] = []
  const rates = new RateLimiter(readLimits(limits), { onOverRate: (wait) => waits.push(Math.round(wait)) })
  /** Lets time pass while the event loop is blocked. */
  const block = (milliseconds: number): void => {
    time += milliseconds
  }
  const pass = (milliseconds: number): void => {
    block(milliseconds)
    wheel.time = time
    mock.timers.tick(milliseconds)
  }
  return { rates, waits, pass, block }
}

test('counts messages, bytes and pings each against its own rate', (t) => {
  const { rates, waits } = limiter(t, {
    messageRate: { perSecond: 1, burst: 2 },
    byteRate: { perSecond: 100, burst: 100 },
    pingRate: { perSecond: 10, burst: 1 },
  })
  rates.countMessage()
  rates.countMessage()
  rates.countBytes(100)
  rates.countPing()
  assert.equal(waits, [])
  rates.countMessage()
  rates.countBytes(50)
  rates.countPing()
  assert.equal(waits, [1_000, 500, 100])
})

test('accepts everything without rates, and 1,000 pings per second by default', (t) => {
  const { rates, waits } = limiter(t, {})
  for (let i = 0; i < 10_000; i++) {
    rates.countMessage()
    rates.countBytes(1_000_000)
    rates.countPing()
  }
  assert.equal(waits, [])
  rates.countPing()
  assert.equal(waits, [1])
})

test('forgives with time', (t) => {
  const { rates, waits, pass } = limiter(t, { messageRate: { perSecond: 1, burst: 1 } })
  rates.countMessage()
  pass(1_000)
  rates.countMessage()
  assert.equal(waits, [])
})

test('accepts what a peer sent at its rate while the event loop was blocked, even more than the burst', (t) => {
  const { rates, waits, pass, block } = limiter(t, { messageRate: { perSecond: 20, burst: 5 } })
  block(1_000)
  for (let i = 0; i < 25; i++) rates.countMessage()
  assert.equal(waits, [])
  rates.countMessage()
  assert.equal(waits, [50])
  pass(50)
  rates.countMessage()
  assert.equal(waits, [50, 50])
})

test('resumes after the longest wait, once', (t) => {
  const { rates, pass } = limiter(t, {})
  const resumed: string[] = []
  rates.wait(1_000, () => resumed.push('long'))
  rates.wait(10, () => resumed.push('short'))
  pass(999)
  assert.equal(resumed, [])
  pass(1)
  assert.equal(resumed, ['long'])
  rates.wait(100, () => resumed.push('next'))
  rates.wait(200, () => resumed.push('longer'))
  pass(200)
  assert.equal(resumed, ['long', 'longer'])
})

test('waits 50 ms at the least', (t) => {
  const { rates, pass } = limiter(t, {})
  let resumed = 0
  rates.wait(1, () => resumed++)
  pass(49)
  assert.is(resumed, 0)
  pass(1)
  assert.is(resumed, 1)
})

test('waits as long as a timer can where the rate asks for more, and does not resume at once', (t) => {
  const { rates, pass } = limiter(t, {})
  let resumed = 0
  rates.wait(1e12, () => resumed++)
  pass(2 ** 31 - 2)
  assert.is(resumed, 0)
  pass(1)
  assert.is(resumed, 1)
})

test('waits no more once stopped', (t) => {
  const { rates, pass } = limiter(t, {})
  let resumed = 0
  rates.wait(10, () => resumed++)
  rates.stop()
  rates.wait(10, () => resumed++)
  pass(100)
  assert.is(resumed, 0)
})
