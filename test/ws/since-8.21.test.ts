import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PerMessageDeflate, Sender, WebSocket, WebSocketServer } from '../../src/ws/index.ts'
import { RawClient } from '../support/raw-client.ts'
import { until } from '../support/tick.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { frame } from '../support/wire.ts'

/* Tests what npm ws has changed in 8.22 and 8.23, after the version whose tests `npm run test:ws` runs. */

const test = suite('ws drop-in, since 8.21')

async function listenOn(t: TestContext, where: string | number = 0): Promise<{ http: Server; port: number }> {
  const http = createServer()
  if (typeof where === 'string') http.listen(where)
  else http.listen(where, '127.0.0.1')
  await once(http, 'listening')
  t.after(() => {
    http.closeAllConnections()
    http.close()
  })
  return { http, port: (http.address() as AddressInfo).port }
}

test('a peer that sends pings and reads no answer is terminated after maxPendingAutoPongs', async (t) => {
  for (const [maxPendingAutoPongs, autoPong] of [
    [3, true],
    [0, true],
    [3, false],
  ] as const) {
    const { http, port } = await listenOn(t)
    const server = new WebSocketServer({ server: http, maxPendingAutoPongs, autoPong })
    const connected = once(server, 'connection')
    const raw = await RawClient.open(port)
    const [socket] = (await connected) as [WebSocket]
    raw.socket.pause()
    // Fills the buffers of the system for the peer, so that replies wait.
    while (socket.bufferedAmount === 0) {
      socket.send(Buffer.alloc(1024 * 1024))
      await new Promise((resolve) => setImmediate(resolve))
    }
    let pings = 0
    socket.on('ping', () => pings++)
    for (let count = 0; count < 10; count++) raw.send(frame(9, String(count)))
    const isEnded = maxPendingAutoPongs > 0 && autoPong
    if (isEnded) await until(() => socket.readyState === WebSocket.CLOSED)
    else await until(() => pings === 10)
    assert.is(socket.readyState, isEnded ? WebSocket.CLOSED : WebSocket.OPEN)
    socket.terminate()
  }
})

test('a burst of pings is answered where the peer reads', async (t) => {
  const { http, port } = await listenOn(t)
  new WebSocketServer({ server: http, maxPendingAutoPongs: 3 })
  const raw = await RawClient.open(port)
  raw.send(...Array.from({ length: 1000 }, (_, number) => frame(9, String(number))))
  const pongs = await raw.receive(1000)
  assert.is(String(pongs[999].payload), '999')
})

test('by default, 60 pings may wait and 16,384 fragments may be sent', () => {
  const { options } = new WebSocketServer({ noServer: true })
  assert.is(options.maxPendingAutoPongs, 60)
  assert.is(options.maxFragments, 16_384)
  assert.is(options.maxBufferedChunks, 262_144)
})

test('subprotocols can be set as an option', async (t) => {
  const { http, port } = await listenOn(t)
  new WebSocketServer({ server: http })
  for (const [protocols, chosen] of [
    ['one', 'one'],
    [['two', 'three'], 'two'],
  ] as const) {
    for (const make of [
      () => new WebSocket(`ws://127.0.0.1:${port}`, { protocols }),
      () => new WebSocket(`ws://127.0.0.1:${port}`, undefined, { protocols }),
    ]) {
      const client = make()
      await once(client, 'open')
      assert.is(client.protocol, chosen)
      client.terminate()
    }
  }
})

test('the path of a request over a unix socket may have colons', async (t) => {
  const path = join(tmpdir(), `ws-${crypto.randomUUID().slice(0, 8)}.sock`)
  const { http } = await listenOn(t, path)
  const server = new WebSocketServer({ server: http })
  const requested = once(server, 'connection')
  const client = new WebSocket(`ws+unix:${path}:/a:b?c:d`)
  assert.is((await requested)[1].url, '/a:b?c:d')
  client.on('error', () => {})
  client.terminate()
})

test('a name and a password in the URL are percent-decoded, and malformed ones do not throw', async (t) => {
  const { http, port } = await listenOn(t)
  const server = new WebSocketServer({ server: http })
  for (const [given, expected] of [
    ['us%3Aer:p%40ss', 'us:er:p@ss'],
    ['50%:x', '50%:x'],
  ]) {
    const requested = once(server, 'connection')
    const client = new WebSocket(`ws://${given}@127.0.0.1:${port}/`)
    const [socket, request] = await requested
    const encoded = request.headers.authorization.replace('Basic ', '')
    assert.is(Buffer.from(encoded, 'base64').toString(), expected)
    await Promise.all([once(client, 'close'), socket.terminate()])
  }
})

test('the URL object of the program is not changed', () => {
  const url = new URL('http://127.0.0.1:9/path')
  const client = new WebSocket(url)
  client.on('error', () => {})
  assert.is(url.href, 'http://127.0.0.1:9/path')
  assert.is(client.url, 'ws://127.0.0.1:9/path')
})

test('a window of the client above the offered one is not acceptable', () => {
  const server = new PerMessageDeflate({ isServer: true, clientMaxWindowBits: 12 })
  const offer = (value: string | true): object => server.accept([{ client_max_window_bits: [value] }])
  assert.throws(() => offer('11'), /None of the extension offers can be accepted/)
  assert.equal({ ...offer('12') }, { client_max_window_bits: 12 })
  assert.equal({ ...offer(true) }, { client_max_window_bits: 12 })
})

test('close with an invalid code or reason throws and leaves the socket open', async (t) => {
  const { http, port } = await listenOn(t)
  new WebSocketServer({ server: http })
  const client = new WebSocket(`ws://127.0.0.1:${port}`)
  await once(client, 'open')
  assert.throws(() => client.close(1004), /First argument must be a valid error code number/)
  assert.throws(() => client.close(1000, 'x'.repeat(124)), /must not be greater than 123 bytes/)
  assert.throws(() => client.close(1000, {} as string), /must be a string or a Uint8Array/)
  assert.is(client.readyState, WebSocket.OPEN)
  client.terminate()
})

test('a ping is not answered once the socket is closing', async (t) => {
  const { http, port } = await listenOn(t)
  const server = new WebSocketServer({ server: http })
  const connected = once(server, 'connection')
  const raw = await RawClient.open(port)
  const [socket] = (await connected) as [WebSocket]
  socket.close(1000)
  const pinged = once(socket, 'ping')
  raw.send(frame(9, 'late'))
  assert.is(String((await pinged)[0]), 'late')
  raw.send(frame(8, Buffer.from([3, 232])))
  await raw.until(() => raw.ended)
  assert.equal(
    raw.frames.map(({ opcode }) => opcode),
    [8],
  )
})

test('a frame without a payload is one part', () => {
  assert.equal(Sender.frame('', { opcode: 1, fin: true }), [Buffer.from([0x81, 0])])
  assert.is(Sender.frame('', { opcode: 1, mask: true })[0].length, 6)
})
