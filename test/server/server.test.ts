import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer as createHttpServer, get, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import WsClient from 'ws'
import type { CloseInfo } from '../../src/core/closing-handshake.ts'
import { type Connection, HandshakeError, type Refusal, type ServerOptions, WebSocketServer } from '../../src/index.ts'
import { RawClient } from '../support/raw-client.ts'
import { assert, suite, type TestContext, thrownBy } from '../support/unit.ts'
import { closeFrame, frame } from '../support/wire.ts'

const test = suite('server')

interface Running {
  server: WebSocketServer
  port: number
  /** Every connection so far. */
  accepted: Connection[]
  /** Resolves with the next connection. */
  next(): Promise<Connection>
}

async function run(
  t: TestContext,
  options: ServerOptions = {},
  onConnection: (connection: Connection) => void = echo,
): Promise<Running> {
  const server = new WebSocketServer(options)
  const accepted: Connection[] = []
  const waiting: ((connection: Connection) => void)[] = []
  server.onConnection = (connection) => {
    accepted.push(connection)
    onConnection(connection)
    waiting.shift()?.(connection)
  }
  const { port } = (await server.listen(0)) as AddressInfo
  t.after(async () => {
    for (const connection of server.connections) connection.terminate()
    await server.close()
  })
  return { server, port, accepted, next: () => new Promise((resolve) => waiting.push(resolve)) }
}

function echo(connection: Connection): void {
  connection.onMessage = (data) => {
    connection.send(data)
  }
}

const closeOf = (connection: Connection): Promise<CloseInfo> =>
  new Promise((resolve) => {
    connection.onClose = resolve
  })

test('answers a valid request with 101 and the right Accept, and echoes', async (t) => {
  const { port } = await run(t)
  const client = await RawClient.open(port)
  assert.match(client.head, /^HTTP\/1\.1 101 /)
  assert.match(client.head, /Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r\n/)
  client.send(frame(1, 'héllo'), frame(2, 'bin'), frame(1, ''))
  const [text, binary, empty] = await client.receive(3)
  assert.equal([text.opcode, text.payload.toString()], [1, 'héllo'])
  assert.equal([binary.opcode, binary.payload.toString()], [2, 'bin'])
  assert.equal([empty.opcode, empty.payload.length], [1, 0])
  await client.close()
})

test('S-49: delivers frames that came with the request once, in order, before later ones', async (t) => {
  const { port } = await run(t)
  const client = await RawClient.open(port, {
    behind: Buffer.concat([frame(1, 'first'), frame(9, 'p'), frame(1, 'second').subarray(0, 4)]),
  })
  client.send(frame(1, 'second').subarray(4), frame(1, 'third'))
  await client.receive(4)
  assert.equal(client.texts, ['first', 'second', 'third'])
  await client.close()
})

test('ends the TCP stream first, after the Close frame', async (t) => {
  const { port } = await run(t)
  const client = await RawClient.open(port)
  client.send(closeFrame(1000, 'bye'))
  await client.until(() => client.ended)
  assert.is(client.closeCode, 1000)
  client.socket.destroy()
})

test('tells how a connection ended: by the peer, by this side, by the transport', async (t) => {
  const { port, next } = await run(t)
  const cases: [(client: RawClient, connection: Connection) => void, Partial<CloseInfo>][] = [
    [(client) => client.send(closeFrame(4001, 'x')), { code: 4001, reason: 'x', wasClean: true, initiator: 'remote' }],
    [(client) => client.send(closeFrame()), { code: 1005, reason: '', wasClean: true, initiator: 'remote' }],
    [(client) => client.socket.end(), { code: 1006, wasClean: false, initiator: 'transport' }],
    [(client) => client.socket.resetAndDestroy(), { code: 1006, wasClean: false, initiator: 'transport' }],
    [(_, connection) => connection.terminate(), { code: 1006, wasClean: false, initiator: 'local' }],
    [(client) => client.send(frame(3)), { code: 1002, wasClean: false, initiator: 'local' }],
  ]
  for (const [act, expected] of cases) {
    const accepted = next()
    const client = await RawClient.open(port)
    const connection = await accepted
    const closed = closeOf(connection)
    act(client, connection)
    const info = await closed
    for (const [key, value] of Object.entries(expected))
      assert.is(info[key as keyof CloseInfo], value, `${key} of ${JSON.stringify(expected)}`)
    assert.is(info.error === undefined, info.wasClean)
    client.socket.destroy()
  }
})

test('closes with the handshake: code and reason go out, the echo makes it clean', async (t) => {
  const { port, next } = await run(t)
  const accepted = next()
  const client = await RawClient.open(port)
  const connection = await accepted
  const closed = closeOf(connection)
  connection.close(4000, 'enough')
  assert.is(connection.state, 'closing')
  assert.is(connection.send('late'), 'closed')
  await client.until(() => client.closeCode !== null)
  assert.is(client.closeCode, 4000)
  client.send(closeFrame(4000))
  const info = await closed
  assert.equal(info, { code: 4000, reason: '', wasClean: true, initiator: 'local' })
  assert.equal(connection.closeInfo, info)
  await client.until(() => client.ended)
  client.socket.destroy()
})

test('S-37: cuts a peer that does not answer the Close frame, and one that goes on talking after it', async (t) => {
  const { port, next } = await run(t, { closeTimeout: 100 })
  for (const talk of [false, true]) {
    const accepted = next()
    const client = await RawClient.open(port)
    const connection = await accepted
    const closed = closeOf(connection)
    connection.close()
    const talking = talk ? setInterval(() => client.sendText('and another thing'), 5) : undefined
    const info = await closed
    assert.equal([info.code, info.initiator, info.wasClean], [1006, 'local', false])
    assert.match(info.error!.message, '100 ms')
    await client.until(() => client.closed)
    clearInterval(talking)
  }
})

test('reads what a peer still sends after a violation to the end, and cuts it when there is none', async (t) => {
  const { port, server, accepted } = await run(t, { closeTimeout: 100 })
  const client = await RawClient.open(port)
  client.send(frame(3), frame(1, 'x'), Buffer.alloc(100_000))
  await client.until(() => client.ended)
  assert.is(client.closeCode, 1002)
  assert.equal(client.texts, [])
  await accepted[0].gone
  assert.is(server.connections.size, 0)
})

test('S-22: survives every violation without a listener', async (t) => {
  const { port } = await run(t, {}, () => {})
  for (const bytes of [
    frame(3),
    frame(1, 'x', { key: null }),
    frame(0, 'x'),
    frame(9, 'x'.repeat(126)),
    frame(1, Buffer.from([0xff])),
  ]) {
    const client = await RawClient.open(port)
    client.send(bytes)
    await client.until(() => client.ended)
    assert.ok([1002, 1007].includes(client.closeCode!))
    client.socket.destroy()
  }
})

test('fails with 1011 and tells onError when a callback throws; the process lives', async (t) => {
  const errors: unknown[] = []
  const { port } = await run(t, { onError: (error) => errors.push(error) }, (connection) => {
    connection.onMessage = (data) => {
      throw new Error(`cannot take ${data}`)
    }
    connection.onPong = () => {
      throw new Error('cannot take a pong')
    }
    connection.onClose = () => {
      throw new Error('cannot even close')
    }
  })
  for (const bytes of [frame(1, 'this'), frame(10)]) {
    const client = await RawClient.open(port)
    client.send(bytes)
    await client.until(() => client.ended)
    assert.is(client.closeCode, 1011)
    client.socket.destroy()
  }
  assert.equal(errors.map(String), [
    'Error: cannot take this',
    'Error: cannot even close',
    'Error: cannot take a pong',
    'Error: cannot even close',
  ])
})

test('fails with 1011 when onConnection throws', async (t) => {
  const errors: unknown[] = []
  const { port } = await run(t, { onError: (error) => errors.push(error) }, () => {
    throw new Error('no')
  })
  const client = await RawClient.open(port)
  await client.until(() => client.ended)
  assert.is(client.closeCode, 1011)
  assert.is(errors.length, 1)
  client.socket.destroy()
})

test('sends everything of one tick in one segment', async (t) => {
  const { port, next } = await run(t)
  const accepted = next()
  const client = await RawClient.open(port)
  const connection = await accepted
  const segments: number[] = []
  client.socket.on('data', (chunk) => segments.push(chunk.length))
  for (let i = 0; i < 100; i++) connection.send(`message ${i}`)
  await client.receive(100)
  assert.is(segments.length, 1)
  await client.close()
})

test('pauses and resumes reading: nothing is lost and the order holds', async (t) => {
  const { port, next } = await run(t, {}, (connection) => {
    connection.onMessage = (data) => {
      received.push(String(data))
      if (data === 'stop') connection.pause()
    }
  })
  const received: string[] = []
  const accepted = next()
  const client = await RawClient.open(port)
  const connection = await accepted
  const paused = new Promise<void>((resolve) => {
    const { onMessage } = connection
    connection.onMessage = (data, isBinary) => {
      onMessage(data, isBinary)
      if (data === 'stop') resolve()
    }
  })
  client.send(frame(1, 'a'), frame(1, 'stop'), frame(1, 'b'))
  await paused
  client.send(frame(1, 'c'))
  assert.equal(received, ['a', 'stop'])
  const closed = closeOf(connection)
  connection.resume()
  client.send(closeFrame(1000))
  await closed
  assert.equal(received, ['a', 'stop', 'b', 'c'])
})

test('says when there is too much to send, and when it is gone', async (t) => {
  const { port, next } = await run(t, { highWaterMark: 100_000 })
  const accepted = next()
  const client = await RawClient.open(port)
  const connection = await accepted
  client.socket.pause()
  const chunk = Buffer.alloc(100_000)
  let count = 1
  while (connection.send(chunk) === 'sent') count++
  // What one tick sends is handed over at its end: only then is it known what the system takes.
  while (connection.bufferedAmount > 0 && connection.send(chunk) === 'sent') count++
  assert.ok(connection.bufferedAmount > 100_000)
  const drained = connection.drained()
  client.socket.resume()
  await drained
  assert.is(connection.bufferedAmount, 0)
  await client.receive(count)
  client.socket.destroy()
})

test('drained() resolves at once with nothing to send, and when the connection goes', async (t) => {
  const { port, next } = await run(t)
  const accepted = next()
  const client = await RawClient.open(port)
  const connection = await accepted
  await connection.drained()
  client.socket.pause()
  connection.send(Buffer.alloc(20_000_000))
  const drained = connection.drained()
  connection.terminate()
  await drained
  await connection.drained()
})

test('S-01: throws at once for what cannot be sent', async (t) => {
  const { port, next } = await run(t)
  const accepted = next()
  const client = await RawClient.open(port)
  const connection = await accepted
  for (const data of [7, null, undefined, {}, [], true, 7n, Symbol('x'), () => {}, new Date(0)]) {
    assert.instance(await thrownBy(() => connection.send(data as never)), TypeError)
    if (data !== undefined) assert.instance(await thrownBy(() => connection.ping(data as never)), TypeError)
  }
  assert.instance(await thrownBy(() => connection.ping('x'.repeat(126))), RangeError)
  assert.instance(await thrownBy(() => connection.close(1005)), RangeError)
  assert.is(client.frames.length, 0)
  connection.send(new Uint8Array([1, 2]))
  connection.send(new Uint8Array([3, 4]).buffer)
  connection.ping('p')
  const frames = await client.receive(3)
  assert.equal(
    frames.map(({ opcode, payload }) => [opcode, payload.toString('hex')]),
    [
      [2, '0102'],
      [2, '0304'],
      [9, '70'],
    ],
  )
  await client.close()
})

test('S-36: takes nothing after close or the end, and never writes behind a Close frame', async (t) => {
  const { port, next } = await run(t)
  const accepted = next()
  const client = await RawClient.open(port)
  const connection = await accepted
  connection.close(1000)
  assert.is(connection.send('text'), 'closed')
  assert.is(connection.send(Buffer.from('bytes')), 'closed')
  connection.ping()
  client.send(frame(9, 'ping'), closeFrame(1000))
  await client.until(() => client.ended)
  assert.equal(
    client.frames.map(({ opcode }) => opcode),
    [8],
  )
  client.socket.destroy()
})

test('hands pongs to onPong', async (t) => {
  const pongs: string[] = []
  const { port } = await run(t, {}, (connection) => {
    connection.onPong = (payload) => pongs.push(payload.toString())
    connection.onMessage = () => connection.close()
  })
  const client = await RawClient.open(port)
  client.send(frame(10, 'unasked'), frame(10), frame(1, 'end'))
  await client.until(() => client.closeCode !== null)
  assert.equal(pongs, ['unasked', ''])
  client.socket.destroy()
})

test('S-47: refuses with a whole answer, closes, and never reads what follows as a request', async (t) => {
  const { port, server, accepted } = await run(t)
  let requests = 0
  server.onRequest = (_, response) => {
    requests++
    response.end('smuggled')
  }
  const client = RawClient.connect(port)
  const bad =
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\r\n'
  client.socket.write(`${bad}GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`)
  await client.until(() => client.closed)
  assert.match(client.head, /^HTTP\/1\.1 400 Bad Request\r\n/)
  assert.match(client.head, /Connection: close\r\n/)
  assert.is(client.body.length, Number(/Content-Length: (\d+)/.exec(client.head)![1]))
  assert.is(requests, 0)
  assert.is(accepted.length, 0)
})

test('answers another version with 426 and the one it speaks', async (t) => {
  const { port } = await run(t)
  const client = RawClient.connect(port)
  client.socket.write(
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 12\r\n\r\n',
  )
  await client.until(() => client.closed)
  assert.match(client.head, /^HTTP\/1\.1 426 /)
  assert.match(client.head, /Sec-WebSocket-Version: 13\r\n/)
})

test('S-45: refuses a foreign origin with 403, says which it was and which option allows it', async (t) => {
  const { port } = await run(t)
  const refused = await RawClient.open(port, { headers: ['Origin: https://evil.example'] })
  await refused.until(() => refused.closed)
  assert.match(refused.head, /^HTTP\/1\.1 403 /)
  assert.is(refused.body, 'origin https://evil.example is not allowed; allowed: http://localhost (option origins)')
  const own = await RawClient.open(port, { headers: ['Origin: http://localhost'] })
  assert.match(own.head, /^HTTP\/1\.1 101 /)
  await own.close()
})

test('lets listed origins in, or all', async (t) => {
  for (const origins of ['*', ['https://other.example']] as const) {
    const { port } = await run(t, { origins })
    const client = await RawClient.open(port, { headers: ['Origin: https://other.example'] })
    assert.match(client.head, /^HTTP\/1\.1 101 /)
    await client.close()
  }
  const { port } = await run(t, { origins: ['https://other.example'] })
  const refused = await RawClient.open(port, { headers: ['Origin: https://third.example'] })
  await refused.until(() => refused.closed)
  assert.match(refused.body, 'allowed: http://localhost and https://other.example')
})

test('chooses no subprotocol unless one is listed, then the client’s favourite among them', async (t) => {
  const none = await run(t)
  const unasked = await RawClient.open(none.port, { headers: ['Sec-WebSocket-Protocol: a, b'] })
  assert.not.match(unasked.head, 'Sec-WebSocket-Protocol')
  await unasked.close()
  const listed = await run(t, { subprotocols: ['c', 'b', 'a'] })
  const chosen = await RawClient.open(listed.port, { headers: ['Sec-WebSocket-Protocol: x, b, c'] })
  assert.match(chosen.head, /Sec-WebSocket-Protocol: b\r\n/)
  assert.is(listed.accepted[0].subprotocol, 'b')
  await chosen.close()
})

test('asks authorize, which may refuse, wait, or throw', async (t) => {
  const errors: unknown[] = []
  const authorize = (request: IncomingMessage): Refusal | undefined | Promise<Refusal | undefined> => {
    if (request.url === '/sync') return { status: 401, headers: { 'WWW-Authenticate': 'Basic' }, body: 'who are you?' }
    if (request.url === '/async') return Promise.resolve({ status: 429 })
    if (request.url === '/throws') throw new Error('database gone')
    if (request.url === '/rejects') return Promise.reject(new Error('database gone'))
    if (request.url === '/odd') return { status: 200 }
    if (request.url === '/broken') return { status: 403, headers: { 'X-Bad': 'a\r\nb' } }
    if (request.url === '/later') return Promise.resolve(undefined)
    return undefined
  }
  const { port } = await run(t, { authorize, onError: (error) => errors.push(error) })
  const expected: Record<string, RegExp> = {
    '/sync': /^HTTP\/1\.1 401 /,
    '/async': /^HTTP\/1\.1 429 /,
    '/throws': /^HTTP\/1\.1 500 /,
    '/rejects': /^HTTP\/1\.1 500 /,
    '/odd': /^HTTP\/1\.1 500 /,
    '/broken': /^HTTP\/1\.1 500 /,
    '/later': /^HTTP\/1\.1 101 /,
    '/': /^HTTP\/1\.1 101 /,
  }
  for (const [path, status] of Object.entries(expected)) {
    const client = await RawClient.open(port, { path, behind: frame(1, 'early') })
    assert.match(client.head, status)
    if (client.head.startsWith('HTTP/1.1 101')) {
      await client.receive(1)
      assert.equal(client.texts, ['early'])
      await client.close()
    } else {
      await client.until(() => client.closed)
    }
    if (path === '/sync') assert.is(client.body, 'who are you?')
  }
  assert.is(errors.length, 4)
})

test('forgets a client that goes away while authorize thinks', async (t) => {
  let answer!: () => void
  let asked!: () => void
  const wasAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  const { port, accepted } = await run(t, {
    authorize: () => {
      asked()
      return new Promise((resolve) => {
        answer = () => resolve()
      })
    },
  })
  const client = RawClient.connect(port)
  client.socket.write(
    'GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n',
  )
  await wasAsked
  client.socket.resetAndDestroy()
  await client.until(() => client.closed)
  await new Promise((resolve) => setImmediate(resolve))
  answer()
  await new Promise((resolve) => setImmediate(resolve))
  assert.ok(accepted.every((connection) => connection.state === 'closed') || accepted.length === 0)
})

test('an upgrade is settled once', async (t) => {
  const { port, server } = await run(t)
  const settled = new Promise<string[]>((resolve) => {
    server.onUpgrade = (upgrade) => {
      upgrade.accept({ headers: { 'X-Served-By': 'test' } })
      const codes: string[] = []
      for (const again of [() => upgrade.accept(), () => upgrade.refuse(new HandshakeError(400, 'ERR_WS_TEST', 'x'))]) {
        try {
          again()
        } catch (error) {
          codes.push((error as HandshakeError).code)
        }
      }
      resolve(codes)
    }
  })
  const client = await RawClient.open(port)
  assert.equal(await settled, ['ERR_WS_UPGRADE_SETTLED', 'ERR_WS_UPGRADE_SETTLED'])
  assert.match(client.head, /X-Served-By: test\r\n/)
  await client.close()
})

test('S-16: answers 500 when the application would send a subprotocol that was not offered or a broken header', async (t) => {
  const errors: unknown[] = []
  const { port, server } = await run(t, { onError: (error) => errors.push(error) })
  for (const options of [{ subprotocol: 'unasked' }, { headers: { 'X-Bad': 'a\r\nSet-Cookie: b' } }]) {
    server.onUpgrade = (upgrade) => void upgrade.accept(options)
    const client = await RawClient.open(port)
    await client.until(() => client.closed)
    assert.match(client.head, /^HTTP\/1\.1 500 /)
  }
  assert.ok(errors.every((error) => error instanceof TypeError))
})

test('answers plain HTTP on its own port with 426, or by onRequest', async (t) => {
  const { port, server } = await run(t)
  const status = (): Promise<number> =>
    new Promise((resolve) =>
      get({ port, host: '127.0.0.1', agent: false }, (response) => resolve(response.resume().statusCode!)),
    )
  assert.is(await status(), 426)
  server.onRequest = (_, response) => void response.end('plain')
  assert.is(await status(), 200)
})

test('listens on a unix socket', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dwebsocket-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const server = new WebSocketServer()
  server.onConnection = echo
  const path = join(folder, 'socket')
  assert.is(await server.listen(path), path)
  assert.is(server.address(), path)
  const client = await RawClient.open(path)
  client.sendText('through a file')
  await client.receive(1)
  assert.equal(client.texts, ['through a file'])
  await client.close()
  await server.close()
})

test('rejects when the port is taken', async (t) => {
  const { port } = await run(t)
  assert.is((await thrownBy(() => new WebSocketServer().listen(port))).code, 'EADDRINUSE')
})

test('attaches to the user’s HTTP server and leaves other protocols to other listeners', async (t) => {
  const http = createHttpServer((_, response) => response.end('site'))
  const server = new WebSocketServer()
  server.onConnection = echo
  server.attach(http)
  const others: string[] = []
  http.on('upgrade', (request, socket) => {
    if (request.headers.upgrade === 'other')
      socket.end('HTTP/1.1 501 Not Implemented\r\n\r\n', () => others.push(request.url!))
  })
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => http.close(resolve)))
  const { port } = http.address() as AddressInfo
  const client = await RawClient.open(port)
  client.sendText('x')
  await client.receive(1)
  await client.close()
  const other = RawClient.connect(port)
  other.socket.write('GET /other HTTP/1.1\r\nHost: x\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n')
  await other.until(() => other.closed)
  assert.equal(others, ['/other'])
  await server.close()
})

test('answers CONNECT with 405', async (t) => {
  const { port } = await run(t)
  const client = RawClient.connect(port)
  client.socket.write('CONNECT localhost:80 HTTP/1.1\r\nHost: localhost:80\r\n\r\n')
  await client.until(() => client.closed)
  assert.match(client.head, /^HTTP\/1\.1 405 /)
})

test('lets a page of the same host by https in, as behind a proxy that ends TLS', async (t) => {
  const { port } = await run(t)
  const client = await RawClient.open(port, { headers: ['Origin: https://localhost'] })
  assert.match(client.head, /^HTTP\/1\.1 101 /)
  await client.close()
})

test('S-48: refuses another protocol with 426 when nobody else wants it', async (t) => {
  const { port } = await run(t)
  const client = RawClient.connect(port)
  client.socket.write('GET / HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n')
  await client.until(() => client.closed)
  assert.match(client.head, /^HTTP\/1\.1 426 /)
})

test('speaks over TLS', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'dwebsocket-'))
  t.after(() => rmSync(folder, { recursive: true }))
  execFileSync(
    'openssl',
    [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
      '-keyout',
      join(folder, 'key.pem'),
      '-out',
      join(folder, 'cert.pem'),
    ],
    { stdio: 'ignore' },
  )
  const https = createHttpsServer({
    key: readFileSync(join(folder, 'key.pem')),
    cert: readFileSync(join(folder, 'cert.pem')),
  })
  const server = new WebSocketServer()
  server.onConnection = echo
  server.attach(https)
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => https.close(resolve)))
  const { port } = https.address() as AddressInfo
  const client = new WsClient(`wss://localhost:${port}/`, {
    rejectUnauthorized: false,
    origin: `https://localhost:${port}`,
  })
  const reply = new Promise<string>((resolve, reject) => {
    client.on('message', (data) => resolve(data.toString()))
    client.on('error', reject)
  })
  client.on('open', () => client.send('x'.repeat(100_000)))
  assert.is((await reply).length, 100_000)
  const closed = new Promise((resolve) => client.on('close', resolve))
  client.close(1000)
  assert.is(await closed, 1000)
  await server.close()
})

test('close() stops listening, refuses upgrades, says 1001 to every peer and waits for all', async (t) => {
  const { port, server } = await run(t)
  const clients = await Promise.all([RawClient.open(port), RawClient.open(port)])
  assert.is(server.connections.size, 2)
  const closed = server.close(1001, 'restart')
  for (const client of clients) {
    await client.until(() => client.closeCode !== null)
    assert.is(client.closeCode, 1001)
    assert.is(server.connections.size > 0, true)
    await client.close(1001)
  }
  await closed
  assert.is(server.connections.size, 0)
  const late = RawClient.connect(port)
  await late.until(() => late.closed)
  assert.is(late.head, '')
})

test('close() refuses upgrades that wait for a decision, and new ones on an attached server, with 503', async (t) => {
  const http = createHttpServer()
  const server = new WebSocketServer({ authorize: () => new Promise(() => {}) })
  server.attach(http)
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  t.after(() => new Promise((resolve) => http.close(resolve)))
  const { port } = http.address() as AddressInfo
  const asked = new Promise<void>((resolve) => http.once('upgrade', () => resolve()))
  const waiting = RawClient.open(port)
  await asked
  await server.close()
  const late = await RawClient.open(port)
  for (const client of [await waiting, late]) {
    await client.until(() => client.closed)
    assert.match(client.head, /^HTTP\/1\.1 503 /)
    assert.match(client.head, /Retry-After: 1\r\n/)
  }
})

test('throws a RangeError for limits that are not positive, a TypeError for limits that are not numbers', async () => {
  for (const options of [{ maxMessageSize: 0 }, { closeTimeout: -1 }, { maxFrames: Number.NaN }]) {
    assert.instance(await thrownBy(() => new WebSocketServer(options)), RangeError)
  }
  assert.instance(await thrownBy(() => new WebSocketServer({ highWaterMark: '1' as never })), TypeError)
})
