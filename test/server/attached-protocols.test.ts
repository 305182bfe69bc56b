import { createServer as createHttpServer } from 'node:http'
import { createSecureServer, connect as http2Connect } from 'node:http2'
import { createServer as createHttpsServer } from 'node:https'
import { type AddressInfo, connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as tlsConnect } from 'node:tls'
import WsClient from 'ws'
import { createServer, WebSocketMiddleware, WebSocketServer } from '../../src/index.ts'
import { listenWith } from '../support/attached-server.ts'
import { makeCertificate } from '../support/certificate.ts'
import { CONNECT } from '../support/http2-client.ts'
import { echo } from '../support/running-server.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('attached protocols')

const offers = [
  'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA',
  'Connection: Upgrade\r\nUpgrade: TLS/1.2',
  'Upgrade: foo/2\r\nConnection: keep-alive, upgrade',
]

/**
 * Checks the body of every response on one connection, for requests that offer other protocols, with and without a
 * body.
 */
async function exchange(open: () => Duplex): Promise<void> {
  for (const offer of offers) {
    const socket = open()
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1')
    })
    const until = async (text: string): Promise<void> => {
      while (!received.includes(text)) await new Promise((resolve) => socket.once('data', resolve))
    }
    socket.write(`GET /get HTTP/1.1\r\nHost: a\r\n${offer}\r\n\r\n`)
    await until('GET /get 0 bytes')
    socket.write(`POST /post HTTP/1.1\r\nHost: a\r\n${offer}\r\nContent-Length: 100000\r\n\r\n${'x'.repeat(50_000)}`)
    socket.write('y'.repeat(50_000))
    await until('POST /post 100000 bytes')
    socket.write(
      `POST /chunked HTTP/1.1\r\nHost: a\r\n${offer}\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n`,
    )
    await until('POST /chunked 3 bytes')
    assert.not.match(received, /HTTP\/1\.1 (?!200)/)
    socket.destroy()
  }
}

async function answerSize(
  request: AsyncIterable<Buffer> & { method?: string; url?: string },
  response: { end(text: string): unknown },
) {
  let size = 0
  for await (const chunk of request) size += chunk.length
  response.end(`${request.method} ${request.url} ${size} bytes\n`)
}

test('S-48: handles requests that offer another protocol as ordinary ones, bodies included', async (t) => {
  const own = new WebSocketServer()
  own.onRequest = answerSize
  t.after(() => own.close())
  const ownPort = ((await own.listen(0)) as AddressInfo).port
  const attached = createHttpServer(answerSize)
  const server = new WebSocketServer()
  server.attach(attached)
  const app = createHttpServer(answerSize)
  const middleware = new WebSocketMiddleware(app)
  const shared = createHttpServer(answerSize)
  shared.on('upgrade', () => {})
  const sharing = createServer({ urls: {} })
  sharing.attach(shared)
  const ports = [ownPort]
  for (const [http, owner] of [
    [attached, server],
    [app, middleware.server],
    [shared, sharing],
  ] as const) {
    ports.push(await listenWith(t, http, [owner]))
  }
  for (const port of ports) await exchange(() => connect(port, '127.0.0.1'))
})

test('S-48: does the same over TLS', async (t) => {
  const { key, cert } = makeCertificate()
  const https = createHttpsServer({ key, cert }, answerSize)
  const server = new WebSocketServer()
  server.attach(https)
  const port = await listenWith(t, https, [server])
  await exchange(() => tlsConnect({ port, host: '127.0.0.1', rejectUnauthorized: false }))
})

test('serves an http2 server: extended CONNECT, with allowHTTP1 HTTP/1.1, and 405 for CONNECT', async (t) => {
  const { key, cert } = makeCertificate()
  const http2 = createSecureServer({ key, cert, allowHTTP1: true }, (_, response) => void response.end('page'))
  const server = new WebSocketServer()
  server.onConnection = echo
  server.attach(http2)
  await new Promise<void>((resolve) => http2.listen(0, '127.0.0.1', resolve))
  const { port } = http2.address() as AddressInfo
  const session = http2Connect(`https://127.0.0.1:${port}`, { rejectUnauthorized: false })
  t.after(async () => {
    session.destroy()
    await server.close()
    await new Promise((resolve) => http2.close(resolve))
  })
  await new Promise((resolve) => session.once('remoteSettings', resolve))
  const requests: [fields: Record<string, string>, status: number][] = [
    [{ ':method': 'CONNECT', ':authority': 'example.com:443' }, 405],
    [CONNECT, 200],
  ]
  for (const [fields, expected] of requests) {
    const stream = session.request(fields)
    const status = await new Promise((resolve) => stream.on('response', (headers) => resolve(headers[':status'])))
    assert.is(status, expected)
    stream.destroy()
  }
  await exchangeOverTls(port)
})

async function exchangeOverTls(port: number): Promise<void> {
  const client = new WsClient(`wss://127.0.0.1:${port}/`, { rejectUnauthorized: false })
  const reply = new Promise((resolve, reject) => client.on('message', resolve).on('error', reject))
  client.on('open', () => client.send('hi'))
  assert.is(String(await reply), 'hi')
  client.terminate()
}
