import { Agent, createServer as createHttpServer } from 'node:http'
import { createServer as createHttpsServer, Agent as HttpsAgent } from 'node:https'
import { connect as connectTcp, createServer as createTcpServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { type Connection, connect, WebSocketServer } from '../../src/index.ts'
import { makeCertificate } from '../support/certificate.ts'
import { openssl, testWith } from '../support/need.ts'
import { assert, suite, type TestContext, thrownBy } from '../support/unit.ts'
import { next, portOf } from './raw-server.ts'

const test = suite('connect: agents, streams and unix sockets')
const withTls = testWith(test, openssl)

/** Attaches a server that echoes. */
function echoOn(t: TestContext, http: ReturnType<typeof createHttpServer>): void {
  const server = new WebSocketServer()
  server.onConnection = (connection) => {
    connection.onMessage = (data) => void connection.send(data)
  }
  server.attach(http)
  t.after(async () => {
    await server.close()
    http.close()
  })
}

async function assertEchoes(connection: Connection): Promise<void> {
  const answer = next(connection)
  connection.send('hello')
  assert.is(await answer, 'hello')
  connection.terminate()
}

/** Listens on a new Unix socket. Resolves to its path. */
async function pathOf(server: Server, name: string): Promise<string> {
  const path = join(tmpdir(), `dwebsocket-${process.pid}-${name}`)
  await new Promise<void>((resolve) => server.listen(path, resolve))
  return path
}

test('connects through an agent', async (t) => {
  const http = createHttpServer()
  echoOn(t, http)
  const port = await portOf(http)
  class ProxyAgent extends Agent {
    override createConnection(): ReturnType<typeof connectTcp> {
      return connectTcp(port, '127.0.0.1')
    }
  }
  await assertEchoes(await connect('ws://elsewhere.example', { agent: new ProxyAgent() }))
})

withTls('connects over TLS by an agent with a certificate', async (t) => {
  const certificate = makeCertificate()
  const https = createHttpsServer(certificate)
  echoOn(t, https as never)
  const agent = new HttpsAgent({ ca: certificate.cert })
  await assertEchoes(await connect(`wss://localhost:${await portOf(https)}`, { agent }))
})

withTls('connects over a stream that createConnection makes', async (t) => {
  const certificate = makeCertificate()
  const [http, https] = [createHttpServer(), createHttpsServer(certificate)]
  echoOn(t, http)
  echoOn(t, https as never)
  const [port, tlsPort] = [await portOf(http), await portOf(https)]
  const createConnection = () => connectTcp(port, '127.0.0.1')
  await assertEchoes(await connect('ws://elsewhere.example', { createConnection }))
  const createTls = () => connectTls(tlsPort, { ca: certificate.cert, host: '127.0.0.1', servername: 'localhost' })
  await assertEchoes(await connect('wss://elsewhere.example', { createConnection: createTls }))
})

test('rejects with ERR_WS_TRANSPORT when createConnection throws', async () => {
  const cause = new Error('no way there')
  const error = await thrownBy(() =>
    connect('ws://elsewhere.example', {
      createConnection() {
        throw cause
      },
    }),
  )
  assert.equal([error.code, error.cause], ['ERR_WS_TRANSPORT', cause])
})

withTls('connects to a unix socket, plain and over TLS', async (t) => {
  const certificate = makeCertificate()
  const [http, https] = [createHttpServer(), createHttpsServer(certificate)]
  echoOn(t, http)
  echoOn(t, https as never)
  await assertEchoes(await connect('ws://localhost/path', { socketPath: await pathOf(http, 'plain') }))
  const tls = { ca: certificate.cert }
  await assertEchoes(await connect('wss://localhost/path', { socketPath: await pathOf(https, 'tls'), tls }))
})

test('leaves the unix socket when it is redirected to another origin, not on the same', async (t) => {
  const target = createHttpServer()
  echoOn(t, target)
  const port = await portOf(target)
  const paths: unknown[] = []
  const from = createTcpServer((socket) => {
    socket.on('error', () => {})
    socket.once('data', (data) => {
      const path = String(data).split(' ')[1]
      paths.push(path)
      const location = path === '/first' ? '/second' : `ws://127.0.0.1:${port}/`
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${location}\r\nContent-Length: 0\r\n\r\n`)
    })
  })
  const socketPath = await pathOf(from, 'redirect')
  t.after(() => from.close())
  await assertEchoes(await connect('ws://localhost/first', { socketPath, maxRedirects: 2 }))
  assert.equal(paths, ['/first', '/second'])
})

test('connect rejects when createConnection fails or does not return a stream', async () => {
  const failure = new Error('no stream')
  const results: Record<string, [() => unknown, string]> = {
    throws: [
      () => {
        throw failure
      },
      'no stream',
    ],
    rejects: [() => Promise.reject(failure), 'an object (Promise)'],
    promise: [() => Promise.resolve({}), 'an object (Promise)'],
    nothing: [() => undefined, 'undefined'],
    number: [() => 5, '5'],
    object: [() => ({}), 'an object (Object)'],
  }
  for (const [kind, [createConnection, found]] of Object.entries(results)) {
    for (const http2 of [false, true]) {
      const options = { createConnection: createConnection as never, http2 }
      const { message } = await thrownBy(() => connect('ws://127.0.0.1:1/', options))
      const expected = kind === 'throws' ? found : `option createConnection() is ${found}; allowed: a Duplex`
      assert.is(message, `no response from 127.0.0.1:1: ${expected}`, `${kind}, http2: ${http2}`)
    }
  }
})
