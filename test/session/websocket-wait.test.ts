import { getEventListeners } from 'node:events'
import type { WaitOptions } from '../../src/session/wait.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { isPending, open, withClock } from './open-session.ts'

const test = suite('session waits')

test('waits for the oldest message: text as string, binary as Buffer', async () => {
  const { connection, ws } = open()
  connection.receive('one', Buffer.of(2))
  assert.is(await ws.wait(), 'one')
  assert.equal(await ws.wait(), Buffer.of(2))
  const waiting = ws.wait()
  connection.receive('three')
  assert.is(await waiting, 'three')
})

test('returns an empty message as a message', async () => {
  const { connection, ws } = open()
  connection.receive('', Buffer.alloc(0), '')
  assert.is(await ws.wait(), '')
  assert.equal(await ws.wait(), Buffer.alloc(0))
  assert.is(ws.read('fallback'), '')
})

test('serves several waiters in the order of their calls, including iterators', async () => {
  const { connection, ws } = open()
  const iterator = ws[Symbol.asyncIterator]()
  const waits: Promise<unknown>[] = [ws.wait(), iterator.next(), ws.wait({ timeout: 60_000 }), ws.wait()]
  connection.receive('a', 'b', 'c', 'd', 'e')
  assert.equal(await Promise.all(waits), ['a', { value: 'b', done: false }, 'c', 'd'])
  assert.is(ws.count_messages(), 1)
})

test('reads what was received before a Close after it, then null', async () => {
  const { connection, ws } = open()
  connection.receive('a', 'b', 'c')
  connection.end()
  assert.is(ws.is_closed(), true)
  assert.is(await ws.wait(), 'a')
  assert.is(ws.read(), 'b')
  assert.is(await ws.wait({ timeout: 10 }), 'c')
  assert.is(await ws.wait(), null)
  assert.is(await ws.wait({ timeout: 10 }), null)
})

test('ends a waiting wait with null when the connection closes', async () => {
  const { connection, ws } = open()
  const waits = [ws.wait(), ws.wait({ timeout: 1000, signal: new AbortController().signal })]
  connection.end()
  assert.equal(await Promise.all(waits), [null, null])
  assert.is(ws.is_closed(), true)
})

test('ends a wait with null after its timeout, stays open, and loses no message', () =>
  withClock(async (tick) => {
    const { connection, ws } = open()
    const waiting = ws.wait({ timeout: 100 })
    tick(99)
    assert.is(await isPending(waiting), true)
    tick(1)
    assert.is(await waiting, null)
    assert.is(ws.is_closed(), false)
    connection.receive('late')
    assert.is(ws.read(), 'late')
  }))

test('returns a message that arrives before the timeout, and its timer does nothing more', () =>
  withClock(async (tick) => {
    const { connection, ws } = open()
    const waiting = ws.wait({ timeout: 100 })
    connection.receive('in time')
    tick(1000)
    assert.is(await waiting, 'in time')
    const next = ws.wait()
    tick(1000)
    connection.receive('next')
    assert.is(await next, 'next')
  }))

test('waits a timeout of 0 in a turn of its own, and returns a queued message at once', () =>
  withClock(async (tick) => {
    const { connection, ws } = open()
    connection.receive('queued')
    assert.is(await ws.wait({ timeout: 0 }), 'queued')
    const waiting = ws.wait({ timeout: 0 })
    assert.is(await isPending(waiting), true)
    tick(1)
    assert.is(await waiting, null)
  }))

test('has no timeout by default', () =>
  withClock(async (tick) => {
    const { ws } = open()
    const waiting = ws.wait({})
    tick(2 ** 31)
    assert.is(await isPending(waiting), true)
  }))

test('rejects with the reason of an aborted signal and loses no message', async () => {
  const { connection, ws } = open()
  const controller = new AbortController()
  const aborted = ws.wait({ signal: controller.signal })
  const behind = ws.wait()
  const reason = new Error('enough')
  controller.abort(reason)
  connection.receive('kept')
  assert.is(await thrownBy(() => aborted), reason)
  assert.is(await behind, 'kept')
})

test('rejects at once for a signal that is aborted already and leaves the queue as it is', async () => {
  const { connection, ws } = open()
  connection.receive('kept')
  const error = await thrownBy(() => ws.wait({ signal: AbortSignal.abort() }))
  assert.is(error.name, 'AbortError')
  assert.is(ws.read(), 'kept')
})

test('removes its listener and timer, however a wait ends', () =>
  withClock(async (tick) => {
    const { connection, ws } = open()
    const controller = new AbortController()
    const options = { signal: controller.signal, timeout: 50 }
    const listeners = () => getEventListeners(controller.signal, 'abort').length
    const byMessage = ws.wait(options)
    assert.is(listeners(), 1)
    connection.receive('a')
    assert.is(await byMessage, 'a')
    assert.is(listeners(), 0)
    const byTime = ws.wait(options)
    tick(50)
    assert.is(await byTime, null)
    assert.is(listeners(), 0)
    const byAbort = ws.wait(options)
    const rejected = thrownBy(() => byAbort)
    controller.abort()
    tick(50)
    assert.is((await rejected).name, 'AbortError')
    connection.receive('b')
    assert.is(ws.read(), 'b')
  }))

test('throws synchronously for wait options that are not allowed', async () => {
  const { ws } = open()
  const cases: [WaitOptions, typeof Error][] = [
    [{ timeout: -1 }, RangeError],
    [{ timeout: Number.NaN }, RangeError],
    [{ timeout: 2 ** 31 }, RangeError],
    [{ timeout: '5' as unknown as number }, TypeError],
    [{ signal: {} as AbortSignal }, TypeError],
    [{ signal: null as never }, TypeError],
    [{ time: 5 } as never, TypeError],
    [5 as never, TypeError],
    ['5' as never, TypeError],
    [null as never, TypeError],
  ]
  for (const [options, kind] of cases) {
    const error = await thrownBy(() => {
      ws.wait(options)
      assert.unreachable('wait returned')
    })
    assert.instance(error, kind)
  }
})
