import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createWebSocketStream, type ServerOptions, WebSocket, WebSocketServer } from '../../src/ws/index.ts'
import { until } from '../support/tick.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

/*
 * Tests what npm ws promises about messages that are compressed or decompressed in another thread. The tests of npm ws
 * read the states of internal classes. Here, only long messages go to another thread.
 */

const test = suite('ws drop-in, long compressed messages')

/** Bytes that deflate hardly makes shorter. */
const LONG = Buffer.from(Array.from({ length: 300_000 }, (_, at) => (at * at * 7 + (at >> 3)) % 251))

async function connect(t: TestContext, options: ServerOptions = {}): Promise<{ client: WebSocket; socket: WebSocket }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: { threshold: 0 }, ...options })
  t.after(() => {
    for (const socket of server.clients) socket.terminate()
    server.close()
  })
  await once(server, 'listening')
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  client.on('error', () => {})
  const [[socket]] = await Promise.all([once(server, 'connection'), once(client, 'open')])
  assert.is(client.extensions, 'permessage-deflate')
  return { client, socket }
}

/** Records the lengths of messages, and `'close'` with its code. */
function record(socket: WebSocket): unknown[] {
  const events: unknown[] = []
  socket.on('message', (data: Buffer) => events.push(data.length))
  socket.on('close', (code: number) => events.push(`close ${code}`))
  return events
}

test('messages that came before the end of the transport are delivered before close', async (t) => {
  for (const side of ['client', 'socket'] as const) {
    const pair = await connect(t)
    const [receiver, sender] = side === 'client' ? [pair.client, pair.socket] : [pair.socket, pair.client]
    const events = record(receiver)
    for (let count = 0; count < 3; count++) sender.send(LONG)
    await new Promise<void>((resolve) => sender.send('last', () => resolve()))
    sender._socket!.end()
    await until(() => events.length === 5)
    assert.equal(events, [LONG.length, LONG.length, LONG.length, 4, 'close 1006'])
  }
})

test('with the option dwebsocket, does not read from a peer while messages to it are being compressed', async (t) => {
  const { client, socket } = await connect(t, { dwebsocket: { highWaterMark: 64 * 1024 } })
  const waiting = new Promise<number>((resolve) => {
    socket.once('message', () => resolve(socket.bufferedAmount))
  })
  for (let count = 0; count < 3; count++) socket.send(LONG)
  assert.ok(socket.bufferedAmount >= 3 * LONG.length)
  client.send('answer')
  assert.is(await waiting, 0)
})

test('a Close frame from the peer while messages are compressed closes the socket with its code', async (t) => {
  const { client, socket } = await connect(t)
  const events = record(client)
  const closed = once(socket, 'close')
  for (let count = 0; count < 3; count++) socket.send(LONG)
  client.close(1000, 'enough')
  assert.equal(await closed, [1000, Buffer.from('enough')])
  await until(() => events.at(-1) === 'close 1000')
})

test('close waits for a message that is being decompressed, and for later ones', async (t) => {
  const { client, socket } = await connect(t)
  const events = record(client)
  socket.send(LONG)
  socket.send(LONG)
  await new Promise<void>((resolve) => socket.send('last', () => resolve()))
  await once(client._socket!, 'data')
  client.close(1000)
  await until(() => events.at(-1) === 'close 1000')
  assert.equal(events, [LONG.length, LONG.length, 4, 'close 1000'])
})

test('terminate while a message is decompressed ends the socket once', async (t) => {
  const { client, socket } = await connect(t)
  const events = record(client)
  socket.send(LONG)
  await once(client._socket!, 'data')
  client.terminate()
  await until(() => events.includes('close 1006'))
  assert.is(events.filter((event) => typeof event === 'string').length, 1)
  assert.is(client.readyState, WebSocket.CLOSED)
})

test('the callback of a message is called with an error when the transport closes while it is compressed', async (t) => {
  const { socket } = await connect(t)
  const errors: (string | undefined)[] = []
  socket.send(LONG, (error) => errors.push(error?.message))
  socket.send('behind it', (error) => errors.push(error?.message))
  socket.terminate()
  await once(socket, 'close')
  const message = 'The socket was closed while data was being compressed'
  assert.equal(errors, [message, message])
})

test('bufferedAmount counts what waits to be compressed', async (t) => {
  const { client, socket } = await connect(t)
  const events = record(client)
  socket.send(LONG)
  socket.send('four')
  assert.is(socket.bufferedAmount, LONG.length + 4)
  await until(() => events.length === 2)
  await until(() => socket.bufferedAmount === 0)
})

test('what cannot be decompressed is one error, whatever follows it', async (t) => {
  const { client, socket } = await connect(t)
  const errors: (string | undefined)[] = []
  socket.on('error', (error: Error & { code?: string }) => errors.push(error.code))
  const garbage = Buffer.from('c1 85 00 00 00 00 ff ff ff ff ff'.replaceAll(' ', ''), 'hex')
  client._socket!.write(Buffer.concat([garbage, garbage]))
  await once(client, 'close')
  await until(() => socket.readyState === WebSocket.CLOSED)
  assert.equal(errors, ['Z_DATA_ERROR'])
})

test('a stream pauses its socket while it is not read, and resumes later', async (t) => {
  const { client, socket } = await connect(t)
  const stream = createWebSocketStream(client)
  stream.on('error', () => {})
  for (let count = 0; count < 4; count++) socket.send(LONG)
  await until(() => client.isPaused)
  let received = 0
  stream.on('data', (chunk: Buffer) => (received += chunk.length))
  await until(() => received === 4 * LONG.length)
  assert.is(client.isPaused, false)
  socket.close(1000)
  const failed = once(stream, 'error')
  await until(() => client.readyState !== WebSocket.OPEN)
  stream.write('too late')
  assert.match((await failed)[0].message, /WebSocket is not open: readyState 2|write after end|3 \(CLOSED\)/)
})
