import { once } from 'node:events'
import { Agent, get, request as httpRequest, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { WebSocketServer } from '../../src/index.ts'
import { RawClient, upgradeRequest } from '../support/raw-client.ts'
import { endOfTick, turns, until } from '../support/tick.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { frame } from '../support/wire.ts'

const test = suite('listener')

/** Starts a server that echoes messages, and responds to plain requests with their path and body. */
async function listen(t: TestContext): Promise<{ server: WebSocketServer; port: number }> {
  const server = new WebSocketServer()
  server.onConnection = (connection) => {
    connection.onMessage = (data) => void connection.send(data)
  }
  server.onRequest = async (request, response) => {
    let size = 0
    for await (const chunk of request) size += chunk.length
    response.end(`${request.url} ${size}\n`)
  }
  const { port } = (await server.listen(0)) as AddressInfo
  t.after(async () => {
    for (const connection of server.connections) connection.terminate()
    await server.close()
  })
  return { server, port }
}

/** Opens a socket. Returns it with its received text, and a function that waits for a text. */
function open(
  t: TestContext,
  port: number,
): { socket: Socket; text: () => string; until: (text: string) => Promise<void> } {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true })
  t.after(() => socket.destroy())
  let received = ''
  socket.on('data', (chunk) => {
    received += chunk.toString('latin1')
  })
  return { socket, text: () => received, until: (text) => until(() => received.includes(text)) }
}

/** Resolves when the server has read what was written to the socket. */
async function arrives(socket: Socket): Promise<void> {
  if (socket.connecting) await once(socket, 'connect')
  await turns()
}

const plain = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`

test('answers plain requests on one connection, one by one and in a pipeline', async (t) => {
  const { port } = await listen(t)
  const { socket, until, text } = open(t, port)
  for (const path of ['/one', '/two']) {
    socket.write(plain(path))
    await until(`${path} 0\n`)
  }
  socket.write(plain('/three') + plain('/four'))
  await until('/four 0\n')
  assert.ok(text().indexOf('/three 0\n') < text().indexOf('/four 0\n'))
})

test('passes on pipelined requests that arrive at once, and a request head that arrives byte by byte', async (t) => {
  const { port } = await listen(t)
  const all = open(t, port)
  all.socket.write(plain('/one') + plain('/two'))
  await all.until('/two 0\n')
  const slow = open(t, port)
  for (const byte of plain('/slow')) {
    slow.socket.write(byte)
    await endOfTick()
  }
  await slow.until('/slow 0\n')
})

test('passes on a body of any size that arrives with the request head or after it', async (t) => {
  const { port } = await listen(t)
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  t.after(() => agent.destroy())
  for (const size of [1, 70_000, 3_000_000]) {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      const options = { port, host: '127.0.0.1', path: `/${size}`, method: 'POST', agent }
      httpRequest(options, resolve).on('error', reject).end(Buffer.alloc(size, 'x'))
    })
    let body = ''
    for await (const chunk of answer) body += chunk
    assert.is(body, `/${size} ${size}\n`)
  }
})

test('accepts an upgrade on a connection that began with plain HTTP, followed by frames', async (t) => {
  const { port, server } = await listen(t)
  const { socket, until } = open(t, port)
  socket.write(plain('/one'))
  await until('/one 0\n')
  socket.write(Buffer.concat([Buffer.from(upgradeRequest()), frame(1, 'with it')]))
  await until('with it')
  socket.write(frame(1, 'behind it'))
  await until('behind it')
  assert.is(server.connections.size, 1)
})

test('reads nothing after an upgrade request until it is accepted or refused, then reads in order', async (t) => {
  const { port, server } = await listen(t)
  const upgraded = new Promise<() => void>((resolve) => {
    server.onUpgrade = (upgrade) =>
      resolve(() => {
        const connection = upgrade.accept()
        connection.onMessage = (data) => void connection.send(data)
      })
  })
  const client = RawClient.connect(port)
  client.socket.write(Buffer.concat([Buffer.from(upgradeRequest()), frame(1, 'one')]))
  const accept = await upgraded
  client.sendText('two')
  await arrives(client.socket)
  accept()
  client.sendText('three')
  await client.receive(3)
  assert.equal(client.texts, ['one', 'two', 'three'])
})

test('forgets clients that disconnect before the request head is complete, and releases them when it closes', async (t) => {
  const { port, server } = await listen(t)
  const gone = open(t, port)
  gone.socket.write('GET / HT')
  await arrives(gone.socket)
  gone.socket.resetAndDestroy()
  const ended = open(t, port)
  ended.socket.end('GET / HT')
  await new Promise((resolve) => ended.socket.once('close', resolve))
  const waiting = open(t, port)
  waiting.socket.write('GET / HT')
  await arrives(waiting.socket)
  const closed = new Promise((resolve) => waiting.socket.once('close', resolve))
  await server.close()
  await closed
})

test('responds to a request head that becomes invalid after a valid beginning, and serves the next client', async (t) => {
  const { port } = await listen(t)
  const broken = open(t, port)
  broken.socket.write('GET / HTTP/1.1\r\nHo')
  await arrives(broken.socket)
  broken.socket.write('st : a\r\n\r\n')
  await broken.until('400 Bad Request')
  const status = await new Promise((resolve) =>
    get({ port, host: '127.0.0.1' }, (answer) => resolve(answer.resume().statusCode)),
  )
  assert.is(status, 200)
})

test('keeps idle plain HTTP connections open for longer than a load balancer, or for keepAliveTimeout', async (t) => {
  const { port } = await listen(t)
  const { socket, until, text } = open(t, port)
  socket.write(plain('/one'))
  await until('/one 0\n')
  assert.match(text(), /Keep-Alive: timeout=65\r\n/)
  const server = new WebSocketServer({ keepAliveTimeout: 2_000 })
  server.onRequest = (_, response) => void response.end('plain')
  t.after(() => server.close())
  const own = open(t, ((await server.listen(0)) as AddressInfo).port)
  own.socket.write(plain('/'))
  await own.until('plain')
  assert.match(own.text(), /Keep-Alive: timeout=2\r\n/)
})

test('accepts request heads up to maxHeaderSize, whether they upgrade or not', async (t) => {
  const server = new WebSocketServer({ maxHeaderSize: 65_536 })
  server.onRequest = (_, response) => void response.end('plain')
  t.after(() => server.close())
  const { port } = (await server.listen(0)) as AddressInfo
  const cookie = (size: number): string => `Cookie: ${'x'.repeat(size)}`
  const client = await RawClient.open(port, { headers: [cookie(60_000)] })
  assert.match(client.head, /^HTTP\/1\.1 101 /)
  await client.close()
  const refused = await RawClient.open(port, { headers: [cookie(70_000)] })
  assert.match(refused.head, /^HTTP\/1\.1 431 /)
  const { socket, until } = open(t, port)
  socket.write(`GET / HTTP/1.1\r\nHost: a\r\n${cookie(60_000)}\r\n\r\n`)
  await until('plain')
})
