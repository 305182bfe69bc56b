import { createHash } from 'node:crypto'
import { createServer as createHttpServer, type IncomingMessage } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net'
import { WebSocketServer as WsServer } from 'ws'
import { type Connection, connect, type Data, HandshakeError, WebSocketServer } from '../../src/index.ts'
import { makeCertificate } from '../support/certificate.ts'
import { assert, suite, type TestContext, thrownBy } from '../support/unit.ts'
import { frame } from '../support/wire.ts'

const test = suite('connect')

/** A server of bare bytes; `answer` is given the head of the request. */
async function rawServer(t: TestContext, answer: (socket: Socket, head: string) => void): Promise<string> {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    let head = ''
    const take = (chunk: Buffer): void => {
      head += chunk.toString('latin1')
      if (!head.includes('\r\n\r\n')) return
      socket.off('data', take)
      answer(socket, head)
    }
    socket.on('data', take)
  })
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return `ws://127.0.0.1:${await portOf(server)}`
}

async function portOf(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return (server.address() as AddressInfo).port
}

/** A 101 that answers the key of a request. */
function accept(head: string, extra = ''): string {
  const key = /sec-websocket-key: (\S+)/i.exec(head)![1]
  const answer = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${answer}\r\n${extra}\r\n`
}

const next = (connection: Connection): Promise<Data> =>
  new Promise((resolve) => {
    connection.onMessage = resolve
  })

const closed = (connection: Connection): Promise<number> =>
  new Promise((resolve) => {
    connection.onClose = ({ code }) => resolve(code)
  })

test('talks to npm ws, text and binary, and closes cleanly', async (t) => {
  const server = new WsServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'b' })
  t.after(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  let url = ''
  server.on('connection', (socket, request) => {
    url = request.url!
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
  })
  const connection = await connect(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/path?q=1`, {
    subprotocols: ['a', 'b'],
  })
  assert.equal([connection.subprotocol, url, connection.request.statusCode], ['b', '/path?q=1', 101])
  for (const size of [0, 1, 125, 126, 65_535, 65_536, 300_000]) {
    const text = next(connection)
    connection.send('é'.repeat(size / 2))
    assert.is(await text, 'é'.repeat(size / 2))
    const bytes = next(connection)
    connection.send(Buffer.alloc(size, 5))
    assert.ok(Buffer.alloc(size, 5).equals((await bytes) as Buffer))
  }
  const end = closed(connection)
  connection.close(4000, 'done')
  assert.is(await end, 4000)
  assert.is(connection.closeInfo?.wasClean, true)
})

test('agrees on permessage-deflate with npm ws and with this server', async (t) => {
  const ws = new WsServer({ port: 0, host: '127.0.0.1', perMessageDeflate: { threshold: 0 } })
  ws.on('connection', (socket) => socket.on('message', (data) => socket.send(String(data))))
  await new Promise((resolve) => ws.once('listening', resolve))
  const own = new WebSocketServer({ deflate: { threshold: 0 } })
  own.onConnection = (connection) => {
    connection.onMessage = (data) => void connection.send(data)
  }
  const { port } = (await own.listen(0)) as AddressInfo
  t.after(async () => {
    for (const client of ws.clients) client.terminate()
    ws.close()
    await own.close()
  })
  for (const each of [(ws.address() as AddressInfo).port, port]) {
    const connection = await connect(`ws://127.0.0.1:${each}`, { deflate: { threshold: 0 } })
    assert.match(connection.request.headers['sec-websocket-extensions']!, 'permessage-deflate')
    for (let i = 0; i < 3; i++) {
      const reply = next(connection)
      connection.send('again and again '.repeat(500))
      assert.is(await reply, 'again and again '.repeat(500))
    }
    const end = closed(connection)
    connection.close()
    await end
  }
})

test('delivers what came with the 101, behind the await', async (t) => {
  const url = await rawServer(t, (socket, head) => {
    socket.write(Buffer.concat([Buffer.from(accept(head)), frame(1, 'first', { key: null })]))
  })
  const connection = await connect(url)
  assert.is(await next(connection), 'first')
  connection.terminate()
})

test('S-42: masks each frame with a key of its own that nobody can foresee', async (t) => {
  const keys = new Set<string>()
  let bits = 0
  let take = (_: Buffer): void => {}
  const all = new Promise<void>((resolve) => {
    let bytes = Buffer.alloc(0)
    take = (chunk) => {
      bytes = Buffer.concat([bytes, chunk])
      for (; bytes.length >= 7; bytes = bytes.subarray(7)) {
        assert.equal([bytes[0], bytes[1]], [0x81, 0x81])
        assert.is(bytes[6] ^ bytes[2], 0x78)
        keys.add(bytes.toString('hex', 2, 6))
        for (let key = bytes.readUInt32BE(2); key !== 0; key >>>= 1) bits += key & 1
        if (keys.size >= 2_990) resolve()
      }
    }
  })
  const url = await rawServer(t, (socket, head) => {
    socket.write(accept(head))
    socket.on('data', (chunk) => take(chunk))
  })
  const connection = await connect(url)
  for (let i = 0; i < 3_000; i++) connection.send('x')
  await all
  connection.terminate()
  // Half of all bits, within six deviations.
  assert.ok(Math.abs(bits / (keys.size * 32) - 0.5) < 0.01, `${bits}`)
})

test('S-21: verifies the server’s certificate and its name', async (t) => {
  const certificates = [makeCertificate(), makeCertificate('elsewhere.example')]
  for (const [i, certificate] of certificates.entries()) {
    const https = createHttpsServer(certificate)
    const server = new WebSocketServer()
    server.attach(https)
    const port = await portOf(https)
    t.after(() => https.close())
    const url = `wss://localhost:${port}`
    assert.is((await thrownBy(() => connect(url))).code, 'DEPTH_ZERO_SELF_SIGNED_CERT')
    const tls = { ca: certificate.cert }
    if (i === 1) {
      assert.is((await thrownBy(() => connect(url, { tls }))).code, 'ERR_TLS_CERT_ALTNAME_INVALID')
    } else {
      const connection = await connect(url, { tls })
      const end = closed(connection)
      connection.close()
      assert.is(await end, 1000)
    }
    await server.close()
  }
})

/** Two servers of one kind each: the first redirects to the second. */
async function redirecting(t: TestContext, status = 307): Promise<{ url: string; requests: IncomingMessage[] }> {
  const requests: IncomingMessage[] = []
  const [from, to] = [createHttpServer(), createHttpServer()]
  const server = new WebSocketServer()
  to.on('upgrade', (request) => requests.push(request))
  server.attach(to)
  const port = await portOf(to)
  from.on('upgrade', (request, socket) => {
    requests.push(request)
    const location = request.url === '/same' ? '/other' : `http://127.0.0.1:${port}/there`
    socket.end(`HTTP/1.1 ${status} Moved\r\nLocation: ${location}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`)
  })
  const url = `ws://127.0.0.1:${await portOf(from)}`
  t.after(async () => {
    await server.close()
    from.close()
    to.close()
  })
  return { url, requests }
}

const secrets = { Authorization: 'Basic c2VjcmV0', cookie: 'session=1', 'Proxy-Authorization': 'x', 'X-Own': 'kept' }

test('S-10: follows no redirect unless told to', async (t) => {
  const { url, requests } = await redirecting(t)
  const error = (await thrownBy(() => connect(url, { headers: secrets }))) as HandshakeError
  assert.instance(error, HandshakeError)
  assert.is(error.status, 307)
  assert.is(requests.length, 1)
})

test('S-10: sends no credentials to another origin when it follows', async (t) => {
  for (const status of [301, 302, 303, 307, 308]) {
    const { url, requests } = await redirecting(t, status)
    const connection = await connect(url, { headers: secrets, maxRedirects: 1 })
    assert.is(requests[0].headers.authorization, 'Basic c2VjcmV0')
    const { authorization, cookie, 'proxy-authorization': proxy, 'x-own': own } = requests[1].headers
    assert.equal([authorization, cookie, proxy, own], [undefined, undefined, undefined, 'kept'])
    assert.is(requests[1].url, '/there')
    connection.terminate()
  }
})

test('S-10: sends no credentials from TLS to plain', async (t) => {
  const certificate = makeCertificate()
  const https = createHttpsServer(certificate)
  const http = createHttpServer()
  const server = new WebSocketServer()
  let seen: IncomingMessage | undefined
  http.on('upgrade', (request) => {
    seen = request
  })
  server.attach(http)
  const port = await portOf(http)
  https.on('upgrade', (_, socket) => socket.end(`HTTP/1.1 302 Found\r\nLocation: ws://localhost:${port}/\r\n\r\n`))
  const url = `wss://localhost:${await portOf(https)}`
  t.after(async () => {
    await server.close()
    http.close()
    https.close()
  })
  const connection = await connect(url, { headers: secrets, maxRedirects: 1, tls: { ca: certificate.cert } })
  assert.equal([seen?.headers.authorization, seen?.headers.cookie], [undefined, undefined])
  connection.terminate()
})

test('keeps credentials on the same origin and gives up after maxRedirects', async (t) => {
  const { url, requests } = await redirecting(t)
  const connection = await connect(`${url}/same`, { headers: secrets, maxRedirects: 2 })
  assert.equal(
    requests.map(({ url, headers }) => [url, headers.authorization !== undefined]),
    [
      ['/same', true],
      ['/other', true],
      ['/there', false],
    ],
  )
  connection.terminate()
  assert.is(((await thrownBy(() => connect(`${url}/same`, { maxRedirects: 1 }))) as HandshakeError).status, 307)
})

test('rejects with a HandshakeError for every answer that is no valid 101', async (t) => {
  const answers: [string | ((head: string) => string), number, string][] = [
    ['HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n', 403, 'ERR_WS_UNEXPECTED_STATUS'],
    ['HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', 200, 'ERR_WS_UNEXPECTED_STATUS'],
    [(head) => accept(head).replace(/Accept: ./, 'Accept: ~'), 502, 'ERR_WS_ACCEPT'],
    [(head) => accept(head, 'Sec-WebSocket-Protocol: unasked\r\n'), 502, 'ERR_WS_SUBPROTOCOL'],
    [(head) => accept(head, 'Sec-WebSocket-Extensions: permessage-deflate\r\n'), 502, 'ERR_WS_EXTENSIONS'],
  ]
  for (const [answer, status, code] of answers) {
    const url = await rawServer(t, (socket, head) => socket.write(typeof answer === 'string' ? answer : answer(head)))
    const error = (await thrownBy(() => connect(url))) as HandshakeError
    assert.instance(error, HandshakeError)
    assert.equal([error.status, error.code], [status, code])
  }
})

test('rejects for deflate parameters that were not agreed on right, and ends the stream', async (t) => {
  let ended: Promise<void> | null = null
  const url = await rawServer(t, (socket, head) => {
    ended = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.resume()
    socket.write(accept(head, 'Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=16\r\n'))
  })
  assert.is((await thrownBy(() => connect(url, { deflate: true }))).code, 'ERR_WS_EXTENSION')
  await ended
})

test('rejects after handshakeTimeout, when the server ends, and with the reason of its signal', async (t) => {
  const silent = await rawServer(t, () => {})
  assert.is((await thrownBy(() => connect(silent, { handshakeTimeout: 50 }))).code, 'ERR_WS_HANDSHAKE_TIMEOUT')
  const ending = await rawServer(t, (socket) => socket.end())
  assert.is((await thrownBy(() => connect(ending))).code, 'ECONNRESET')
  const reason = new Error('not wanted any more')
  assert.is(await thrownBy(() => connect(silent, { signal: AbortSignal.abort(reason) })), reason)
  const controller = new AbortController()
  const failed = thrownBy(() => connect(silent, { signal: controller.signal }))
  setTimeout(() => controller.abort(reason), 20)
  assert.is(await failed, reason)
  const echo = await rawServer(t, (socket, head) => socket.write(accept(head)))
  const later = new AbortController()
  const connection = await connect(echo, { signal: later.signal })
  later.abort()
  assert.is(connection.state, 'open')
  connection.terminate()
})

test('fails a server that masks its frames or breaks another rule', async (t) => {
  const url = await rawServer(t, (socket, head) => {
    socket.write(accept(head))
    socket.write(frame(1, 'masked'))
  })
  assert.is(await closed(await connect(url)), 1002)
})

test('S-12: fails a server that announces 2^63 bytes', async (t) => {
  const url = await rawServer(t, (socket, head) => {
    socket.write(accept(head))
    socket.write(Buffer.from('827fffffffffffffffff', 'hex'))
  })
  assert.is(await closed(await connect(url)), 1002)
})

test('throws for what cannot be asked, before anything is sent', async () => {
  for (const url of ['ftp://localhost', 'ws://localhost/#part', 'ws://user:word@localhost', 'nothing']) {
    assert.instance(await thrownBy(() => connect(url)), TypeError, url)
  }
  const unsendable: Record<string, string>[] = [{ 'X-A': 'a\r\nB: c' }, { Host: 'other' }, { 'a b': 'c' }]
  for (const headers of unsendable) {
    assert.instance(await thrownBy(() => connect('ws://127.0.0.1:9', { headers })), TypeError)
  }
  assert.instance(await thrownBy(() => connect('ws://127.0.0.1:9', { subprotocols: ['a b'] })), TypeError)
  assert.instance(await thrownBy(() => connect('ws://127.0.0.1:9', { maxFrames: 0 })), RangeError)
  assert.instance(
    await thrownBy(() => connect('ws://127.0.0.1:9', { handshakeTimeout: Number.POSITIVE_INFINITY })),
    RangeError,
  )
})

test('rejects with the system’s error when nobody listens', async () => {
  const server = createTcpServer()
  const port = await portOf(server)
  await new Promise((resolve) => server.close(resolve))
  assert.is((await thrownBy(() => connect(`ws://127.0.0.1:${port}`))).code, 'ECONNREFUSED')
})
