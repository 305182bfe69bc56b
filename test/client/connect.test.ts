import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { WebSocketServer as WsServer } from 'ws'
import { joinMessages } from '../../src/connection/send/prepared-message.ts'
import { connect, prepare, WebSocketServer } from '../../src/index.ts'
import { makeCertificate } from '../support/certificate.ts'
import { openssl, testWith } from '../support/need.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { frame } from '../support/wire.ts'
import { accept, closed, next, portOf, rawServer } from './raw-server.ts'

const test = suite('connect')

const codeOfCause = ({ cause }: Error): unknown => (cause as { code?: string })?.code

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

test('masks each frame of prepared messages, also of joined and compressed ones', async (t) => {
  const server = new WsServer({ port: 0, host: '127.0.0.1', perMessageDeflate: { threshold: 0 } })
  t.after(() => server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const received: string[] = []
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      received.push(String(data))
      if (received.length === texts.length + 2) socket.close(4000)
    })
  })
  const texts = ['', 'short', 'é'.repeat(100), 'medium'.repeat(10_000), 'long'.repeat(20_000)]
  const url = `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
  for (const deflate of [false, { threshold: 0, clientContextTakeover: false }]) {
    received.length = 0
    const connection = await connect(url, { deflate })
    const end = closed(connection)
    for (const text of texts) connection.send(prepare(text))
    connection.send(joinMessages([prepare('one'), prepare('two')]))
    assert.is(await end, 4000, connection.closeInfo?.reason)
    assert.equal(received, [...texts, 'one', 'two'])
  }
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

test('delivers messages that arrived with the 101 response after the await', async (t) => {
  const url = await rawServer(t, (socket, head) => {
    socket.write(Buffer.concat([Buffer.from(accept(head)), frame(1, 'first', { key: null })]))
  })
  const connection = await connect(url)
  assert.is(await next(connection), 'first')
  connection.terminate()
})

test('reads interim responses before the 101', async (t) => {
  const hints = 'HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n'
  const url = await rawServer(t, (socket, head) => void socket.write(hints + accept(head)))
  const connection = await connect(url)
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

testWith(test, openssl)('S-21: verifies the server’s certificate and its name', async (t) => {
  const certificates = [makeCertificate(), makeCertificate('elsewhere.example')]
  for (const [i, certificate] of certificates.entries()) {
    const https = createHttpsServer(certificate)
    const server = new WebSocketServer()
    server.attach(https)
    const port = await portOf(https)
    t.after(() => https.close())
    const url = `wss://localhost:${port}`
    assert.is(codeOfCause(await thrownBy(() => connect(url))), 'DEPTH_ZERO_SELF_SIGNED_CERT')
    const tls = { ca: certificate.cert }
    if (i === 1) {
      assert.is(codeOfCause(await thrownBy(() => connect(url, { tls }))), 'ERR_TLS_CERT_ALTNAME_INVALID')
    } else {
      const connection = await connect(url, { tls })
      const end = closed(connection)
      connection.close()
      assert.is(await end, 1000)
    }
    await server.close()
  }
})
