import { getEventListeners } from 'node:events'
import { mock } from 'node:test'
import type { Data } from '../../src/connection/host.ts'
import { Draining } from '../../src/session/draining.ts'
import type { WaitOptions } from '../../src/session/wait.ts'
import { readSessionOptions, type SessionOptions, WebSocket } from '../../src/session/websocket.ts'
import { FakeConnection } from '../support/fake-connection.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('session')

function open(options: SessionOptions = {}, draining?: Draining) {
  const connection = new FakeConnection()
  return { connection, ws: new WebSocket(connection.asConnection, readSessionOptions(options), draining) }
}

/** Runs `body` with timers that only `tick` moves. */
async function withClock(body: (tick: (ms: number) => void) => Promise<void>): Promise<void> {
  mock.timers.enable({ apis: ['setTimeout'] })
  try {
    await body((ms) => mock.timers.tick(ms))
  } finally {
    mock.timers.reset()
  }
}

/** Whether the promise is still pending after everything that can run has run. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol('pending')
  const later = new Promise((resolve) => setImmediate(resolve, pending))
  return (await Promise.race([promise, later])) === pending
}

test('waits for the oldest message: text as string, binary as Buffer', async () => {
  const { connection, ws } = open()
  connection.receive('one', Buffer.of(2))
  assert.is(await ws.wait(), 'one')
  assert.equal(await ws.wait(), Buffer.of(2))
  const waiting = ws.wait()
  connection.receive('three')
  assert.is(await waiting, 'three')
})

test('hands an empty message on as a message', async () => {
  const { connection, ws } = open()
  connection.receive('', Buffer.alloc(0), '')
  assert.is(await ws.wait(), '')
  assert.equal(await ws.wait(), Buffer.alloc(0))
  assert.is(ws.read('fallback'), '')
})

test('serves several waiters first come, first served, iterators among them', async () => {
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

test('has no timeout unless it is given one', () =>
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

test('leaves neither listener nor timer behind, whichever way a wait ends', () =>
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

test('reads without waiting: a message or the fallback', () => {
  const { connection, ws } = open()
  assert.is(ws.read(), null)
  assert.is(ws.read('none'), 'none')
  connection.receive('a')
  assert.is(ws.read('none'), 'a')
  connection.end()
  assert.is(ws.read(), null)
})

test('counts complete messages in the queue', () => {
  const { connection, ws } = open()
  assert.is(ws.has_messages(), false)
  connection.receive('a', 'b')
  assert.is(ws.count_messages(), 2)
  assert.is(ws.has_messages(), true)
  ws.read()
  ws.read()
  assert.is(ws.has_messages(), false)
})

test('sends text and bytes and allocates no promise while there is room', async () => {
  const { connection, ws } = open()
  const promises = [ws.send('hé'), ws.send(Uint8Array.of(1)), ws.send(new ArrayBuffer(2))]
  assert.is(promises[0], promises[1])
  assert.is(promises[1], promises[2])
  assert.is(await promises[0], true)
  assert.equal(connection.sent, ['hé', Uint8Array.of(1), new ArrayBuffer(2)])
})

test('resolves a send over the mark to true once there is room, with one promise for all', async () => {
  const { connection, ws } = open()
  connection.hasRoom = false
  const first = ws.send('a')
  assert.is(ws.send('b'), first)
  assert.is(await isPending(first), true)
  connection.giveRoom()
  assert.is(await first, true)
  connection.hasRoom = false
  assert.is.not(ws.send('c'), first)
})

test('resolves a send to false when the connection is closed, or closes while it waits for room', async () => {
  const { connection, ws } = open()
  connection.hasRoom = false
  const waiting = ws.send('a')
  connection.end()
  assert.is(await waiting, false)
  const late = ws.send('b')
  assert.is(await late, false)
  assert.is(ws.send('c'), late)
  assert.equal(connection.sent, ['a'])
})

test('throws a TypeError synchronously for what is neither text nor bytes', async () => {
  const { ws } = open()
  for (const wrong of [1, null, undefined, {}, [1], true]) {
    const error = await thrownBy(() => {
      ws.send(wrong as unknown as string)
      assert.unreachable('send returned')
    })
    assert.instance(error, TypeError)
  }
})

test('iterates over every message and ends with the connection, without a trailing null', async () => {
  const { connection, ws } = open()
  const messages: Data[] = []
  connection.receive('a', 'b')
  const loop = (async () => {
    for await (const message of ws) {
      messages.push(message)
      if (message === 'b') setImmediate(() => connection.receive('c'))
      if (message === 'c') setImmediate(() => connection.end())
    }
  })()
  await loop
  assert.equal(messages, ['a', 'b', 'c'])
})

test('iterates over what was received before a Close', async () => {
  const { connection, ws } = open()
  connection.receive('a', 'b')
  connection.end()
  const messages: Data[] = []
  for await (const message of ws) messages.push(message)
  assert.equal(messages, ['a', 'b'])
  for await (const message of ws) assert.unreachable(String(message))
})

test('leaves the connection open when a loop is left, and loses nothing', async () => {
  const { connection, ws } = open()
  connection.receive('a', 'b', 'c')
  for await (const message of ws) {
    assert.is(message, 'a')
    break
  }
  assert.is(ws.is_closed(), false)
  assert.equal(connection.calls, [])
  for await (const message of ws) {
    assert.is(message, 'b')
    break
  }
  assert.is(ws.read(), 'c')
})

test('shares messages fairly between several loops, each message once', async () => {
  const { connection, ws } = open()
  const seen: string[] = []
  const loops = ['x', 'y'].map(async (name) => {
    for await (const message of ws[Symbol.asyncIterator]()) seen.push(`${name}${message}`)
  })
  for (const message of ['1', '2', '3', '4']) {
    connection.receive(message)
    await new Promise((resolve) => setImmediate(resolve))
  }
  connection.end()
  await Promise.all(loops)
  assert.equal(seen, ['x1', 'y2', 'x3', 'y4'])
})

test('pauses reading when the queue is full and resumes it when it has room', async () => {
  const { connection, ws } = open({ queueHighCount: 4, queueLowCount: 2 })
  connection.receive('a', 'b', 'c', 'd')
  assert.equal(connection.calls, ['pause'])
  ws.read()
  assert.equal(connection.calls, ['pause'])
  await ws.wait()
  assert.equal(connection.calls, ['pause', 'resume'])
})

test('does not pause for messages that somebody waits for', async () => {
  const { connection, ws } = open({ queueHighCount: 1 })
  const waiting = ws.wait()
  connection.receive('a')
  assert.is(await waiting, 'a')
  assert.equal(connection.calls, [])
})

test('closes with 1000 by default and resolves to how the connection ended', async () => {
  const { connection, ws } = open()
  const closing = ws.close()
  assert.is(ws.close(1001, 'late'), closing)
  assert.equal(connection.calls, ['close 1000'])
  assert.is(ws.is_closed(), true)
  assert.is(await isPending(closing), true)
  const info = connection.end({ initiator: 'local' })
  assert.is(await closing, info)
  assert.is(await ws.close(), info)
})

test('passes code and reason on, and throws synchronously for a code that may not be sent', async () => {
  const { connection, ws } = open()
  const error = await thrownBy(() => {
    ws.close(99)
    assert.unreachable('close returned')
  })
  assert.instance(error, RangeError)
  assert.is(ws.is_closed(), false)
  ws.close(4001, 'bye')
  assert.equal(connection.calls, ['close 4001 bye'])
})

test('tells a late close how the peer ended it', async () => {
  const { connection, ws } = open()
  const info = connection.end({ code: 1006, wasClean: false, initiator: 'transport', error: new Error('reset') })
  assert.is(await ws.close(), info)
})

test('does not let a full queue hold up the close, and still reads what it holds', async () => {
  const { connection, ws } = open({ queueHighCount: 2, queueLowCount: 0 })
  connection.receive('a', 'b')
  const closing = ws.close()
  assert.is(connection.isPaused, false)
  connection.receive('dropped')
  assert.is(ws.read(), 'a')
  connection.end({ initiator: 'local' })
  assert.is((await closing).initiator, 'local')
  assert.is(await ws.wait(), 'b')
  assert.is(await ws.wait(), null)
})

test('keeps its state when a reader closes, sends and reads from within the connection’s own calls', async () => {
  const { connection, ws } = open({ queueHighCount: 1 })
  const resume = connection.resume.bind(connection)
  connection.resume = () => {
    resume()
    if (ws.count_messages() === 0 && connection.sent.length === 0) {
      ws.send('from resume')
      connection.receive('b')
      ws.close()
    }
  }
  connection.receive('a')
  assert.is(ws.read(), 'a')
  assert.is(ws.read(), 'b')
  assert.equal(connection.sent, ['from resume'])
  connection.end()
  assert.is(await ws.wait(), null)
})

test('answers the text ping with pong and keeps both from the view when heartbeat is on', () => {
  const { connection, ws } = open({ heartbeat: true })
  connection.receive('ping', 'a', 'pong', Buffer.from('ping'))
  assert.equal(connection.sent, ['pong'])
  assert.is(ws.read(), 'a')
  assert.equal(ws.read(), Buffer.from('ping'))
  assert.is(ws.count_messages(), 0)
})

test('leaves the text ping to the view unless heartbeat is on', () => {
  const { connection, ws } = open()
  connection.receive('ping')
  assert.equal(connection.sent, [])
  assert.is(ws.read(), 'ping')
})

test('aborts draining when the server begins to stop, at once when it has begun', () => {
  const server = new AbortController()
  const draining = new Draining(server.signal)
  const { ws } = open({}, draining)
  assert.is(ws.draining, ws.draining)
  assert.is(ws.draining.aborted, false)
  server.abort('restart')
  assert.is(ws.draining.reason, 'restart')
  assert.is(open({}, draining).ws.draining.aborted, true)
})

test('never aborts draining after its own close, nor without a server', () => {
  const server = new AbortController()
  const draining = new Draining(server.signal)
  const { connection, ws } = open({}, draining)
  const { draining: signal } = ws
  connection.end()
  server.abort()
  assert.is(signal.aborted, false)
  assert.is(open().ws.draining.aborted, false)
})

test('ends at once over a connection that has closed already', async () => {
  const connection = new FakeConnection()
  const info = connection.end({ code: 1006, wasClean: false })
  const ws = new WebSocket(connection.asConnection)
  assert.is(await ws.wait(), null)
  assert.is(await ws.close(), info)
})

test('knows its connection and the subprotocol agreed on', () => {
  const { connection, ws } = open()
  connection.subprotocol = 'chat'
  assert.is(ws.connection as unknown, connection)
  assert.is(ws.subprotocol, 'chat')
})

test('notifies watchers of each message and of the end, until they are removed', () => {
  const { connection, ws } = open({ heartbeat: true })
  const seen: string[] = []
  const watcher = (name: string) => ({
    onMessage: () => void seen.push(`${name} message`),
    onEnd: () => void seen.push(`${name} end`),
  })
  const [stays, goes] = [watcher('stays'), watcher('goes')]
  ws.watch(stays)
  ws.watch(goes)
  connection.receive('ping')
  ws.unwatch(goes)
  connection.end()
  assert.equal(seen, ['stays message', 'goes message', 'stays end'])
  ws.watch({ onEnd: () => seen.push('late end') })
  assert.is(seen.at(-1), 'late end')
})
