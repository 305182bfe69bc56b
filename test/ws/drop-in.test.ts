import { createHash } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect, createServer as createNetServer } from 'node:net'
import { WebSocket as NpmWebSocket, WebSocketServer as NpmWebSocketServer } from 'ws'
import {
  createWebSocketStream,
  extension,
  Receiver,
  Sender,
  type ServerOptions,
  subprotocol,
  WebSocket,
  WebSocketServer,
} from '../../src/ws/index.ts'
import { until } from '../support/tick.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'

const test = suite('ws drop-in')

async function listen(t: TestContext, options: ServerOptions = {}): Promise<{ server: WebSocketServer; url: string }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', ...options })
  t.after(() => {
    for (const client of server.clients ?? []) client.terminate()
    server.close()
  })
  await once(server, 'listening')
  return { server, url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

function echo(server: WebSocketServer): void {
  server.on('connection', (socket: WebSocket) => {
    socket.on('message', (data: Buffer, isBinary: boolean) => socket.send(data, { binary: isBinary }))
  })
}

/** Resolves to the next error that would end the process. */
function nextUncaughtException(): Promise<Error & { code?: string }> {
  return new Promise((resolve) => {
    const others = process.listeners('uncaughtException')
    process.removeAllListeners('uncaughtException')
    process.once('uncaughtException', (error) => {
      for (const listener of others) process.on('uncaughtException', listener)
      resolve(error)
    })
  })
}

test('text and binary messages arrive as Buffers with their kind', async (t) => {
  const { server, url } = await listen(t)
  echo(server)
  const client = new WebSocket(url)
  await once(client, 'open')
  client.send('héllo')
  assert.equal(await once(client, 'message'), [Buffer.from('héllo'), false])
  client.send(new Uint8Array([1, 2]))
  assert.equal(await once(client, 'message'), [Buffer.from([1, 2]), true])
  client.close(1000, 'bye')
  assert.equal(await once(client, 'close'), [1000, Buffer.from('bye')])
})

for (const perMessageDeflate of [false, { threshold: 0 }]) {
  const kind = perMessageDeflate ? 'with compression' : 'without compression'
  test(`a server exchanges messages with a client of npm ws ${kind}`, async (t) => {
    const { server, url } = await listen(t, { perMessageDeflate })
    echo(server)
    const client = new NpmWebSocket(url)
    await once(client, 'open')
    for (const text of ['', 'short', 'long '.repeat(40_000)]) {
      client.send(text)
      assert.is(String((await once(client, 'message'))[0]), text)
    }
    client.close()
    assert.equal(await once(client, 'close'), [1005, Buffer.alloc(0)])
  })

  test(`a client exchanges messages with a server of npm ws ${kind}`, async (t) => {
    const server = new NpmWebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate })
    t.after(() => server.close())
    server.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })))
    await once(server, 'listening')
    const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
    await once(client, 'open')
    assert.is(client.extensions, perMessageDeflate ? 'permessage-deflate' : '')
    for (const text of ['', 'short', 'long '.repeat(40_000)]) {
      client.send(text)
      assert.is(String((await once(client, 'message'))[0]), text)
    }
    client.close(4000)
    assert.equal((await once(client, 'close'))[0], 4000)
  })
}

test('compressed messages before a Close frame are delivered before close is emitted', async (t) => {
  const { server, url } = await listen(t, { perMessageDeflate: { threshold: 0 } })
  const events: unknown[] = []
  server.on('connection', (socket: WebSocket) => {
    socket.on('message', (data: Buffer) => events.push(data.length))
    socket.on('close', (code: number) => events.push(code))
  })
  const client = new NpmWebSocket(url)
  await once(client, 'open')
  const long = Buffer.from(Array.from({ length: 200_000 }, (_, at) => (at * at) % 251))
  for (let count = 0; count < 3; count++) client.send(long)
  client.close(1000)
  await once(client, 'close')
  assert.equal(events.slice(0, 3), [200_000, 200_000, 200_000])
})

test('a violation of a peer without an error listener closes the socket and not the process', async (t) => {
  const { server, url } = await listen(t)
  const published: string[] = []
  const onError = (message: unknown): void => {
    published.push((message as { error: Error & { code: string } }).error.code)
  }
  subscribe('dwebsocket:error', onError)
  t.after(() => unsubscribe('dwebsocket:error', onError))
  const closed = new Promise<unknown[]>((resolve) => {
    server.on('connection', (socket: WebSocket) => socket.on('close', (...values: unknown[]) => resolve(values)))
  })
  const client = new NpmWebSocket(url)
  client.on('error', () => {})
  await once(client, 'open')
  const { _socket: transport } = client as unknown as { _socket: { write(bytes: Buffer): void } }
  transport.write(Buffer.from([0x83, 0x80, 0, 0, 0, 0]))
  assert.is((await closed)[0], 1006)
  assert.equal(published, ['WS_ERR_INVALID_OPCODE'])
})

test('a violation of a server is thrown by a client without an error listener, as by npm ws', async (t) => {
  const server = createNetServer((transport) => {
    transport.once('data', (request) => {
      const key = /Sec-WebSocket-Key: (\S+)/i.exec(String(request))![1]
      const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
      const head = `HTTP/1.1 101 x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
      transport.write(Buffer.concat([Buffer.from(head), Buffer.from([0x83, 0])]))
    })
    transport.on('error', () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  const thrown = await nextUncaughtException()
  assert.is(thrown.code, 'WS_ERR_INVALID_OPCODE')
  client.terminate()
})

test('errors have the codes and texts of npm ws', async (t) => {
  const { server, url } = await listen(t, { maxPayload: 10 })
  const frames: [string, number[]][] = [
    ['WS_ERR_INVALID_OPCODE', [0x83, 0x80, 0, 0, 0, 0]],
    ['WS_ERR_UNEXPECTED_RSV_1', [0xc1, 0x80, 0, 0, 0, 0]],
    ['WS_ERR_UNEXPECTED_RSV_2_3', [0xa1, 0x80, 0, 0, 0, 0]],
    ['WS_ERR_EXPECTED_MASK', [0x81, 0x00]],
    ['WS_ERR_EXPECTED_FIN', [0x09, 0x80, 0, 0, 0, 0]],
    ['WS_ERR_INVALID_CONTROL_PAYLOAD_LENGTH', [0x88, 0x81, 0, 0, 0, 0, 1]],
    ['WS_ERR_INVALID_CLOSE_CODE', [0x88, 0x82, 0, 0, 0, 0, 0, 1]],
    ['WS_ERR_INVALID_UTF8', [0x81, 0x81, 0, 0, 0, 0, 0xff]],
    ['WS_ERR_UNSUPPORTED_MESSAGE_LENGTH', [0x82, 0x8b, 0, 0, 0, 0, ...new Array(11).fill(0)]],
  ]
  for (const [code, bytes] of frames) {
    const failed = once(server, 'connection').then(([socket]) => once(socket, 'error'))
    const client = new NpmWebSocket(url)
    client.on('error', () => {})
    await once(client, 'open')
    const { _socket: transport } = client as unknown as { _socket: { write(bytes: Buffer): void } }
    transport.write(Buffer.from(bytes))
    assert.is((await failed)[0].code, code)
  }
})

test('a refused request receives the status and text of npm ws', async (t) => {
  const { server } = await listen(t, { verifyClient: () => false })
  const { port } = server.address() as AddressInfo
  const answerTo = async (head: string): Promise<string> => {
    const transport = connect(port, '127.0.0.1')
    transport.write(head)
    let answer = ''
    for await (const chunk of transport) answer += chunk
    return answer
  }
  const key = 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n'
  const start = 'GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
  assert.match(await answerTo(`${start}\r\n`), /^HTTP\/1.1 400 .*Missing or invalid Sec-WebSocket-Key header$/s)
  assert.match(await answerTo(`${start}${key}\r\n`), /Sec-WebSocket-Version: 13, 8\r\n/)
  assert.match(await answerTo(`${start}${key}Sec-WebSocket-Version: 13\r\n\r\n`), /^HTTP\/1.1 401 /)
})

test('handleUpgrade serves one HTTP server by path, and chooses the subprotocol', async (t) => {
  const http = createServer()
  const server = new WebSocketServer({ noServer: true, path: '/chat', handleProtocols: (names) => [...names][1] })
  http.on('upgrade', (request, stream, head) => {
    server.handleUpgrade(request, stream, head, (socket) => socket.send(`${request.url} ${socket.protocol}`))
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  t.after(() => http.close())
  const url = `ws://127.0.0.1:${(http.address() as AddressInfo).port}`
  const client = new WebSocket(`${url}/chat?x`, ['one', 'two'])
  assert.equal(String((await once(client, 'message'))[0]), '/chat?x two')
  client.terminate()
  const [error] = await once(new WebSocket(`${url}/other`), 'error')
  assert.is(error.message, 'Unexpected server response: 400')
})

test('bufferedAmount is 0 once the system has accepted what was sent', async (t) => {
  const { server, url } = await listen(t)
  const client = new WebSocket(url)
  const [socket] = (await once(server, 'connection')) as [WebSocket]
  socket.send('short')
  assert.is(socket.bufferedAmount, 0)
  assert.is(String((await once(client, 'message'))[0]), 'short')
})

test('what was sent is written before what a program writes to the transport', async (t) => {
  const { server, url } = await listen(t)
  const client = new WebSocket(url)
  const [socket] = (await once(server, 'connection')) as [WebSocket]
  const texts: string[] = []
  client.on('message', (data: Buffer) => texts.push(String(data)))
  socket.send('one')
  socket._socket!.write(Buffer.from([0x81, 3, ...Buffer.from('two')]))
  socket.send('three')
  await until(() => texts.length === 3)
  assert.equal(texts, ['one', 'two', 'three'])
})

test('memory of a long message may be reused once send returns', async (t) => {
  const { server, url } = await listen(t)
  const client = new WebSocket(url)
  const [socket] = (await once(server, 'connection')) as [WebSocket]
  const memory = Buffer.alloc(20_000, 1)
  socket.send(memory)
  memory.fill(2)
  assert.equal((await once(client, 'message'))[0], Buffer.alloc(20_000, 1))
})

test('send callbacks run in order, and fail once the socket is closing', async (t) => {
  const { server, url } = await listen(t)
  const client = new WebSocket(url)
  const [socket] = (await once(server, 'connection')) as [WebSocket]
  const called: unknown[] = []
  socket.send('1', (error) => called.push(error))
  await new Promise<void>((resolve) => socket.send('2', () => resolve()))
  assert.equal(called, [undefined])
  socket.close()
  const error = await new Promise<Error | undefined>((resolve) => socket.send('3', resolve))
  assert.is(error?.message, 'WebSocket is not open: readyState 2 (CLOSING)')
  await once(client, 'close')
})

test('a send callback that throws does not keep later ones from being called', async (t) => {
  const { server, url } = await listen(t)
  const client = new WebSocket(url)
  const [socket] = (await once(server, 'connection')) as [WebSocket]
  const thrown = nextUncaughtException()
  const called = new Promise<void>((resolve) => {
    socket.send('1', () => {
      throw new Error('of the program')
    })
    socket.send('2', () => resolve())
  })
  assert.is((await thrown).message, 'of the program')
  await called
  await Promise.all([once(client, 'close'), socket.terminate()])
})

test('null is no callback and no options, and another wrong callback throws before anything is sent', async (t) => {
  const { server, url } = await listen(t)
  const client = new WebSocket(url, [], null as never)
  const [socket] = (await once(server, 'connection')) as [WebSocket]
  const messages: unknown[] = []
  client.on('message', (data) => messages.push(String(data)))
  const none = null as never
  socket.send('1', none)
  socket.send('2', {}, none)
  socket.send(Buffer.alloc(0), { binary: false }, none)
  socket.ping(none, none, none)
  socket.pong('pong', false, none)
  socket._sender!.sendFrame(Sender.frame('3', { opcode: 1 }), none)
  for (const wrong of [5, 'callback', {}, [], true, Symbol('callback'), 5n]) {
    const callback = wrong as never
    const allowed = /^callback is .+; allowed: a function$/
    assert.throws(() => socket.send('wrong', {}, callback), allowed)
    assert.throws(() => socket.ping('wrong', false, callback), allowed)
    assert.throws(() => socket.pong('wrong', false, callback), allowed)
    assert.throws(() => socket._sender!.sendFrame(Sender.frame('wrong', { opcode: 1 }), callback), allowed)
  }
  await until(() => messages.length === 4)
  assert.equal(messages, ['1', '2', '', '3'])
  socket.close()
  socket.send('closing', {}, none)
  assert.throws(() => socket.send('closing', {}, 5 as never), /allowed: a function/)
  await once(client, 'close')
  assert.throws(() => new WebSocketServer(null as never), /One and only one of/)
})

test('0, a negative limit and one of 2 GiB or more mean no limit, as in npm ws', async (t) => {
  for (const limit of [0, -1, 2 ** 31, 2 ** 32 - 1]) {
    const limits = { maxPayload: limit, maxFragments: limit, maxBufferedChunks: limit, maxPendingAutoPongs: limit }
    const { server, url } = await listen(t, limits)
    echo(server)
    const client = new WebSocket(url, limits)
    await once(client, 'open')
    const answered = Promise.all([once(client, 'pong'), once(client, 'message')])
    client.ping()
    client.send('first ', { fin: false })
    client.send('last')
    const [, [data]] = await answered
    assert.is(String(data), 'first last', String(limit))
    const receiver = [...server.clients!][0]!._receiver as { _maxPayload: number; _maxFragments: number }
    receiver._maxPayload = receiver._maxFragments = -1
    assert.equal([receiver._maxPayload, receiver._maxFragments], [0, 0])
    client.terminate()
  }
})

test('wrong options of zlib throw at construction, and not when a client connects', async () => {
  for (const zlibDeflateOptions of [
    { level: 99 },
    { level: 1.5 },
    { level: 'x' },
    { memLevel: 0 },
    { memLevel: null },
  ]) {
    const options = { perMessageDeflate: { zlibDeflateOptions } } as never
    const message = /^option perMessageDeflate\.zlibDeflateOptions\.(level|memLevel) is .*; allowed: an integer from/
    assert.throws(() => new WebSocketServer({ noServer: true, ...(options as object) }), message)
    assert.throws(() => new WebSocket('ws://127.0.0.1:1', options), message)
  }
})

test('any threshold works as in npm ws', async (t) => {
  const text = 'a'.repeat(100)
  const cases = [
    [-1, true],
    [null, true],
    [99.5, true],
    ['100', true],
    [101, false],
    ['x', false],
    [Number.NaN, false],
    [Number.POSITIVE_INFINITY, false],
  ] as const
  for (const [threshold, isCompressed] of cases) {
    const perMessageDeflate = { threshold, zlibDeflateOptions: null } as never
    const { server, url } = await listen(t, { perMessageDeflate })
    const client = new WebSocket(url)
    const [[socket]] = (await Promise.all([once(server, 'connection'), once(client, 'open')])) as [[WebSocket], unknown]
    const chunk = once(client._socket!, 'data')
    const message = once(client, 'message')
    socket.send(text)
    assert.is(((await chunk)[0] as Buffer)[0], isCompressed ? 0xc1 : 0x81, String(threshold))
    assert.is(String((await message)[0]), text)
    client.terminate()
  }
})

test('sends frames that were encoded before to several sockets, also when a list is used again', async (t) => {
  const { server, url } = await listen(t)
  const [one, two] = [new WebSocket(url), new WebSocket(url)]
  await Promise.all([once(one, 'open'), once(two, 'open')])
  const list = Sender.frame('first', { opcode: 1, fin: true })
  const [received, receivedToo] = [once(one, 'message'), once(two, 'message')]
  const sent = [...server.clients!].map(
    (socket) => new Promise((done) => socket._sender!.sendFrame(list, () => done(0))),
  )
  await Promise.all(sent)
  assert.equal([String((await received)[0]), String((await receivedToo)[0])], ['first', 'first'])
  list[1] = Buffer.from('later')
  for (const socket of server.clients!) {
    assert.ok(socket._sender!._socket === socket._socket)
    socket._sender!.sendFrame([...list, ...Sender.frame('', { opcode: 2 }), Buffer.from([0x81, 5]), 'third'])
  }
  const texts: string[] = []
  one.on('message', (data: Buffer) => texts.push(String(data)))
  await until(() => texts.length === 3)
  assert.equal(texts, ['later', '', 'third'])
})

test('the limits of npm ws can be read and changed on an open socket', async (t) => {
  const { server, url } = await listen(t, { maxPayload: 100, maxFragments: 5 })
  const client = new WebSocket(url)
  client.on('error', () => {})
  const [[socket]] = (await Promise.all([once(server, 'connection'), once(client, 'open')])) as [[WebSocket], unknown]
  const receiver = socket._receiver as { _maxPayload: number; _maxFragments: number; _maxBufferedChunks: number }
  assert.equal([receiver._maxPayload, receiver._maxFragments, receiver._maxBufferedChunks], [100, 5, 262_144])
  receiver._maxPayload = 10
  receiver._maxFragments = 0
  const { _maxPayload, _maxFragments } = socket._receiver as typeof receiver
  assert.equal([_maxPayload, _maxFragments], [10, 0])
  const failed = once(socket, 'error')
  client.send('eleven byte')
  assert.is((await failed)[0].code, 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH')
})

test('pings are answered and announced, and terminate ends without a Close frame', async (t) => {
  const { server, url } = await listen(t)
  const client = new WebSocket(url)
  const [socket] = (await once(server, 'connection')) as [WebSocket]
  const pinged = once(client, 'ping')
  socket.ping('are you there')
  assert.equal((await once(socket, 'pong'))[0], Buffer.from('are you there'))
  assert.equal((await pinged)[0], Buffer.from('are you there'))
  socket.terminate()
  assert.is((await once(client, 'close'))[0], 1006)
})

test('pause stops messages until resume', async (t) => {
  const { server, url } = await listen(t)
  const client = new WebSocket(url)
  const [socket] = (await once(server, 'connection')) as [WebSocket]
  await once(client, 'open')
  let isResumed = false
  socket.pause()
  assert.is(socket.isPaused, true)
  const received = once(socket, 'message').then(() => isResumed)
  await new Promise<void>((resolve) => client.send('later', () => resolve()))
  await new Promise((resolve) => setImmediate(resolve))
  isResumed = true
  socket.resume()
  assert.is(await received, true)
})

test('listeners of the WHATWG interface receive events', async (t) => {
  const { server, url } = await listen(t)
  echo(server)
  const client = new WebSocket(url)
  const message = new Promise<unknown>((resolve) => {
    client.addEventListener('message', ({ data }: { data: unknown }) => resolve(data))
  })
  const closed = new Promise<boolean>((resolve) => {
    client.onclose = ({ wasClean }: { wasClean: boolean }) => resolve(wasClean)
  })
  client.onopen = () => client.send('text')
  assert.is(await message, 'text')
  client.close()
  assert.is(await closed, true)
})

test('a stream carries messages both ways and ends with its socket', async (t) => {
  const { server, url } = await listen(t)
  echo(server)
  const stream = createWebSocketStream(new WebSocket(url), { encoding: 'utf8' })
  stream.write('in a stream')
  assert.is((await once(stream, 'data'))[0], 'in a stream')
  stream.end()
  await once(stream, 'close')
})

test('the helpers read and write header fields, and the internal classes refuse to be made', () => {
  assert.equal({ ...extension.parse('a; b=1; c, a')['a'][0] }, { b: ['1'], c: [true] })
  assert.is(extension.format({ a: [{ b: [1], c: [true] }, {}] }), 'a; b=1; c, a')
  assert.equal([...subprotocol.parse('x, y')], ['x', 'y'])
  assert.throws(() => subprotocol.parse('x,x'), /duplicated/)
  assert.equal(Sender.frame('a', { opcode: 1 }), [Buffer.from([0x81, 1]), Buffer.from('a')])
  assert.throws(() => new Sender(), /not supported/)
  assert.throws(() => new Receiver(), /not supported/)
})
