import { AsyncLocalStorage } from 'node:async_hooks'
import { now, type TimerEntry, TimingWheel } from '../../src/transport/timing-wheel.ts'
import { block } from '../support/blocked-loop.ts'
import { socketPair } from '../support/socket-pair.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('timers')

class Entry implements TimerEntry {
  timerNext: TimerEntry | null = null
  timerPrevious: TimerEntry | null = null
  timerSlot = -1
  timerDue = 0
  readonly fired: Promise<number>
  count = 0
  #resolve!: (time: number) => void

  constructor() {
    this.fired = new Promise((resolve) => {
      this.#resolve = resolve
    })
  }

  onTimer(time: number): void {
    this.count++
    this.#resolve(time)
  }
}

test('fires an entry when it is due, never before, and forgets it', async () => {
  const wheel = new TimingWheel()
  const entry = new Entry()
  const start = now()
  wheel.schedule(entry, 120)
  const keepAlive = setTimeout(() => {}, 5000)
  const time = await entry.fired
  clearTimeout(keepAlive)
  assert.ok(time - start >= 120)
  assert.is(entry.timerSlot, -1)
  assert.is(wheel.size, 0)
})

test('fires in the order of due times without canceled entries, also from inside a callback', async () => {
  const wheel = new TimingWheel()
  const [first, second, third, cancelled, twice] = Array.from({ length: 5 }, () => new Entry())
  wheel.schedule(third, 260)
  wheel.schedule(first, 10)
  wheel.schedule(second, 140)
  wheel.schedule(cancelled, 190)
  wheel.schedule(twice, 20)
  wheel.schedule(twice, 200)
  first.onTimer = ((original) => (time: number) => {
    original.call(first, time)
    wheel.cancel(cancelled)
  })(first.onTimer)
  assert.is(wheel.size, 5)
  const keepAlive = setTimeout(() => {}, 5000)
  const times = await Promise.all([first.fired, second.fired, twice.fired, third.fired])
  clearTimeout(keepAlive)
  assert.equal(
    times,
    times.toSorted((a, b) => a - b),
  )
  assert.is(cancelled.count, 0)
  assert.is(twice.count, 1)
  assert.is(wheel.size, 0)
})

test('keeps an entry of a later round in its slot', async () => {
  const wheel = new TimingWheel()
  const late = new Entry()
  const soon = new Entry()
  wheel.schedule(late, 1024 * 50 + 60)
  wheel.schedule(soon, 60)
  const keepAlive = setTimeout(() => {}, 5000)
  await soon.fired
  clearTimeout(keepAlive)
  assert.is(late.count, 0)
  assert.is(wheel.size, 1)
  wheel.cancel(late)
  wheel.cancel(late)
  assert.is(wheel.size, 0)
})

test('fires outside of the AsyncLocalStorage store of the code that scheduled first, and keeps no store alive', async () => {
  const wheel = new TimingWheel()
  const storage = new AsyncLocalStorage<string>()
  const entry = new Entry()
  const store = new Promise((resolve) => {
    entry.onTimer = () => resolve(storage.getStore())
  })
  storage.run('first connection', () => wheel.schedule(entry, 1))
  const keepAlive = setTimeout(() => {}, 5000)
  assert.is(await store, undefined)
  clearTimeout(keepAlive)
})

test('fires after the input that arrived while the event loop was blocked', async (t) => {
  const wheel = new TimingWheel()
  const [near, far] = await socketPair(t)
  const log: string[] = []
  far.on('data', () => log.push('input'))
  const entry = new Entry()
  wheel.schedule(entry, 60)
  near.write('input')
  block(200)
  await entry.fired
  assert.equal(log, ['input'])
})
