import { TimeLimit, within } from '../../../src/conformance/wire/time-limit.ts'
import { block } from '../../support/blocked-loop.ts'
import { stopClock } from '../../support/clock.ts'
import { turns } from '../../support/tick.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/wire/time-limit')

test('passes after its time, and says how much of it was spent', async (t) => {
  const clock = stopClock(t)
  let count = 0
  const limit = new TimeLimit(600, () => count++)
  clock.tick(500)
  assert.is(Math.round(limit.spent), 500)
  clock.tick(99)
  await turns()
  assert.equal([limit.hasPassed, count], [false, 0])
  clock.tick(1)
  await turns()
  assert.equal([limit.hasPassed, count], [true, 1])
})

test('begins again, and never passes once stopped', async (t) => {
  const clock = stopClock(t)
  let count = 0
  const limit = new TimeLimit(100, () => count++)
  clock.tick(90)
  limit.restart(100)
  clock.tick(90)
  await turns()
  assert.is(count, 0)
  assert.is(Math.round(limit.spent), 180)
  clock.tick(10)
  limit.stop()
  clock.tick(1000)
  await turns()
  assert.equal([limit.hasPassed, count], [false, 0])
})

test('hardly counts time in which the event loop is blocked', async (t) => {
  const limit = new TimeLimit(10_000)
  t.after(() => limit.stop())
  block(1500)
  await turns()
  assert.ok(limit.spent < 1000)
})

test('resolves to null when the time passes before the work is done', async (t) => {
  const clock = stopClock(t)
  const nothing = within(new Promise<number>(() => {}), 50)
  assert.is(await within(Promise.resolve(1), 50), 1)
  clock.tick(50)
  assert.is(await nothing, null)
})
