import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { type BoundsOptions, type ServerOptions, WebSocket, WebSocketServer } from '../../src/ws/index.ts'
import { RawClient, upgradeRequest } from '../support/raw-client.ts'
import { until } from '../support/tick.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { closeFrame, frame, hex } from '../support/wire.ts'
import { openWs, refusedWs } from '../support/ws-client.ts'

/* The option `dwebsocket` of a server with the interface of npm ws. */

const test = suite('ws drop-in with bounds')

interface Served {
  server: WebSocketServer
  port: number
  /** The socket of the next client. */
  accepted: Promise<WebSocket>
}

async function serve(
  t: TestContext,
  dwebsocket: boolean | BoundsOptions,
  options: ServerOptions = {},
): Promise<Served> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', dwebsocket, ...options })
  t.after(() => {
    for (const client of server.clients ?? []) client.terminate()
    server.close()
  })
  const accepted = once(server, 'connection').then(([socket]) => socket as WebSocket)
  await once(server, 'listening')
  return { server, port: (server.address() as AddressInfo).port, accepted }
}

/** Connects a raw client. `socket` is the socket of the server, whose errors are collected. */
async function connect({ port, accepted }: Served): Promise<{ raw: RawClient; socket: WebSocket; errors: string[] }> {
  const raw = await RawClient.open(port)
  const socket = await accepted
  const errors: string[] = []
  socket.on('error', ({ code }: Error & { code: string }) => errors.push(code))
  return { raw, socket, errors }
}

/** Resolves to the code of the Close frame that the raw client receives. */
async function closeCodeOf(raw: RawClient): Promise<number | null> {
  await raw.until(() => raw.closed || raw.frames.some(({ opcode }) => opcode === 8))
  const close = raw.frames.find(({ opcode }) => opcode === 8)
  return close === undefined ? null : close.payload.readUInt16BE(0)
}

test('refuses options that are unknown, of the wrong type or not allowed, with their names', () => {
  const messageOf = (dwebsocket: unknown): string => {
    try {
      new WebSocketServer({ noServer: true, dwebsocket: dwebsocket as boolean })
    } catch (error) {
      return `${(error as Error).name}: ${(error as Error).message}`
    }
    return 'accepted'
  }
  assert.match(messageOf({ maxMesageSize: 1 }), /^TypeError: option dwebsocket\.maxMesageSize is unknown; allowed: /)
  assert.match(messageOf({ maxStreamSize: 1 }), /^TypeError: option dwebsocket\.maxStreamSize is unknown/)
  assert.match(
    messageOf({ pingInterval: '5' }),
    /^TypeError: option dwebsocket\.pingInterval is '5'; allowed: a positive/,
  )
  assert.match(messageOf({ pingInterval: 0 }), /^RangeError: option dwebsocket\.pingInterval is 0; allowed: a positive/)
  assert.match(messageOf({ origins: ['example.com'] }), /^RangeError: option dwebsocket\.origins is \['example.com'\]/)
  assert.match(messageOf('yes'), /^TypeError: option dwebsocket is 'yes'; allowed: true, false, or an object of limits/)
  for (const value of [undefined, null, false, true, {}]) assert.is(messageOf(value), 'accepted')
})

test('is refused on a client', () => {
  const options = { dwebsocket: true } as object
  assert.throws(() => new WebSocket('ws://127.0.0.1:9', options), /option dwebsocket is for servers/)
})

test('bounds a message by maxMessageSize, and by maxPayload when that is stricter', async (t) => {
  for (const [dwebsocket, maxPayload, limit] of [
    [true, undefined, 1024 * 1024],
    [{ maxMessageSize: 2000 }, undefined, 2000],
    [true, 1000, 1000],
    [{ maxMessageSize: 2000 }, 0, 2000],
    [{ maxMessageSize: Number.POSITIVE_INFINITY }, 1000, 1000],
  ] as const) {
    const { raw, socket, errors } = await connect(await serve(t, dwebsocket, { maxPayload }))
    const received = once(socket, 'message')
    raw.send(frame(2, Buffer.alloc(limit)))
    assert.is((await received)[0].length, limit)
    const tooLong = Buffer.alloc(14)
    tooLong.set(hex('82 ff'))
    tooLong.writeBigUInt64BE(BigInt(Math.max(limit, 65_535) + 1), 2)
    raw.send(tooLong)
    assert.is(await closeCodeOf(raw), 1009)
    await until(() => errors.length > 0)
    assert.equal(errors, ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH'])
  }
})

test('bounds the frames of a message by the stricter of maxFrames and maxFragments', async (t) => {
  for (const options of [{ maxFragments: 3 }, { dwebsocket: { maxFrames: 3 } }]) {
    const { raw } = await connect(await serve(t, true, options))
    raw.send(frame(1, 'a', { fin: false }), ...Array.from({ length: 3 }, () => frame(0, 'a', { fin: false })))
    assert.is(await closeCodeOf(raw), 1008)
  }
})

test('accepts pages of its own origin and of listed ones, and programs; others get 403', async (t) => {
  const served = await serve(t, { origins: ['https://*.example.com'] })
  const url = `ws://127.0.0.1:${served.port}/`
  const allowed = [
    undefined,
    `http://127.0.0.1:${served.port}`,
    `https://127.0.0.1:${served.port}`,
    'https://a.example.com',
  ]
  for (const origin of allowed) {
    const { socket } = await openWs(url, [], origin === undefined ? {} : { origin })
    socket.terminate()
  }
  for (const origin of ['https://example.org', 'null', 'https://example.com', 'http://127.0.0.1']) {
    assert.is((await refusedWs(url, { origin })).status, 403, origin)
  }
  const refused = once(served.server, 'wsClientError')
  const other = new WebSocket(url, { origin: 'https://example.org' })
  other.on('error', () => {})
  const [error, stream] = await refused
  assert.is(error.message, 'This origin is not allowed')
  stream.destroy()
})

test('checks the handshake as createServer does, and declines an offer of compression that is not valid', async (t) => {
  const { port } = await serve(t, true, { perMessageDeflate: true, path: '/here' })
  const headFor = async (extra: string[], path = '/here'): Promise<string> => {
    const { head, socket } = await RawClient.open(port, { path, headers: extra })
    socket.destroy()
    return head
  }
  assert.match(await headFor(['Host: other']), /^HTTP\/1\.1 400 /)
  assert.match(await headFor(['Content-Length: 3']), /^HTTP\/1\.1 400 /)
  assert.match(await headFor([], '/elsewhere'), /^HTTP\/1\.1 400 /)
  for (const offer of ['__proto__=9', 'server_max_window_bits=08', 'x', 'server_no_context_takeover=8']) {
    const head = await headFor([`Sec-WebSocket-Extensions: permessage-deflate; ${offer}`])
    assert.match(head, /^HTTP\/1\.1 101 /)
    assert.not.match(head, /permessage-deflate/)
  }
  const both = await headFor(['Sec-WebSocket-Extensions: permessage-deflate; x, permessage-deflate'])
  assert.match(both, /permessage-deflate/)
})

test('a refused HEAD or CONNECT gets a response without a body', async (t) => {
  const { port } = await serve(t, true)
  for (const request of [
    upgradeRequest().replace('GET', 'HEAD'),
    'CONNECT example.org:443 HTTP/1.1\r\nHost: x\r\n\r\n',
  ]) {
    const raw = RawClient.connect(port)
    let answer = ''
    raw.socket.on('data', (chunk) => (answer += chunk))
    raw.socket.write(request)
    await raw.until(() => raw.closed)
    assert.match(answer, /^HTTP\/1\.1 405 /)
    if (request.startsWith('HEAD')) assert.ok(answer.endsWith('\r\n\r\n'))
  }
})

test("allows every origin with origins: '*', and without the option", async (t) => {
  for (const dwebsocket of [{ origins: '*' } as const, false]) {
    const { port } = await serve(t, dwebsocket)
    const { socket } = await openWs(`ws://127.0.0.1:${port}/`, [], { origin: 'https://example.org' })
    socket.terminate()
  }
})

test('demands the shortest form of a length, which npm ws does not', async (t) => {
  const frames = [hex('82 fe 00 01 00 00 00 00 61'), hex('82 ff 00 00 00 00 00 00 00 01 00 00 00 00 61')]
  for (const bytes of frames) {
    const strict = await connect(await serve(t, true))
    strict.raw.send(bytes)
    assert.is(await closeCodeOf(strict.raw), 1002)
    await until(() => strict.errors.length > 0)
    assert.equal(strict.errors, ['ERR_WS_LENGTH_NOT_MINIMAL'])
    const lenient = await connect(await serve(t, false))
    const received = once(lenient.socket, 'message')
    lenient.raw.send(bytes)
    assert.equal(await received, [Buffer.from('a'), true])
  }
})

test('closes a peer that answers no ping, and keeps one that does', async (t) => {
  const { raw, socket, errors } = await connect(await serve(t, { pingInterval: 100, pingTimeout: 100 }))
  const code = await new Promise((resolve) => socket.on('close', resolve))
  assert.is(code, 1006)
  assert.equal(errors, ['ERR_WS_KEEPALIVE'])
  assert.equal(
    raw.frames.map(({ opcode }) => opcode),
    [9],
  )
  const patient = await serve(t, { pingInterval: 100, pingTimeout: 10_000 })
  const living = await openWs(`ws://127.0.0.1:${patient.port}/`)
  for (let count = 0; count < 4; count++) await once(living.socket, 'ping')
  assert.is(living.socket.readyState, 1)
})

test('sends no ping without the option', async (t) => {
  const { wheel } = await import('../../src/transport/timing-wheel.ts')
  const before = wheel.size
  const { socket } = await connect(await serve(t, false))
  // Sockets of earlier tests may have left the wheel. This socket would be one more entry.
  assert.ok(wheel.size <= before)
  socket.terminate()
})

test('a socket that the program has paused is not closed for its silence', async (t) => {
  const { raw, socket, errors } = await connect(await serve(t, { pingInterval: 50, pingTimeout: 50 }))
  socket.pause()
  const before = performance.now()
  // Three times as long as a peer may take to answer.
  const { wheel } = await import('../../src/transport/timing-wheel.ts')
  await until(() => wheel.time > before + 400)
  assert.equal(errors, [])
  const received = once(socket, 'message')
  raw.sendText('still here')
  socket.resume()
  assert.is(String((await received)[0]), 'still here')
})

test('closes with 1013 when a header, a payload or a message does not continue', async (t) => {
  const beginnings: [BoundsOptions, Buffer, string][] = [
    [{ headerTimeout: 50 }, hex('81'), 'ERR_WS_HEADER_TIMEOUT'],
    [{ messageTimeout: 50 }, frame(1, 'a', { fin: false }), 'ERR_WS_MESSAGE_TIMEOUT'],
    [{ messageTimeout: 50 }, hex('81 85 00 00 00 00 61'), 'ERR_WS_MESSAGE_TIMEOUT'],
  ]
  for (const [limits, bytes, code] of beginnings) {
    const { raw, errors } = await connect(await serve(t, limits))
    raw.send(bytes)
    assert.is(await closeCodeOf(raw), 1013)
    await until(() => errors.length > 0)
    assert.equal(errors, [code])
  }
})

test('closes with 1001 after idleTimeout and maxLifetime, which is not an error', async (t) => {
  for (const limits of [{ idleTimeout: 60 }, { maxLifetime: 60 }]) {
    const { raw, socket, errors } = await connect(await serve(t, limits))
    assert.is(await closeCodeOf(raw), 1001)
    raw.send(closeFrame(1001))
    assert.is((await once(socket, 'close'))[0], 1001)
    assert.equal(errors, [])
  }
})

test('reads a peer over its rate more slowly, or closes it with 1013', async (t) => {
  const slow = await connect(await serve(t, { messageRate: { perSecond: 5, burst: 1 } }))
  const texts: string[] = []
  slow.socket.on('message', (data: Buffer) => texts.push(String(data)))
  slow.raw.send(...['1', '2', '3', '4', '5'].map((text) => frame(1, text)))
  await until(() => texts.length > 0)
  assert.ok(texts.length < 5)
  await until(() => texts.length === 5)
  assert.is(texts.join(''), '12345')
  for (const [limits, bytes] of [
    [{ messageRate: { perSecond: 0.01, burst: 1 } }, frame(1, 'a')],
    [{ byteRate: { perSecond: 0.01, burst: 1 } }, frame(1, 'a')],
    [{ pingRate: { perSecond: 0.01, burst: 1 } }, frame(9, 'a')],
  ] as const) {
    const { raw, errors } = await connect(await serve(t, { ...limits, overRate: 'close' }))
    raw.send(bytes, bytes)
    assert.is(await closeCodeOf(raw), 1013)
    await until(() => errors.length > 0)
    assert.equal(errors, ['ERR_WS_RATE'])
  }
})

test('a peer that does not read is closed with 1013, or its messages are dropped', async (t) => {
  const limits = { highWaterMark: 100_000, maxBufferedAmount: 200_000 }
  for (const overflow of ['close', 'drop'] as const) {
    const { raw, socket, errors } = await connect(await serve(t, { ...limits, overflow }))
    raw.socket.pause()
    const message = Buffer.alloc(50_000)
    let refusal: (Error & { code?: string }) | undefined
    while (refusal === undefined && socket.readyState === 1) {
      socket.send(message, (error?: Error) => (refusal ??= error))
      await new Promise((resolve) => setImmediate(resolve))
    }
    assert.ok(socket.bufferedAmount <= 250_000)
    await until(() => refusal !== undefined)
    assert.is(refusal?.code, 'ERR_WS_SEND_OVERFLOW')
    if (overflow === 'close') {
      await until(() => errors.length > 0)
      assert.equal(errors, ['ERR_WS_SEND_OVERFLOW'])
    } else {
      assert.is(socket.readyState, 1)
    }
    socket.terminate()
  }
})

test('a fragment is never dropped: the connection is closed instead', async (t) => {
  const limits = { highWaterMark: 1000, maxBufferedAmount: 1000, overflow: 'drop' } as const
  const { raw, socket, errors } = await connect(await serve(t, limits))
  raw.socket.pause()
  for (let count = 0; socket.readyState === 1; count++) {
    socket.send(Buffer.alloc(100_000), { fin: false })
    assert.ok(count < 1000)
    await new Promise((resolve) => setImmediate(resolve))
  }
  await until(() => errors.length > 0)
  assert.equal(errors, ['ERR_WS_SEND_OVERFLOW'])
})

test('a peer that sends without reading the answers is not read from until it reads', async (t) => {
  const { raw, socket } = await connect(await serve(t, { highWaterMark: 1000 }))
  let received = 0
  socket.on('message', (data: Buffer) => {
    received++
    socket.send(data)
  })
  raw.socket.pause()
  const big = frame(2, Buffer.alloc(500_000))
  const count = 40
  for (let sent = 0; sent < count; sent++) raw.send(big)
  // The system stores a few megabytes for the peer. After that, one reply waits and nothing more is read.
  await until(() => socket.bufferedAmount > 1000)
  const before = received
  await new Promise((resolve) => setImmediate(resolve))
  assert.is(received, before)
  assert.ok(received < count)
  raw.socket.resume()
  await until(() => received === count)
})
