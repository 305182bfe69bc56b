import { once } from 'node:events'
import { type ClientHttp2Session, constants, createSecureServer } from 'node:http2'
import { request as httpsRequest } from 'node:https'
import { connect as connectTcp } from 'node:net'
import express from 'express'
import { isFastEnabled } from '../../src/fast/enabled.ts'
import {
  type CloseInfo,
  type Connection,
  type CreateServerOptions,
  createServer,
  require_websocket,
  WebSocketMiddleware,
  type WebSocketServer,
} from '../../src/index.ts'
import { makeCertificate } from '../support/certificate.ts'
import { type Http2WebSocket, openSession, requestWebSocket } from '../support/http2-client.ts'
import { until } from '../support/tick.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { closeFrame, frame, unmasked } from '../support/wire.ts'

const test = suite('http2')

const certificate = makeCertificate()

const urls = {
  '/': () => 'home',
  '/echo': require_websocket(async ({ websocket }) => {
    for await (const message of websocket) await websocket.send(message)
  }),
}

async function serve(t: TestContext, options: CreateServerOptions = {}): Promise<WebSocketServer> {
  const server = createServer({ http2: certificate, ...options })
  t.after(() => server.shutdown({ deadline: 100 }))
  await server.listen()
  return server
}

/** Starts a server whose connections echo, opens one session, and records how its connections end. */
async function serveEcho(t: TestContext, options: CreateServerOptions = {}) {
  const server = await serve(t, options)
  const connections: Connection[] = []
  const ends: CloseInfo[] = []
  server.onConnection = (connection) => {
    connections.push(connection)
    connection.onMessage = (data) => void connection.send(data)
    connection.onClose = (info) => void ends.push(info)
  }
  const session = await openSession(t, server.address())
  return { server, session, connections, ends }
}

const HELLO = frame(1, 'hello')
const ECHO = unmasked(1, 'hello').toString('hex')

async function assertEchoes(socket: Http2WebSocket): Promise<void> {
  const before = socket.bytes.length
  socket.stream.write(HELLO)
  assert.is((await socket.receive(before + ECHO.length / 2)).slice(before * 2), ECHO)
}

async function openSocket(session: ClientHttp2Session, fields = {}): Promise<Http2WebSocket> {
  const socket = await requestWebSocket(session, fields).answer()
  assert.is(socket.status, 200)
  return socket
}

/** Resolves to the status and the body of the response to a plain request. */
async function get(session: ClientHttp2Session, path: string): Promise<[status: unknown, body: string]> {
  const stream = session.request({ ':path': path })
  let body = ''
  let status: unknown
  stream.on('response', (headers) => {
    status = headers[':status']
  })
  stream.on('data', (chunk) => {
    body += chunk
  })
  await new Promise((resolve) => stream.on('close', resolve))
  return [status, body]
}

test('RFC 8441 §3: announces that a WebSocket may be opened', async (t) => {
  const { session } = await serveEcho(t)
  assert.is(session.remoteSettings.enableConnectProtocol, true)
})

test('§5: opens a WebSocket with 200, without key and accept, and closes it with END_STREAM', async (t) => {
  const { session, ends, connections } = await serveEcho(t)
  const socket = await openSocket(session, { 'x-own': 'yes' })
  assert.equal(Object.keys(socket.headers!).sort(), [':status', 'date'])
  const { request } = connections[0]
  assert.equal([request.httpVersion, request.method, request.url], ['2.0', 'GET', '/'])
  assert.equal([request.headers.host, request.headers['x-own']], ['localhost', 'yes'])
  assert.is(request.socket.remoteAddress, '127.0.0.1')
  await assertEchoes(socket)
  socket.stream.write(closeFrame(1000))
  await until(() => socket.hasEnded)
  assert.ok(socket.bytes.toString('hex').endsWith('880203e8'))
  socket.stream.end()
  assert.is((await socket.closed()).resetCode, constants.NGHTTP2_NO_ERROR)
  assert.equal([ends[0].code, ends[0].wasClean, ends[0].initiator], [1000, true, 'remote'])
})

test('applies origins, authorize, subprotocols and permessage-deflate as over HTTP/1.1', async (t) => {
  const seen: (string | undefined)[] = []
  const { session, connections } = await serveEcho(t, {
    subprotocols: ['chat'],
    deflate: true,
    authorize: (request) => {
      seen.push(request.clientAddress, request.query.get('a') ?? '', request.headers.cookie)
      return request.headers.cookie === undefined ? { status: 401 } : { headers: { 'Set-Cookie': ['x=1', 'y=2'] } }
    },
  })
  assert.is((await requestWebSocket(session).answer()).status, 401)
  const foreign = await requestWebSocket(session, { origin: 'https://evil.example', cookie: 'c' }).answer()
  assert.is(foreign.status, 403)
  const socket = await openSocket(session, {
    ':path': '/?a=b',
    cookie: 'c=1',
    origin: 'https://localhost',
    'sec-websocket-protocol': 'x, chat',
    'sec-websocket-extensions': 'permessage-deflate',
  })
  assert.is(socket.headers!['sec-websocket-protocol'], 'chat')
  assert.match(String(socket.headers!['sec-websocket-extensions']), /^permessage-deflate/)
  assert.equal(socket.headers!['set-cookie'], ['x=1', 'y=2'])
  assert.equal(seen.slice(-3), ['127.0.0.1', 'b', 'c=1'])
  assert.is(connections[0].subprotocol, 'chat')
})

test('S-56: refuses requests that break a rule, and other streams continue', async (t) => {
  const { session, server } = await serveEcho(t)
  const sibling = await openSocket(session)
  const cases: [fields: Record<string, string | null>, status: number | undefined][] = [
    [{ ':protocol': 'x-other' }, 501],
    [{ ':scheme': 'wss' }, 400],
    [{ 'content-length': '5' }, 400],
    [{ 'sec-websocket-version': '99' }, 400],
    [{ 'sec-websocket-version': null }, 400],
    [{ 'sec-websocket-extensions': ';;' }, 400],
    [{ host: 'other.example' }, 400],
  ]
  for (const [fields, status] of cases) {
    const socket = await requestWebSocket(session, fields).answer()
    assert.is(socket.status, status, JSON.stringify(fields))
    assert.match(socket.headers!['content-type'] ?? '', /^text\/plain/)
    await socket.closed()
  }
  const version = await requestWebSocket(session, { 'sec-websocket-version': '99' }).answer()
  assert.is(version.headers!['sec-websocket-version'], '13')
  assert.is((await requestWebSocket(session, {}, true).answer()).status, 400)
  await assertEchoes(sibling)
  assert.is(server.stats().refused['501'], 1)
})

test('serves plain views over HTTP/2, and HTTP/1.1 on the same port', async (t) => {
  const server = await serve(t, { urls })
  const session = await openSession(t, server.address())
  assert.equal(await get(session, '/'), [200, 'home'])
  assert.is((await get(session, '/nothing'))[0], 404)
  assert.is((await get(session, '/echo'))[0], 400)
  const socket = await openSocket(session, { ':path': '/echo' })
  await assertEchoes(socket)
  assert.is((await requestWebSocket(session, { ':path': '/nothing' }).answer()).status, 404)
  const { port } = server.address() as { port: number }
  const status = await new Promise((resolve, reject) => {
    const upgrade = { Upgrade: 'websocket', Connection: 'Upgrade' }
    const headers = { ...upgrade, 'Sec-WebSocket-Version': '13', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==' }
    const request = httpsRequest({ port, path: '/echo', rejectUnauthorized: false, headers })
    request.on('upgrade', (response, stream) => {
      stream.destroy()
      resolve(response.statusCode)
    })
    request.on('error', reject).end()
  })
  assert.is(status, 101)
})

test('answers plain requests with 400 where there are only WebSockets', async (t) => {
  const { session } = await serveEcho(t)
  const [status, body] = await get(session, '/')
  assert.is(status, 400)
  assert.match(body, /extended CONNECT/)
})

test('RFC 9113 §3.3: speaks HTTP/2 without TLS to a client that begins with its preface', async (t) => {
  const server = await serve(t, { urls, http2: true })
  const session = await openSession(t, server.address(), 'http')
  const socket = await openSocket(session, { ':path': '/echo', ':scheme': 'http' })
  await assertEchoes(socket)
  assert.equal(await get(session, '/'), [200, 'home'])
})

test('finds the preface however it is split, and refuses it without the option', async (t) => {
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1')
  const exchange = async (server: WebSocketServer, cut: number): Promise<Buffer> => {
    const socket = connectTcp((server.address() as { port: number }).port, '127.0.0.1').setNoDelay()
    t.after(() => socket.destroy())
    socket.write(preface.subarray(0, cut))
    // The response to a request on another connection arrives after earlier input was handled.
    await new Promise((resolve) => socket.write('', resolve))
    setImmediate(() => socket.write(preface.subarray(cut)))
    const [chunk] = (await once(socket, 'data')) as [Buffer]
    return chunk
  }
  const server = await serve(t, { http2: true })
  for (const cut of [1, 10, 17, 18, 20, preface.length]) assert.is((await exchange(server, cut))[3], 4, `cut at ${cut}`)
  const without = createServer()
  t.after(() => without.close())
  await without.listen()
  // Without the fast path, Node's parser reads the head.
  const status = isFastEnabled ? 505 : 400
  assert.match((await exchange(without, preface.length)).toString('latin1'), `HTTP/1.1 ${status} `)
})

test('§5: distinguishes END_STREAM, RST_STREAM and the end of the connection', async (t) => {
  const { session, ends, server } = await serveEcho(t)
  const ended = await openSocket(session)
  ended.stream.end()
  assert.is((await ended.closed()).resetCode, constants.NGHTTP2_NO_ERROR)
  const reset = await openSocket(session)
  // Node ends the stream first unless it is destroyed.
  reset.stream.destroy(new Error('test'))
  await until(() => ends.length === 2)
  const sibling = await openSocket(session)
  await assertEchoes(sibling)
  session.destroy()
  await until(() => ends.length === 3)
  assert.equal(
    ends.map(({ code, initiator }) => [code, initiator]),
    [1, 2, 3].map(() => [1006, 'transport']),
  )
  assert.is((ends[0].error as { code?: string }).code, 'ERR_WS_STREAM_ENDED')
  assert.match(ends[1].error!.message, /the peer reset the HTTP\/2 stream with INTERNAL_ERROR$/)
  assert.match(ends[2].error!.message, /HTTP\/2 connection/)
  await until(() => server.connections.size === 0)
})

test('§5: resets the stream with CANCEL when it is terminated, and other streams continue', async (t) => {
  const { session, connections } = await serveEcho(t)
  const [first, second] = [await openSocket(session), await openSocket(session)]
  connections[0].terminate()
  assert.is((await first.closed()).resetCode, constants.NGHTTP2_CANCEL)
  await assertEchoes(second)
})

test('fails one stream with a Close frame, and other streams continue', async (t) => {
  const { session, ends } = await serveEcho(t)
  const [first, second] = [await openSocket(session), await openSocket(session)]
  first.stream.write(unmasked(1, 'hello'))
  assert.is((await first.receive(4)).slice(0, 2), '88')
  await until(() => first.hasEnded)
  assert.is(ends[0].code, 1002)
  await assertEchoes(second)
})

test('brings WebSocketMiddleware to HTTP/2, with the responses of the app', async (t) => {
  const app = express()
  app.get('/echo', urls['/echo'])
  app.get('/moved', (_, response) => void response.cookie('a', 'b').redirect('/echo'))
  app.get('/page', (_, response) => void response.send('page'))
  const http2 = createSecureServer({ ...certificate, allowHTTP1: true }, app as never)
  const { server } = new WebSocketMiddleware(http2)
  await new Promise<void>((resolve) => http2.listen(0, '127.0.0.1', resolve))
  const session = await openSession(t, http2.address())
  t.after(async () => {
    await server.close()
    session.destroy()
    http2.close()
  })
  await assertEchoes(await openSocket(session, { ':path': '/echo' }))
  const moved = await requestWebSocket(session, { ':path': '/moved' }).answer()
  assert.equal([moved.status, moved.headers!.location], [302, '/echo'])
  assert.equal(moved.headers!['set-cookie'], ['a=b; Path=/'])
  await moved.closed()
  assert.match(moved.bytes.toString(), /Redirecting to \/echo/)
  assert.is((await requestWebSocket(session, { ':path': '/page' }).answer()).status, 400)
  assert.is((await requestWebSocket(session, { ':path': '/nothing' }).answer()).status, 404)
})
