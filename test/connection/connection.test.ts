import type { AddressInfo } from 'node:net'
import { Duplex } from 'node:stream'
import { type Connection, type ServerOptions, WebSocketServer } from '../../src/index.ts'
import { block } from '../support/blocked-loop.ts'
import { RawClient, upgradeRequest } from '../support/raw-client.ts'
import { endOfTick, turns, until } from '../support/tick.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { closeFrame, frame } from '../support/wire.ts'

const test = suite('connection')

/** Opens a connection to a new server. */
async function pair(
  t: TestContext,
  options: ServerOptions = {},
  onConnection: (connection: Connection) => void = () => {},
): Promise<{ server: WebSocketServer; client: RawClient; connection: Connection }> {
  const server = new WebSocketServer(options)
  server.onConnection = onConnection
  const { port } = (await server.listen(0)) as AddressInfo
  t.after(async () => {
    for (const connection of server.connections) connection.terminate()
    await server.close()
  })
  const client = await RawClient.open(port)
  t.after(() => client.socket.destroy())
  return { server, client, connection: [...server.connections][0] }
}

const MEBIBYTE = 1024 * 1024

test('reads at most one chunk when it is paused in the callback that passes the connection', async (t) => {
  const { client, connection } = await pair(t, {}, (each) => each.pause())
  const received: number[] = []
  connection.onMessage = (data) => received.push(data.length)
  const sizes = Array.from({ length: 40 }, (_, i) => 200_000 + i)
  let isSent = false
  client.socket.write(Buffer.concat(sizes.map((size) => frame(2, Buffer.alloc(size)))), () => {
    isSent = true
  })
  await turns(200)
  assert.is(isSent, false)
  assert.ok(connection.memoryUsed <= 64 * 1024)
  connection.resume()
  await until(() => received.length === sizes.length)
  assert.equal(received, sizes)
})

test('counts the memory of writes that wait, of few bytes too', async (t) => {
  const { server, client, connection } = await pair(t, {
    highWaterMark: 64 * MEBIBYTE,
    maxBufferedAmount: 64 * MEBIBYTE,
  })
  client.socket.pause()
  connection.send(Buffer.alloc(32 * MEBIBYTE))
  await endOfTick()
  const before = connection.memoryUsed
  for (let count = 0; count < 1_000; count++) {
    connection.send('')
    await endOfTick()
  }
  assert.ok(connection.memoryUsed - before >= 1_000 * 500)
  assert.is(server.stats().heldBytes, connection.memoryUsed)
})

test('terminates a peer that ends its side and does not read what was sent', async (t) => {
  const limits = { closeTimeout: 100, highWaterMark: 64 * MEBIBYTE, maxBufferedAmount: 64 * MEBIBYTE }
  const { server, client, connection } = await pair(t, limits)
  client.socket.pause()
  connection.send(Buffer.alloc(32 * MEBIBYTE))
  client.socket.end()
  await connection.gone
  assert.is(connection.closeInfo!.code, 1006)
  assert.is(server.connections.size, 0)
  assert.is(server.stats().heldBytes, 0)
})

test('gives a peer time to read one long message slowly, also after the Close frame', async (t) => {
  const limits = { closeTimeout: 3_000, highWaterMark: 64 * MEBIBYTE, maxBufferedAmount: 64 * MEBIBYTE }
  const { client, connection } = await pair(t, limits)
  const size = 24 * MEBIBYTE
  let received = 0
  client.socket.removeAllListeners('data')
  client.socket.on('data', (chunk) => {
    received += chunk.length
    client.socket.pause()
    // A slow peer pauses.
    setTimeout(() => client.socket.resume(), 20)
  })
  connection.send(Buffer.alloc(size))
  connection.close()
  const start = performance.now()
  await client.until(() => client.ended || client.closed)
  assert.ok(received > size, `${received} bytes were received`)
  assert.ok(performance.now() - start > 2 * limits.closeTimeout)
})

test('terminates a peer that reads none of the unsent data, even when its input is paused because of that', async (t) => {
  const limits = { pingInterval: 60, pingTimeout: 60, highWaterMark: 1000, maxBufferedAmount: 64 * MEBIBYTE }
  const { client, connection } = await pair(t, limits)
  client.socket.pause()
  // More than the system stores for a socket.
  connection.send(Buffer.alloc(32 * MEBIBYTE))
  await connection.gone
  assert.match(connection.closeInfo!.error!.message, 'none of the waiting bytes')
})

test('delivers nothing after onClose when a message exceeds a rate that closes', async (t) => {
  const log: string[] = []
  const rate = { messageRate: { perSecond: 0.01, burst: 1 }, overRate: 'close' } as const
  const { client, connection } = await pair(t, rate, (each) => {
    each.onMessage = (data) => log.push(String(data))
    each.onClose = ({ code }) => log.push(`close ${code}`)
  })
  client.send(frame(1, 'a'), frame(1, 'b'), frame(1, 'c'))
  await client.until(() => client.ended)
  assert.equal(log, ['a', 'close 1013'])
  client.socket.destroy()
  await connection.gone
})

test('reads and sends as before when it was silent for a while, in the middle of a message too', async (t) => {
  const { client, connection } = await pair(t, { pingInterval: 100 })
  connection.onMessage = (data) => void connection.send(data)
  // A ping shows that the connection was silent for the ping interval.
  const silence = async (): Promise<void> => {
    const pings = client.frames.filter(({ opcode }) => opcode === 9).length
    await client.until(() => client.frames.filter(({ opcode }) => opcode === 9).length > pings)
  }
  client.sendText('one')
  await silence()
  client.send(frame(1, 'tw', { fin: false }))
  await silence()
  client.send(frame(0, 'o').subarray(0, 3))
  await silence()
  client.send(frame(0, 'o').subarray(3))
  await silence()
  connection.send('three')
  await client.until(() => client.texts.length === 3)
  assert.equal(client.texts, ['one', 'two', 'three'])
})

/** A stream that the test has paused before it is passed to the server. */
class Loop extends Duplex {
  readonly written: Buffer[] = []

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(chunk)
    done()
  }
}

/** Makes a server accept a stream of the test. */
async function accept(t: TestContext, stream: Duplex): Promise<Connection> {
  const server = new WebSocketServer()
  t.after(() => stream.destroy())
  const accepted = new Promise<Connection>((resolve) => {
    server.onConnection = resolve
  })
  const fields = upgradeRequest().split('\r\n').slice(1, -2)
  const rawHeaders = fields.flatMap((field) => field.split(': '))
  const headers = Object.fromEntries(fields.map((field) => [field.split(': ')[0].toLowerCase(), field.split(': ')[1]]))
  const request = { method: 'GET', url: '/', httpVersion: '1.1', headers, rawHeaders, socket: stream }
  server.handleUpgrade(request as never, stream, Buffer.alloc(0))
  return accepted
}

test('reads a stream that was paused before, and does not change bytes it has written to one', async (t) => {
  const stream = new Loop()
  stream.pause()
  const connection = await accept(t, stream)
  const message = new Promise((resolve) => {
    connection.onMessage = resolve
  })
  stream.push(frame(1, 'hello'))
  assert.is(await message, 'hello')
  for (const text of ['one', 'two']) {
    connection.send(text)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const expected = ['one', 'two'].map((text) => frame(1, text, { key: null }))
  assert.equal(stream.written.slice(1), expected)
})

test('delivers what was read before the end of a paused stream, then the end', async (t) => {
  const stream = new Loop()
  const connection = await accept(t, stream)
  const log: string[] = []
  const paused = new Promise<void>((resolve) => {
    connection.onMessage = (data) => {
      log.push(String(data))
      if (data !== 'first') return
      connection.pause()
      resolve()
    }
  })
  const closed = new Promise<void>((resolve) => {
    connection.onClose = ({ code }) => resolve(void log.push(`close ${code}`))
  })
  stream.once('end', () => setImmediate(() => connection.resume()))
  stream.push(Buffer.concat([frame(1, 'first'), frame(1, 'second'), closeFrame(1000)]))
  await paused
  stream.push(null)
  stream.read(0)
  await closed
  assert.equal(log, ['first', 'second', 'close 1000'])
})

test('does not end a peer whose pong arrived while the event loop was blocked', async (t) => {
  const { client, connection } = await pair(t, { pingInterval: 60, pingTimeout: 300 })
  await client.until(() => client.frames.length === 1)
  // A check of the server that is already due must not run between the pong and the turn in which it is read.
  await endOfTick()
  client.socket.write(frame(10, client.frames[0].payload))
  block(600)
  await turns()
  assert.is(connection.state, 'open')
})
