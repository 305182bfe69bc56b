import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { connect } from '../../src/client/connect.ts'
import type { MessageStream } from '../../src/session/message-stream.ts'
import { require_websocket } from '../../src/session/views.ts'
import type { WebSocket } from '../../src/session/websocket.ts'
import { RawClient } from '../support/raw-client.ts'
import { serve } from '../support/session-server.ts'
import { until } from '../support/tick.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { closeFrame, frame } from '../support/wire.ts'
import { openWs } from '../support/ws-client.ts'

const test = suite('message stream', { timeLimit: 30_000 })

/** Opens a session that the test uses without a view, and its peer. */
async function open(t: TestContext, options = {}) {
  let session: WebSocket | null = null
  let finish = (): void => {}
  const view = require_websocket(({ websocket }) => {
    session = websocket
    return new Promise<void>((resolve) => {
      finish = resolve
    })
  })
  const { ws } = await serve(t, { ...options, urls: { '/': view } })
  t.after(() => finish())
  const client = await RawClient.open(Number(new URL(ws).port))
  // The client does not answer a Close frame, for which the server would wait.
  t.after(() => client.socket.destroy())
  await until(() => session !== null)
  return { client, session: session as unknown as WebSocket }
}

async function read(stream: MessageStream | null): Promise<string[]> {
  const parts: string[] = []
  for await (const part of stream!) parts.push(String(part))
  return parts
}

test('is available as soon as a message begins, and has its parts as they arrive', async (t) => {
  const { client, session } = await open(t)
  const taken = session.stream()
  client.send(frame(1, 'one', { fin: false }))
  const stream = (await taken)!
  assert.is(stream.kind, 'text')
  const iterator = stream[Symbol.asyncIterator]()
  assert.equal(await iterator.next(), { value: 'one', done: false })
  const next = iterator.next()
  client.send(frame(9), frame(0, 'two'))
  assert.equal(await next, { value: 'two', done: false })
  assert.equal(await iterator.next(), { value: undefined, done: true })
  client.send(frame(2, 'bytes'), frame(1))
  const binary = (await session.stream())!
  assert.is(binary.kind, 'binary')
  assert.equal(await binary.whole(), Buffer.from('bytes'))
  assert.is(await (await session.stream())!.whole(), '')
})

test('notifies watchers of each message, once', async (t) => {
  const errors: unknown[] = []
  const { client, session } = await open(t, { onError: (error: unknown) => errors.push(error) })
  let count = 0
  session.watch({ onMessage: () => void count++, onEnd() {} })
  client.send(frame(1, 'whole'))
  await until(() => session.has_messages())
  assert.equal(await read(await session.stream()), ['whole'])
  assert.is(count, 1)
  client.send(frame(1, 'be', { fin: false }), frame(0, 'gun'), frame(2))
  assert.is(await (await session.stream())!.whole(), 'begun')
  await (await session.stream())!.whole()
  assert.is(count, 3)
  session.watch({ onMessage: () => Promise.reject('the watcher failed'), onEnd() {} })
  client.send(frame(1, 'last'))
  await until(() => client.closeCode !== null)
  assert.equal([client.closeCode, errors], [1011, ['the watcher failed']])
})

test('begins with the messages that were received whole before', async (t) => {
  const { client, session } = await open(t)
  client.send(frame(1, 'one'), frame(2, 'two'), frame(1))
  await until(() => session.count_messages() === 3)
  assert.equal(await read(await session.stream()), ['one'])
  assert.is(session.count_messages(), 0)
  assert.equal(await read(await session.stream()), ['two'])
  assert.equal(await read(await session.stream()), [])
  client.send(frame(1, 'three'))
  assert.equal(await read(await session.stream()), ['three'])
})

test('begins with the messages that were received whole before, also when another one has begun', async (t) => {
  const { client, session } = await open(t)
  client.send(frame(1, 'one'), frame(1, 'two'), frame(1, 'th', { fin: false }))
  await until(() => session.count_messages() === 2)
  const streams = [session.stream(), session.stream(), session.stream(), session.stream()]
  client.send(frame(0, 'ree'), frame(1, 'four'))
  const texts = await Promise.all(streams.map(async (stream) => (await stream)!.whole()))
  assert.equal(texts, ['one', 'two', 'three', 'four'])
})

test('begins with the messages of a full queue, and continues with those that waited behind it', async (t) => {
  const { client, session } = await open(t, { queueHighCount: 4 })
  const sent = ['m1', 'm2', 'm3', 'm4', 'm5', 'm6', 'm7', 'm8']
  client.send(...sent.map((text) => frame(1, text)))
  await until(() => session.count_messages() === 4)
  const streams = sent.map(() => session.stream())
  assert.equal(await Promise.all(streams.map(async (stream) => (await stream)!.whole())), sent)
  client.send(frame(1, 'm9'))
  assert.is(await (await session.stream())!.whole(), 'm9')
})

test('leaves the peer paused while the messages of a full queue are unread', async (t) => {
  const { client, session } = await open(t, { queueHighBytes: 200_000 })
  client.send(frame(2, Buffer.alloc(100_000)), frame(2, Buffer.alloc(100_000)), frame(1, 'later'))
  await until(() => session.count_messages() === 2)
  const [first, second, later] = [session.stream(), session.stream(), session.stream()]
  let hasArrived = false
  void later.then(() => (hasArrived = true))
  await (await first)!.whole()
  assert.is(hasArrived, false)
  await (await second)!.whole()
  assert.is(await (await later)!.whole(), 'later')
})

test('counts toward the memory of the connection, as unread messages do, in addition to queuedBytes', async (t) => {
  const { client, session } = await open(t)
  const { connection } = session
  const counted = () => connection.memoryUsed
  let own = 1_000_000
  connection.queuedBytes = () => own
  client.send(frame(2, Buffer.alloc(10_000)))
  await until(() => session.count_messages() === 1)
  assert.is(counted(), 1_010_000)
  connection.queuedBytes = () => own + 5
  assert.is(counted(), 1_010_005)
  const stream = await session.stream()
  assert.is(counted(), 1_010_133, 'a part has an overhead')
  connection.queuedBytes = () => own
  assert.is(counted(), 1_010_128)
  await stream!.whole()
  own = 0
  assert.is(counted(), 0)
})

test('closes with 1009 when more than maxStreamSize has arrived of the message that has begun', async (t) => {
  const { client, session } = await open(t, { maxStreamSize: 1000 })
  client.send(frame(1, 'whole'), frame(1, 'x'.repeat(5000), { fin: false }))
  await until(() => session.connection.memoryUsed > 5000)
  assert.is(await (await session.stream())!.whole(), 'whole')
  const failure = await (await session.stream())!.whole().catch((error) => error.code)
  assert.is(failure, 'ERR_WS_STREAM_CUT')
  assert.is(await session.stream(), null)
  assert.is(session.connection.closeInfo?.code, 1009)
  const [{ payload }] = await client.receive(1)
  assert.is(payload.readUInt16BE(), 1009)
})

test('replaces wait and iteration', async (t) => {
  const { client, session } = await open(t)
  const waiting = session.wait()
  const iterator = session[Symbol.asyncIterator]()
  assert.throws(() => session.stream(), /wait\(\) was pending/)
  client.send(frame(1, 'whole'))
  assert.is(await waiting, 'whole')
  void session.stream()
  const failure = (error: Error): string => `${error.name} ${error.message}`
  const expected = 'TypeError wait() after stream(); allowed: stream()'
  assert.is(await session.wait().catch(failure), expected)
  assert.is(await session.wait({ timeout: 1 }).catch(failure), expected)
  assert.is(await session[Symbol.asyncIterator]().next().catch(failure), expected)
  assert.is(await iterator.next().catch(failure), expected, 'an iterator from before stream()')
  assert.is(session.read(), null)
})

test('pauses the peer while parts are unread, and stores at most 256 KiB and one piece', async (t) => {
  const { client, session } = await open(t)
  const stream = session.stream()
  const block = frame(0, Buffer.alloc(1024 * 1024), { fin: false })
  client.send(frame(2, '', { fin: false }), ...Array(32).fill(block), frame(0))
  await until(() => session.connection.memoryUsed > 250 * 1024)
  let total = 0
  let most = 0
  for await (const part of (await stream)!) {
    total += part.length
    most = Math.max(most, session.connection.memoryUsed)
  }
  assert.is(total, 32 * 1024 * 1024)
  assert.ok(most < 512 * 1024, String(most))
  assert.ok(session.connection.memoryUsed < 1024)
})

test('counts each unread part with an overhead, so that single bytes also pause the peer', async (t) => {
  const { client, session } = await open(t)
  await Promise.all([session.stream(), client.send(frame(2, 'x', { fin: false }))])
  for (let part = 0; part < 10_000; part++) client.send(frame(0, 'x', { fin: false }))
  await until(() => session.connection.memoryUsed > 250 * 1024)
  assert.is(session.connection.state, 'open')
})

test('pauses a peer that sends many messages while they are unread', async (t) => {
  const { client, session } = await open(t)
  void session.stream()
  client.send(...Array(2000).fill(frame(1, 'x')))
  await until(() => session.connection.memoryUsed > 200 * 1024)
  let count = 0
  while (count < 1999) {
    assert.is((await (await session.stream())!.whole()).length, 1)
    count++
  }
})

test('skips the rest of a message when the loop is left, and reads the next one', async (t) => {
  const { client, session } = await open(t)
  const streams = [session.stream(), session.stream(), session.stream()]
  client.send(frame(1, 'a', { fin: false }), frame(0, 'b', { fin: false }))
  for await (const part of (await streams[0])!) {
    assert.is(part, 'a')
    break
  }
  client.send(frame(0, 'c'), frame(1, 'd', { fin: false }))
  const second = (await streams[1])!
  second.skip()
  second.skip()
  assert.equal(await read(second), [])
  client.send(frame(0, Buffer.alloc(500_000, 0x65)), frame(1, 'f'))
  assert.equal(await read(await streams[2]), ['f'])
})

test('ends a read that waits when another caller skips the message', async (t) => {
  const { client, session } = await open(t)
  const taken = session.stream()
  client.send(frame(1, '', { fin: false }))
  const stream = (await taken)!
  const reading = read(stream)
  stream.skip()
  assert.equal(await reading, [])
})

test('closes with 1008 when it is refused', async (t) => {
  const { client, session } = await open(t)
  const taken = session.stream()
  client.send(frame(1, 'a', { fin: false }))
  const stream = (await taken)!
  assert.throws(() => stream.cancel('x'.repeat(200)), RangeError)
  stream.cancel('not today')
  const [{ payload }] = await client.receive(1)
  assert.is(payload.readUInt16BE(), 1008)
  assert.is(payload.toString('utf8', 2), 'not today')
})

test('rejects when the connection closes before the end, after the parts that have arrived', async (t) => {
  const { client, session } = await open(t)
  const taken = session.stream()
  client.send(frame(1, 'a', { fin: false }))
  const iterator = (await taken)![Symbol.asyncIterator]()
  await iterator.next()
  const next = iterator.next().catch((error) => error.code)
  client.send(closeFrame(1001))
  assert.is(await next, 'ERR_WS_STREAM_CUT')
  assert.is(await iterator.next().catch((error) => error.code), 'ERR_WS_STREAM_CUT')
  assert.is(await session.stream(), null)
})

test('resolves to null when the connection is closed, before or meanwhile', async (t) => {
  const { client, session } = await open(t)
  const taken = session.stream()
  client.send(closeFrame(1000))
  assert.is(await taken, null)
  const other = await open(t)
  other.client.send(frame(1, 'last'), closeFrame(1000))
  await until(() => other.session.is_closed())
  assert.is(await (await other.session.stream())!.whole(), 'last')
  assert.is(await other.session.stream(), null)
})

test('closes with 1009 when whole() would gather too much', async (t) => {
  const { client, session } = await open(t)
  const taken = session.stream()
  client.send(frame(2, Buffer.alloc(2000), { fin: false }))
  const stream = (await taken)!
  const error = await stream.whole(1000).catch((error) => error)
  assert.is(error.code, 'ERR_WS_MESSAGE_TOO_BIG')
  assert.match(error.message, 'allowed: at most 1000 (option maxSize of whole)')
  const [{ payload }] = await client.receive(1)
  assert.is(payload.readUInt16BE(), 1009)
})

for (const [mebibytes, how, { deflate, http2 }] of [
  [64, '', { deflate: false, http2: false }],
  [16, ' compressed', { deflate: true, http2: false }],
  [16, ' over HTTP/2', { deflate: false, http2: true }],
] as const) {
  test(`echoes ${mebibytes} MiB${how} through bounded memory, both directions at once`, async (t) => {
    const size = mebibytes * 1024 * 1024
    let most = 0
    const { ws, errors } = await serve(t, {
      deflate,
      http2,
      maxMessageSize: 1024,
      urls: {
        '/': require_websocket(async ({ websocket }) => {
          for (let stream = await websocket.stream(); stream !== null; stream = await websocket.stream()) {
            await websocket.send(stream)
            most = Math.max(most, websocket.connection.memoryUsed)
          }
        }),
      },
    })
    const block = Buffer.alloc(100_000)
    for (let at = 0; at < block.length; at++) block[at] = at % 251
    const sent = createHash('sha1')
    const received = createHash('sha1')
    const before = process.memoryUsage.rss()
    let peak = 0
    async function* blocks() {
      for (let at = 0; at < size; at += block.length) {
        sent.update(block)
        yield block
      }
    }
    const client = await connect(ws, { deflate, http2 })
    t.after(() => client.terminate())
    const done = new Promise<void>((resolve, reject) => {
      client.streamMessages(() => ({
        onPart(part) {
          received.update(part)
          peak = Math.max(peak, process.memoryUsage.rss())
        },
        onEnd: resolve,
        onAbort: reject,
      }))
    })
    client.send(Readable.from(blocks()))
    await done
    assert.is(received.digest('hex'), sent.digest('hex'))
    assert.equal(errors, [])
    assert.ok(most < 1024 * 1024, `${most} bytes`)
    if (mebibytes === 64) assert.ok(peak - before < size, `${peak - before} bytes resident`)
  })
}

test('reads what npm ws sends in fragments', async (t) => {
  const { ws } = await serve(t, {
    deflate: true,
    urls: {
      '/': require_websocket(async ({ websocket }) => {
        let count = 0
        for await (const part of (await websocket.stream())!) count += part.length
        await websocket.send(String(count))
      }),
    },
  })
  for (const perMessageDeflate of [false, true]) {
    const client = await openWs(ws, [], { perMessageDeflate })
    for (let i = 0; i < 40; i++) client.socket.send(Buffer.alloc(100_000, i), { fin: i === 39 })
    assert.is(await client.next(), '4000000')
  }
})
