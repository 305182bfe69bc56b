import { once } from 'node:events'
import { connect as connectHttp2, createServer as createHttp2Server, type Http2Server } from 'node:http2'
import { type AddressInfo, connect as connectTcp } from 'node:net'
import { connect, createServer, type HandshakeError, type WebSocketServer } from '../../src/index.ts'
import { makeCertificate } from '../support/certificate.ts'
import { openssl, testWith } from '../support/need.ts'
import { reservePort } from '../support/reserved-port.ts'
import { assert, suite, type TestContext, thrownBy } from '../support/unit.ts'
import { closed, next } from './raw-server.ts'

const test = suite('connect over HTTP/2')
const withTls = testWith(test, openssl)

async function serve(t: TestContext, options: Parameters<typeof createServer>[0]): Promise<WebSocketServer> {
  const server = createServer({ subprotocols: ['chat'], deflate: { threshold: 0 }, ...options })
  server.onConnection = (connection) => {
    connection.onMessage = (data) => void connection.send(data)
  }
  t.after(() => server.shutdown({ deadline: 100 }))
  await server.listen()
  return server
}

const portOf = (server: { address(): unknown }): number => (server.address() as AddressInfo).port

/** Makes a server of Node listen. */
async function listen(t: TestContext, server: Http2Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => server.close())
  return portOf(server)
}

withTls('opens a connection of its own over TLS, with the options of the handshake', async (t) => {
  const { key, cert } = makeCertificate()
  const server = await serve(t, { http2: { key, cert } })
  const connection = await connect(`wss://localhost:${portOf(server)}/a?b=c`, {
    http2: true,
    tls: { ca: cert },
    subprotocols: ['x', 'chat'],
    deflate: { threshold: 0 },
    headers: { 'X-Own': 'yes' },
  })
  const [accepted] = server.connections
  assert.equal([accepted.request.url, accepted.request.headers['x-own']], ['/a?b=c', 'yes'])
  assert.equal(
    [connection.subprotocol, connection.request.statusCode, connection.request.httpVersion],
    ['chat', 200, '2.0'],
  )
  assert.match(connection.request.headers['sec-websocket-extensions']!, 'permessage-deflate')
  const reply = next(connection)
  connection.send('hello '.repeat(50_000))
  assert.is(await reply, 'hello '.repeat(50_000))
  const end = closed(connection)
  connection.close(4000)
  assert.is(await end, 4000)
  const error = await thrownBy(() => connect(`wss://localhost:${portOf(server)}/`, { http2: true }))
  assert.is((error.cause as { code?: string }).code, 'DEPTH_ZERO_SELF_SIGNED_CERT')
})

test('opens many connections on one session', async (t) => {
  const server = await serve(t, { http2: true })
  const url = `http://127.0.0.1:${portOf(server)}`
  const http2 = connectHttp2(url)
  t.after(() => http2.destroy())
  const connections = await Promise.all(Array.from({ length: 5 }, () => connect(url, { http2 })))
  connections.push(await connect(url, { http2 }))
  connections[0].terminate()
  const replies = connections.slice(1).map((connection, i) => {
    const reply = next(connection)
    connection.send(`${i}`)
    return reply
  })
  assert.equal(await Promise.all(replies), ['0', '1', '2', '3', '4'])
})

test('opens more connections at once than Node allows pings, and no warning is emitted', async (t) => {
  const server = await serve(t, { http2: true })
  const url = `http://127.0.0.1:${portOf(server)}`
  const warnings: Error[] = []
  const onWarning = (warning: Error): void => void warnings.push(warning)
  process.on('warning', onWarning)
  t.after(() => process.off('warning', onWarning))
  for (const event of [null, 'connect', 'remoteSettings']) {
    const http2 = connectHttp2(url)
    t.after(() => http2.destroy())
    if (event !== null) await once(http2, event)
    const connections = await Promise.all(Array.from({ length: 30 }, () => connect(url, { http2 })))
    for (const connection of connections) connection.terminate()
    assert.equal(
      ['remoteSettings', 'error'].map((name) => http2.listenerCount(name)),
      [0, 0],
    )
  }
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(warnings, [])
})

test('opening a connection on a session in use sends no PING, of which servers accept few', async (t) => {
  const server = createHttp2Server({ settings: { enableConnectProtocol: true } })
  let pings = 0
  server.on('session', (session) => session.on('ping', () => pings++))
  server.on('stream', (stream) => stream.respond({ ':status': 200 }))
  const url = `http://127.0.0.1:${await listen(t, server)}`
  const http2 = connectHttp2(url)
  t.after(() => http2.destroy())
  for (let i = 0; i < 20; i++) (await connect(url, { http2 })).terminate()
  assert.is(pings, 0)
})

test('rejects with the status of a refusal', async (t) => {
  const server = await serve(t, { http2: true, authorize: () => ({ status: 401 }) })
  const error = (await thrownBy(() => connect(`ws://127.0.0.1:${portOf(server)}`, { http2: true }))) as HandshakeError
  assert.equal([error.code, error.status], ['ERR_WS_UNEXPECTED_STATUS', 401])
})

test('follows redirects to another origin on a session of its own', async (t) => {
  const target = await serve(t, { http2: true })
  const headers = { Location: `ws://127.0.0.1:${portOf(target)}/` }
  const first = await serve(t, { http2: true, authorize: () => ({ status: 307, headers }) })
  const url = `http://127.0.0.1:${portOf(first)}`
  const http2 = connectHttp2(url)
  t.after(() => http2.destroy())
  const connection = await connect(url, { http2, maxRedirects: 1 })
  assert.is(connection.request.statusCode, 200)
  connection.terminate()
})

test('RFC 8441 §3: sends nothing to a server that does not announce it', async (t) => {
  let streamCount = 0
  const port = await listen(
    t,
    createHttp2Server(() => streamCount++),
  )
  const error = await thrownBy(() => connect(`ws://127.0.0.1:${port}`, { http2: true }))
  assert.is((error as { code?: string }).code, 'ERR_WS_TRANSPORT')
  assert.match(error.message, 'SETTINGS_ENABLE_CONNECT_PROTOCOL')
  assert.is(streamCount, 0)
})

test('rejects when the server resets the stream, closes the connection or is not there', async (t) => {
  const resetting = createHttp2Server({ settings: { enableConnectProtocol: true } })
  resetting.on('stream', (stream) => stream.close())
  const closing = createHttp2Server({ settings: { enableConnectProtocol: true } })
  closing.on('stream', ({ session }) => session?.destroy())
  const [first, second] = [await listen(t, resetting), await listen(t, closing)]
  const third = await reservePort(t)
  for (const port of [first, second, third]) {
    const error = await thrownBy(() => connect(`ws://127.0.0.1:${port}`, { http2: true }))
    assert.is((error as { code?: string }).code, 'ERR_WS_TRANSPORT', error.message)
  }
})

test('ends at the timeout of the handshake, before SETTINGS and before the response', async (t) => {
  const silent = createHttp2Server({ settings: { enableConnectProtocol: true } })
  silent.on('stream', () => {})
  const port = await listen(t, silent)
  const createConnection = () => connectTcp(port, '127.0.0.1').pause()
  for (const options of [{}, { createConnection }]) {
    const error = await thrownBy(() =>
      connect(`ws://127.0.0.1:${port}`, { http2: true, handshakeTimeout: 50, ...options }),
    )
    assert.is((error as { code?: string }).code, 'ERR_WS_HANDSHAKE_TIMEOUT')
  }
})

test('uses createConnection and a socketPath', async (t) => {
  const server = await serve(t, { http2: true })
  const port = portOf(server)
  const targets: object[] = []
  const createConnection = (target: object) => {
    targets.push(target)
    return connectTcp(port, '127.0.0.1')
  }
  const connection = await connect('ws://elsewhere.example', { http2: true, createConnection })
  assert.equal(targets, [{ host: 'elsewhere.example', port: '80' }])
  assert.is([...server.connections][0].request.headers.host, 'elsewhere.example')
  connection.terminate()
  const path = `/tmp/dwebsocket-http2-${process.pid}.sock`
  const onPath = createServer({ http2: true })
  t.after(() => onPath.close())
  await onPath.listen(path)
  const other = await connect('ws://localhost', { http2: true, socketPath: path })
  assert.is(other.request.statusCode, 200)
  other.terminate()
})

test('refuses what is neither true, false nor a session', async () => {
  const error = await thrownBy(() => connect('ws://127.0.0.1', { http2: {} as never }))
  assert.match(error.message, 'option http2 is an object (Object); allowed: true, false or a session')
})

test('receives the echo of more than either side may store', async (t) => {
  const server = await serve(t, { http2: true })
  const connection = await connect(`ws://127.0.0.1:${portOf(server)}`, { http2: true })
  const sizes = [1_000_000, 1_000_001, 1_000_002]
  const received: number[] = []
  const last = new Promise<void>((resolve) => {
    connection.onMessage = ({ length }) => {
      if (received.push(length) === sizes.length) resolve()
    }
  })
  for (const size of sizes) connection.send(Buffer.alloc(size))
  await last
  assert.equal(received, sizes)
  connection.terminate()
})
