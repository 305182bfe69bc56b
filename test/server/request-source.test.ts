import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { WebSocketServer } from '../../src/server/server.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

const test = suite('server/request-source')

const head = [
  'GET /chat/tea?x=1&x=2 HTTP/1.1',
  'Host: 127.0.0.1',
  'Upgrade: websocket',
  'Connection: keep-alive',
  'connection: Upgrade',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  'Cookie: session=1',
  'cookie: theme=dark',
  'Authorization: Basic first',
  'authorization: Basic second',
  'User-Agent: one',
  'User-Agent: two',
  'Set-Cookie: odd=1',
  'X-Forwarded-For: 192.0.2.1',
  'X-Forwarded-For:  192.0.2.2 ',
  'X-Empty:',
  'X-Latin: caf\u00e9',
  '__proto__: here',
  'constructor: there',
  '',
  '',
].join('\r\n')

/** The request as the server's own port presents it. */
async function readByOwnPort(t: TestContext): Promise<IncomingMessage> {
  const server = new WebSocketServer()
  t.after(() => server.close())
  const { port } = (await server.listen()) as AddressInfo
  const request = new Promise<IncomingMessage>((resolve) => {
    server.onConnection = (connection) => resolve(connection.request)
  })
  send(t, port)
  return request
}

/** The request as node presents it. */
async function readByNode(t: TestContext): Promise<IncomingMessage> {
  const server = createHttpServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  send(t, (server.address() as AddressInfo).port)
  const [request, socket] = await once(server, 'upgrade')
  t.after(() => socket.destroy())
  return request
}

function send(t: TestContext, port: number): void {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.write(head, 'latin1')
  t.after(() => socket.destroy())
}

test('presents a request of the own port as node presents its own', async (t) => {
  const [own, node] = [await readByOwnPort(t), await readByNode(t)]
  for (const name of ['method', 'url', 'httpVersion', 'httpVersionMajor', 'httpVersionMinor', 'rawHeaders'] as const) {
    assert.equal(own[name], node[name], name)
  }
  assert.equal(Object.entries(own.headers), Object.entries(node.headers))
  assert.equal(Object.entries(own.headersDistinct), Object.entries(node.headersDistinct))
  assert.is(own.headers.cookie, 'session=1; theme=dark')
  assert.is(own.socket.remoteAddress, '127.0.0.1')
})
