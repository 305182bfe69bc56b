import { Rooms } from '../../src/room/rooms.ts'
import { require_websocket } from '../../src/session/views.ts'
import type { WebSocket } from '../../src/session/websocket.ts'
import { manualSource } from '../support/manual-source.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/session-server.ts'
import { until } from '../support/tick.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { closeFrame, frame } from '../support/wire.ts'

const test = suite('streams beside limits, rooms and shutdown', { timeLimit: 30_000 })

/** Serves a view, and opens a client that writes raw bytes. */
async function open(t: TestContext, view: (session: WebSocket) => unknown, options = {}) {
  const sessions: WebSocket[] = []
  const served = await serve(t, {
    ...options,
    urls: {
      '/': require_websocket(async ({ websocket }) => {
        sessions.push(websocket)
        await view(websocket)
      }),
    },
  })
  const client = await RawClient.open(Number(new URL(served.ws).port))
  // The client does not answer a Close frame, for which the server would wait.
  t.after(() => client.socket.destroy())
  await until(() => sessions.length === 1)
  return { ...served, client, session: sessions[0] }
}

/** Makes a view that reads every message. `failures` has its errors. */
function reader() {
  const texts: string[] = []
  const failures: (Error & { code: string; cause?: { code: string } })[] = []
  const read = async (session: WebSocket): Promise<void> => {
    for (let message = await session.stream(); message !== null; message = await session.stream()) {
      try {
        let text = ''
        for await (const part of message) text += part
        texts.push(text)
      } catch (error) {
        failures.push(error as (typeof failures)[number])
      }
    }
  }
  return { texts, failures, read }
}

test('a message may take longer than messageTimeout and idleTimeout while its parts arrive', async (t) => {
  const { client } = await open(t, reader().read, { messageTimeout: 500, idleTimeout: 900 })
  client.send(frame(1, 'begun', { fin: false }))
  let count = 0
  const parts = setInterval(() => client.send(frame(0, `part ${++count}`, { fin: false })), 100)
  await until(() => count >= 10 || client.ended)
  clearInterval(parts)
  assert.is(client.closeCode, null)
})

test('a part may not take longer than messageTimeout', async (t) => {
  const { texts, failures, read } = reader()
  const { client } = await open(t, read, { messageTimeout: 500 })
  client.send(frame(1, 'begun', { fin: false }))
  await client.until(() => client.ended || client.closed)
  assert.is(client.closeCode, 1013)
  await until(() => failures.length === 1)
  assert.equal(texts, [])
  assert.equal([failures[0].code, failures[0].cause?.code], ['ERR_WS_STREAM_CUT', 'ERR_WS_MESSAGE_TIMEOUT'])
})

test('a source counts as traffic for idleTimeout with each of its parts', async (t) => {
  const { source, give } = manualSource()
  const { client } = await open(t, (session) => session.send(source), { idleTimeout: 500 })
  const interval = setInterval(() => give('part'), 100)
  await client.until(() => client.frames.length >= 10 || client.ended)
  clearInterval(interval)
  assert.is(client.closeCode, null)
  await client.until(() => client.closeCode !== null)
  assert.is(client.closeCode, 1001)
})

test('a message is slowed down by byteRate, or closed with 1013, as its parts arrive', async (t) => {
  const rate = { perSecond: 200_000, burst: 50_000 }
  const slow = reader()
  const { client } = await open(t, slow.read, { byteRate: rate })
  const begin = performance.now()
  client.send(frame(1, 'x'.repeat(100_000), { fin: false }), frame(0, 'y'.repeat(50_000)))
  await until(() => slow.texts.length === 1)
  assert.is(slow.texts[0].length, 150_000)
  // The last piece is delivered before its own wait, so only the next message has waited for all bytes.
  client.send(frame(1, 'next'))
  await until(() => slow.texts.length === 2)
  // At least half, because the rate allows for the time since the server last looked at its clock.
  assert.ok(performance.now() - begin >= 250, '100,000 bytes over the burst, at 200,000 a second')
  const strict = reader()
  const other = await open(t, strict.read, { byteRate: { ...rate, perSecond: 1_000 }, overRate: 'close' })
  other.client.send(frame(1, 'x'.repeat(100_000), { fin: false }))
  await other.client.until(() => other.client.ended || other.client.closed)
  assert.is(other.client.closeCode, 1013)
  await until(() => strict.failures.length === 1)
  assert.equal([strict.failures[0].code, strict.failures[0].cause?.code], ['ERR_WS_STREAM_CUT', 'ERR_WS_RATE'])
})

test('limits of frames, size, UTF-8 and order close a message in progress with the code of the RFC', async (t) => {
  const cases: [number, Buffer[]][] = [
    [1008, Array(6).fill(frame(0, 'x', { fin: false }))],
    [1009, [frame(0, 'x'.repeat(10_001), { fin: false })]],
    [1007, [frame(0, Buffer.of(0xc3), { fin: false }), frame(9, 'between'), frame(0, 'x')]],
    [1007, [frame(0, Buffer.of(0xc3))]],
    [1002, [frame(1, 'x')]],
    [1002, [frame(9, 'x', { fin: false })]],
  ]
  for (const [code, frames] of cases) {
    const { texts, failures, read } = reader()
    const { client } = await open(t, read, { maxFrames: 5, maxStreamSize: 10_000 })
    client.send(frame(1, 'begun', { fin: false }), ...frames)
    await client.until(() => client.ended || client.closed)
    assert.is(client.closeCode, code)
    await until(() => failures.length === 1)
    assert.equal([texts, failures[0].code], [[], 'ERR_WS_STREAM_CUT'])
  }
})

test('a close by this side in the middle of a message rejects its reader at once', async (t) => {
  const { failures, read } = reader()
  const { client, session } = await open(t, read)
  client.send(frame(1, 'begun', { fin: false }))
  await client.roundTrip()
  const closed = session.close(4000, 'enough')
  await until(() => failures.length === 1)
  assert.is(failures[0].code, 'ERR_WS_STREAM_CUT')
  // What the peer had sent before it saw the Close frame is discarded.
  client.send(frame(0, 'rest'), closeFrame(4000))
  assert.is((await closed).code, 4000)
})

test('an unread message does not delay a closing handshake', async (t) => {
  const { client, session } = await open(t, (session) => session.stream().then(() => new Promise(() => {})))
  client.send(frame(2, Buffer.alloc(2_000_000), { fin: false }))
  await until(() => session.connection.memoryUsed > 250_000)
  const closed = session.close(1000)
  await client.until(() => client.closeCode !== null)
  client.send(frame(0), closeFrame(1000))
  assert.is((await closed).code, 1000)
})

test('statistics count a stream as one message, and its bytes', async (t) => {
  const { texts, read } = reader()
  const { client, server, session } = await open(t, read)
  client.send(frame(1, 'a', { fin: false }), frame(0, 'b', { fin: false }), frame(0, 'c'), frame(1, 'd'))
  await until(() => texts.length === 2)
  async function* source() {
    yield 'one'
    yield 'two'
  }
  await session.send(source())
  const { receivedMessages, sentMessages, receivedBytes, sentBytes } = server.stats()
  // The headers have 6 bytes from the client, and 2 bytes to the client.
  assert.equal(
    { receivedMessages, sentMessages, receivedBytes, sentBytes },
    {
      receivedMessages: 2,
      sentMessages: 1,
      receivedBytes: 4 * 7,
      sentBytes: 2 * 5 + 2,
    },
  )
})

test('a broadcast waits for the source that is being sent to a member, and then arrives', async (t) => {
  const room = new Rooms().room('lobby')
  const { source, give, end } = manualSource()
  const { client } = await open(t, async (session) => {
    await room.join(session)
    await session.send(source)
  })
  give('part')
  await client.receive(1)
  assert.is(room.broadcast('to everybody'), 1)
  await client.roundTrip()
  assert.equal(client.texts, ['part'])
  end()
  await client.receive(4)
  assert.equal(client.texts, ['part', '', 'to everybody'])
})

test('a session resolves to false for what it drops with `wait: false`, and to true afterwards', async (t) => {
  const { source, give, end } = manualSource()
  const { client, session } = await open(t, async (session) => {
    await session.send(source)
    await session.wait()
  })
  give('part')
  await client.receive(1)
  assert.is(await session.send('meanwhile', { wait: false }), false)
  assert.is(await session.send('behind'), true)
  end()
  await session.connection.drained()
  assert.is(await session.send('after', { wait: false }), true)
  await client.receive(4)
  assert.equal(client.texts, ['part', '', 'behind', 'after'])
})

test('a member that receives in parts gets broadcasts as well', async (t) => {
  const room = new Rooms().room('lobby')
  const { texts, read } = reader()
  const { client } = await open(t, async (session) => {
    await room.join(session)
    await read(session)
  })
  client.send(frame(1, 'begun', { fin: false }))
  await client.roundTrip()
  assert.is(room.broadcast('meanwhile'), 1)
  await client.until(() => client.texts.length === 1)
  client.send(frame(0))
  await until(() => texts.length === 1)
  assert.equal([client.texts, texts], [['meanwhile'], ['begun']])
})

test('streams in both directions end while a shutdown drains', async (t) => {
  const { texts, failures, read } = reader()
  const { source, give, end } = manualSource()
  let wasDraining = false
  const { client, server } = await open(t, async (session) => {
    const sending = session.send(source)
    const reading = read(session)
    session.draining.addEventListener('abort', () => {
      wasDraining = true
    })
    await sending
    await session.close(1001)
    await reading
  })
  client.send(frame(1, 'one ', { fin: false }))
  await client.roundTrip()
  const stopped = server.shutdown({ drain: 10_000 })
  await until(() => wasDraining)
  client.send(frame(0, 'two'))
  await until(() => texts.length === 1)
  give('last part')
  await client.until(() => client.texts.includes('last part'))
  end()
  await client.until(() => client.closeCode !== null)
  client.send(closeFrame(1001))
  client.socket.end()
  assert.equal(await stopped, { clean: 1, unclean: 0, cut: 0 })
  assert.equal([texts, failures], [['one two'], []])
  assert.equal(
    client.frames.filter(({ opcode }) => opcode < 8).map(({ first }) => first),
    [0x01, 0x80],
  )
})

test('a shutdown aborts streams that do not end: the source is released, and the reader fails', async (t) => {
  const { failures, read } = reader()
  const { source, give, state } = manualSource()
  const { client, server } = await open(t, async (session) => {
    void session.send(source)
    await read(session)
  })
  give('part')
  client.send(frame(1, 'begun', { fin: false }))
  await client.receive(1)
  await client.roundTrip()
  const stopped = server.shutdown()
  await client.until(() => client.closeCode !== null)
  assert.is(client.closeCode, 1001)
  client.send(closeFrame(1001))
  client.socket.end()
  assert.equal(await stopped, { clean: 1, unclean: 0, cut: 0 })
  await until(() => failures.length === 1)
  assert.is(failures[0].code, 'ERR_WS_STREAM_CUT')
  give('late')
  await until(() => state.returned)
  assert.not(client.frames.some(({ first }) => first === 0x80))
})

test('a session whose messages were forwarded to a peer that has gone can be read again', async (t) => {
  const untilEnd = (session: WebSocket) => new Promise<void>((onEnd) => session.watch({ onEnd }))
  const target = await open(t, untilEnd)
  const source = await open(t, untilEnd)
  const sending = target.session.send(source.session)
  target.client.socket.destroy()
  assert.is(await sending, false)
  const waiting = source.session.wait()
  source.client.send(frame(1, 'not lost'))
  assert.is(await waiting, 'not lost')
})
