import { type ClientHttp2Session, constants, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { type Connection, type CreateServerOptions, createServer, type WebSocketServer } from '../../src/index.ts'
import { stopClock } from '../support/clock.ts'
import { CONNECT, Http2WebSocket, openSession, requestWebSocket } from '../support/http2-client.ts'
import {
  ACK,
  END_HEADERS,
  END_STREAM,
  FrameType,
  headerBlock,
  http2Frame,
  RawHttp2,
  uint32,
} from '../support/raw-http2.ts'
import { until } from '../support/tick.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { closeFrame, frame, unmasked } from '../support/wire.ts'

const test = suite('http2 limits')

const { NGHTTP2_ENHANCE_YOUR_CALM, NGHTTP2_NO_ERROR, NGHTTP2_REFUSED_STREAM } = constants

/** Starts a server without TLS, so that tests can write the frames themselves. */
async function serve(t: TestContext, options: CreateServerOptions = {}) {
  const server = createServer({ http2: true, ...options })
  const connections: Connection[] = []
  server.onConnection = (connection) => {
    connections.push(connection)
    connection.onMessage = (data) => void connection.send(data)
  }
  t.after(() => server.shutdown({ deadline: 100 }))
  await server.listen()
  const { port } = server.address() as AddressInfo
  return { server, connections, port }
}

const open = (server: WebSocketServer, t: TestContext): Promise<ClientHttp2Session> =>
  openSession(t, server.address(), 'http')

async function openSocket(session: ClientHttp2Session): Promise<Http2WebSocket> {
  const socket = await requestWebSocket(session).answer()
  assert.is(socket.status, 200)
  return socket
}

async function assertEchoes(socket: Http2WebSocket): Promise<void> {
  const before = socket.bytes.length
  socket.stream.write(frame(1, 'hello'))
  assert.is((await socket.receive(before + 7)).slice(before * 2), unmasked(1, 'hello').toString('hex'))
}

/** Asserts that the server still serves others. */
async function assertServes(server: WebSocketServer, t: TestContext): Promise<void> {
  await assertEchoes(await openSocket(await open(server, t)))
}

test('counts streams as connections, in all and by address', async (t) => {
  const { server } = await serve(t, { maxConnectionsPerAddress: 2, maxConnections: 10 })
  const [first, second] = [await open(server, t), await open(server, t)]
  const socket = await openSocket(first)
  await openSocket(second)
  const refused = await requestWebSocket(first).answer()
  assert.equal([refused.status, refused.headers!['retry-after']], [503, '5'])
  assert.equal([server.stats().connections, server.stats().refused], [2, { 503: 1 }])
  socket.stream.close()
  await until(() => server.connections.size === 1)
  await openSocket(second)
})

test('shuts down with Close 1001 and GOAWAY, and refuses later requests', async (t) => {
  const { server } = await serve(t)
  const session = await open(server, t)
  const socket = await openSocket(session)
  let goaway: number | null = null
  session.on('goaway', (code) => {
    goaway = code
  })
  const result = server.shutdown({ deadline: 5_000 })
  assert.is((await socket.receive(4)).slice(0, 8), '880203e9')
  socket.stream.end(closeFrame(1001))
  await until(() => goaway !== null && session.closed)
  assert.is(goaway, NGHTTP2_NO_ERROR)
  assert.equal(await result, { clean: 1, unclean: 0, cut: 0 })
})

test('terminates at the deadline of the shutdown a client that does not end its side', async (t) => {
  const { server, port } = await serve(t)
  const peer = new RawHttp2(t, port)
  peer.socket.allowHalfOpen = true
  await until(() => peer.of(FrameType.SETTINGS).length > 0)
  assert.equal(await server.shutdown({ deadline: 20 }), { clean: 0, unclean: 0, cut: 0 })
})

test('terminates at the deadline of the shutdown what does not end', async (t) => {
  const { server } = await serve(t, { closeTimeout: 60_000 })
  const session = await open(server, t)
  const socket = await openSocket(session)
  assert.equal(await server.shutdown({ deadline: 20 }), { clean: 0, unclean: 0, cut: 1 })
  await socket.closed()
})

test('S-56: a peer with a closed window counts as one that does not read, and other streams continue', async (t) => {
  const { server, connections } = await serve(t, { highWaterMark: 16_384 })
  const session = await open(server, t)
  const [held, sibling] = [await openSocket(session), await openSocket(session)]
  held.stream.pause()
  const data = Buffer.alloc(1_000_000, 'x')
  assert.is(connections[0].send(data), 'backpressure')
  await assertEchoes(sibling)
  let isDrained = false
  const drained = connections[0].drained().then(() => {
    isDrained = true
  })
  await assertEchoes(sibling)
  assert.is(isDrained, false)
  assert.ok(connections[0].bufferedAmount > 500_000, `${connections[0].bufferedAmount} bytes wait`)
  held.stream.resume()
  await drained
  await held.receive(data.length + 10)
  assert.is(connections[0].bufferedAmount, 0)
})

test('closes a peer whose window stays closed at the limit of what may wait', async (t) => {
  const { server, connections } = await serve(t, { maxBufferedAmount: 200_000 })
  const session = await open(server, t)
  const [held, sibling] = [await openSocket(session), await openSocket(session)]
  held.stream.pause()
  const outcomes = new Set<string>()
  while (connections[0].state === 'open') outcomes.add(connections[0].send(Buffer.alloc(10_000)))
  assert.ok(outcomes.has('closed'))
  await assertEchoes(sibling)
})

test('credits only what is read: a paused connection stops only its own stream', async (t) => {
  const { server, connections } = await serve(t)
  const session = await open(server, t)
  const [held, sibling] = [await openSocket(session), await openSocket(session)]
  const [paused] = connections
  let receivedBytes = 0
  paused.onMessage = (data) => {
    receivedBytes += data.length
  }
  paused.pause()
  const message = frame(2, Buffer.alloc(100_000))
  for (let i = 0; i < 10; i++) held.stream.write(message)
  await assertEchoes(sibling)
  await until(() => paused.memoryUsed > 200_000)
  await assertEchoes(sibling)
  assert.ok(held.stream.writableLength > 400_000, `${held.stream.writableLength} bytes wait at the client`)
  assert.ok(paused.memoryUsed < 400_000, `${paused.memoryUsed} bytes wait at the server`)
  paused.resume()
  await until(() => receivedBytes === 1_000_000)
})

test('closes an idle connection, and one that sends no request', async (t) => {
  const { server } = await serve(t, { keepAliveTimeout: 30 })
  const session = await open(server, t)
  const socket = await openSocket(session)
  const silent = new RawHttp2(t, (await serve(t, { handshakeTimeout: 100 })).port)
  assert.is(await silent.goaway(), NGHTTP2_NO_ERROR)
  assert.is(session.closed, false)
  socket.stream.end(closeFrame(1000))
  await until(() => session.closed)
})

/** Returns a HEADERS frame with the fields of an extended CONNECT and further fields. */
function connectFrame(stream: number, more: readonly (readonly [string, string])[] = []): Buffer {
  return http2Frame(FrameType.HEADERS, END_HEADERS, stream, headerBlock([...Object.entries(CONNECT), ...more]))
}

const PING = http2Frame(FrameType.PING, 0, 0, Buffer.alloc(8))
const SETTINGS = http2Frame(FrameType.SETTINGS, 0, 0)

for (const [name, one] of Object.entries({ PING, SETTINGS })) {
  test(`CVE-2019-9512, -9515: ends a connection that floods with ${name} frames`, async (t) => {
    const { server, port } = await serve(t)
    const client = new RawHttp2(t, port)
    client.send(connectFrame(1))
    await until(() => client.of(FrameType.HEADERS).length === 1)
    for (let i = 0; i < 100 && !client.isClosed; i++) client.send(...Array(100).fill(one))
    assert.is(await client.goaway(), NGHTTP2_ENHANCE_YOUR_CALM)
    await until(() => server.connections.size === 0)
    await assertServes(server, t)
  })
}

test('answers the pings of an ordinary client', async (t) => {
  const { port } = await serve(t)
  const client = new RawHttp2(t, port)
  client.send(...Array(20).fill(PING))
  await until(() => client.of(FrameType.PING).filter(({ flags }) => flags === ACK).length === 20)
  assert.is(client.isClosed, false)
})

test('CVE-2023-44487: ends a connection that opens and resets streams without end', async (t) => {
  const { server, port } = await serve(t)
  const client = new RawHttp2(t, port)
  const reset = uint32(constants.NGHTTP2_CANCEL)
  for (let stream = 1; stream < 20_000 && !client.isClosed; stream += 2) {
    client.send(connectFrame(stream), http2Frame(FrameType.RST_STREAM, 0, stream, reset))
  }
  assert.is.not(await client.goaway(), NGHTTP2_NO_ERROR)
  await until(() => client.isClosed)
  await until(() => server.connections.size === 0)
  await assertServes(server, t)
})

test('CVE-2025-8671: ends a connection that makes the server reset streams without end', async (t) => {
  const { server, connections, port } = await serve(t)
  server.onConnection = (connection) => connection.terminate()
  const client = new RawHttp2(t, port)
  for (let stream = 1; stream < 4_000 && !client.isClosed; stream += 200) {
    client.send(...Array.from({ length: 100 }, (_, i) => connectFrame(stream + 2 * i)))
    await until(() => client.isClosed || client.of(FrameType.RST_STREAM).length >= (stream + 199) / 2)
  }
  await until(() => client.isClosed)
  assert.ok(client.of(FrameType.RST_STREAM).length < 1_500)
  server.onConnection = (connection) => {
    connection.onMessage = (data) => void connection.send(data)
  }
  await assertServes(server, t)
  assert.is(connections.length, 0)
})

test('responds with 408 when the body of a plain request takes five minutes, and other streams continue', async (t) => {
  const clock = stopClock(t)
  const server = createServer({
    http2: true,
    urls: { '/length': async (request) => `${(await text(request)).length}` },
    // The view cannot read the rest of the body.
    onError() {},
  })
  t.after(() => server.shutdown({ deadline: 0 }))
  await server.listen()
  const session = await open(server, t)
  const post = (): Http2WebSocket =>
    new Http2WebSocket(session.request({ ':method': 'POST', ':path': '/length' }, { endStream: false }))
  const slow = post()
  slow.stream.write('beginning')
  const quick = post()
  quick.stream.end('whole')
  await quick.closed()
  assert.equal([quick.status, `${quick.bytes}`], [200, '5'])
  clock.tick(299_000)
  assert.is(slow.status, undefined)
  clock.tick(1_000)
  await slow.closed()
  assert.equal([slow.status, slow.resetCode], [408, NGHTTP2_NO_ERROR])
  const later = post()
  later.stream.end('later')
  assert.is((await later.closed()).status, 200)
})

test('CVE-2024-27316: ends a connection whose header block has no end', async (t) => {
  const { server, port } = await serve(t)
  const client = new RawHttp2(t, port)
  client.send(http2Frame(FrameType.HEADERS, 0, 1, headerBlock(Object.entries(CONNECT))))
  const block = headerBlock([['x-more', 'x'.repeat(1_000)]])
  for (let i = 0; i < 200; i++) client.send(http2Frame(FrameType.CONTINUATION, 0, 1, block))
  assert.is.not(await client.goaway(), NGHTTP2_NO_ERROR)
  await assertServes(server, t)
})

test('refuses a request with more header fields than allowed, and other streams continue', async (t) => {
  const { server, port } = await serve(t)
  const client = new RawHttp2(t, port)
  // The limit on the bytes of fields is a setting, which applies once it is acknowledged (RFC 9113 §6.5.3).
  await until(() => client.of(FrameType.SETTINGS).length > 0)
  client.send(http2Frame(FrameType.SETTINGS, ACK, 0), connectFrame(1))
  const blocks = [
    Array.from({ length: 20 }, (_, i) => [`x-${i}`, 'x'.repeat(795)] as const),
    Array.from({ length: 200 }, (_, i) => [`x-${i}`, ''] as const),
  ]
  for (const [i, fields] of blocks.entries()) {
    const stream = 2 * i + 3
    client.send(connectFrame(stream, fields))
    await until(() => client.of(FrameType.RST_STREAM).some((each) => each.stream === stream))
  }
  client.send(http2Frame(FrameType.DATA, 0, 1, frame(1, 'hello')))
  await until(() => client.of(FrameType.DATA).some(({ stream }) => stream === 1))
  assert.equal(client.of(FrameType.DATA)[0].payload, unmasked(1, 'hello'))
  await assertServes(server, t)
})

test('refuses streams above the number that it allows, and serves the others', async (t) => {
  const { server, port } = await serve(t)
  const client = new RawHttp2(t, port)
  const count = 300
  for (let i = 0; i < count; i++) client.send(connectFrame(2 * i + 1))
  await until(() => client.of(FrameType.HEADERS).length + client.of(FrameType.RST_STREAM).length >= count)
  assert.is(client.of(FrameType.HEADERS).length, 256)
  const codes = client.of(FrameType.RST_STREAM).map(({ payload }) => payload.readUInt32BE(0))
  assert.equal([...new Set(codes)], [NGHTTP2_REFUSED_STREAM])
  assert.is(server.connections.size, 256)
  await assertServes(server, t)
})

test('S-56: resets malformed requests, and other streams continue', async (t) => {
  const { server, port } = await serve(t)
  const client = new RawHttp2(t, port)
  client.send(connectFrame(1))
  const without = (name: string) => Object.entries(CONNECT).filter(([each]) => each !== name)
  const cases: (readonly (readonly [string, string])[])[] = [
    without(':scheme'),
    without(':path'),
    without(':authority'),
    without(':protocol'),
    without(':method'),
    [[':protocol', 'websocket'], ...Object.entries(CONNECT)],
    [...Object.entries(CONNECT), [':protocol', 'websocket']],
    [...Object.entries({ ...CONNECT, ':method': 'GET' })],
    [...Object.entries(CONNECT), ['connection', 'upgrade']],
    [...Object.entries(CONNECT), ['upgrade', 'websocket']],
    [...Object.entries(CONNECT), ['transfer-encoding', 'chunked']],
    [...Object.entries(CONNECT), ['Sec-WebSocket-Protocol', 'x']],
  ]
  for (const [i, fields] of cases.entries()) {
    const stream = 2 * i + 3
    client.send(http2Frame(FrameType.HEADERS, END_HEADERS, stream, headerBlock(fields)))
    await until(() => client.of(FrameType.RST_STREAM).some((each) => each.stream === stream))
    assert.is(client.of(FrameType.HEADERS).length, 1, JSON.stringify(fields))
  }
  client.send(http2Frame(FrameType.DATA, 0, 1, frame(1, 'hello')))
  await until(() => client.of(FrameType.DATA).length === 1)
  assert.is(server.connections.size, 1)
})

test('S-56: RST_STREAM and END_STREAM within a message end one stream, and other streams continue', async (t) => {
  const { server, connections } = await serve(t)
  const session = await open(server, t)
  const sockets = [await openSocket(session), await openSocket(session), await openSocket(session)]
  const ends: unknown[] = []
  for (const [index, connection] of connections.entries()) {
    connection.onClose = ({ code, initiator }) => void ends.push([index, code, initiator])
  }
  const [reset, ended, sibling] = sockets
  for (const { stream } of [reset, ended]) stream.write(frame(1, 'first', { fin: false }))
  await assertEchoes(sibling)
  reset.stream.close(constants.NGHTTP2_CANCEL)
  await until(() => ends.length === 1)
  await assertEchoes(sibling)
  ended.stream.end()
  await until(() => ends.length === 2)
  assert.equal(ends, [
    [0, 1006, 'transport'],
    [1, 1006, 'transport'],
  ])
  await ended.closed()
  assert.is(ended.bytes.length, 0)
  await assertEchoes(sibling)
})

test('S-56: resets an extended CONNECT on a connection without the setting, and other streams continue', async (t) => {
  const http2 = createHttp2Server((_, response) => response.end('page'))
  await new Promise<void>((resolve) => http2.listen(0, '127.0.0.1', resolve))
  const client = new RawHttp2(t, (http2.address() as AddressInfo).port)
  await until(() => client.of(FrameType.SETTINGS).length > 0)
  const server = createServer()
  server.attach(http2)
  t.after(async () => {
    await server.close()
    client.socket.destroy()
    http2.close()
  })
  client.send(connectFrame(1))
  await until(() => client.of(FrameType.RST_STREAM).length === 1)
  assert.is(client.of(FrameType.RST_STREAM)[0].payload.readUInt32BE(0), constants.NGHTTP2_PROTOCOL_ERROR)
  const page = Object.entries({ ...CONNECT, ':method': 'GET' }).filter(([name]) => name !== ':protocol')
  client.send(http2Frame(FrameType.HEADERS, END_HEADERS | END_STREAM, 3, headerBlock(page)))
  await until(() => client.of(FrameType.DATA).length > 0)
  assert.is(`${client.of(FrameType.DATA)[0].payload}`, 'page')
  assert.is(server.connections.size, 0)
})
