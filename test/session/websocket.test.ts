import { Draining } from '../../src/session/draining.ts'
import { WebSocket } from '../../src/session/websocket.ts'
import { FakeConnection } from '../support/fake-connection.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { isPending, open } from './open-session.ts'

const test = suite('session')

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

test('resolves a send that was dropped to false, once there is room, with one promise for all', async () => {
  const { connection, ws } = open()
  connection.drops = true
  connection.hasRoom = false
  const dropped = ws.send('a')
  assert.is(ws.send('a'), dropped)
  assert.is(await isPending(dropped), true)
  connection.giveRoom()
  assert.is(await dropped, false)
  assert.is(await ws.send('b'), true)
  assert.equal(connection.sent, ['b'])
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

test('pauses reading when the queue is full and resumes it when it has room', async () => {
  const { connection, ws } = open({ queueHighCount: 4, queueLowCount: 2 })
  connection.receive('a', 'b', 'c', 'd')
  assert.equal(connection.calls, ['pause'])
  ws.read()
  assert.equal(connection.calls, ['pause'])
  await ws.wait()
  assert.equal(connection.calls, ['pause', 'resume'])
})

test('does not pause for messages that a caller waits for', async () => {
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

test('a late close resolves to how the peer closed the connection', async () => {
  const { connection, ws } = open()
  const info = connection.end({ code: 1006, wasClean: false, initiator: 'transport', error: new Error('reset') })
  assert.is(await ws.close(), info)
})

test('a full queue does not delay the close, and its messages can still be read', async () => {
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

test('has its connection and the agreed subprotocol', () => {
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
