import { connect } from 'node:net'
import express from 'express'
import { serveApp } from '../support/session-server.ts'
import { assert, suite } from '../support/unit.ts'
import { refusedWs } from '../support/ws-client.ts'

const test = suite('app response')

test('sends a redirect of the chain', async (t) => {
  const app = express()
  app.get('/', (_request, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' })
    response.redirect('/login')
  })
  const { ws } = await serveApp(t, app)
  const answer = await refusedWs(`${ws}/`)
  assert.equal([answer.status, answer.headers.location], [302, '/login'])
})

test('sends a large answer whole', async (t) => {
  const app = express()
  app.use((_request, response) => {
    response.status(403).send('x'.repeat(3_000_000))
  })
  const { ws } = await serveApp(t, app)
  assert.is((await refusedWs(`${ws}/`)).body.length, 3_000_000)
})

test('notifies the app when the peer disconnects before the response is sent', async (t) => {
  let closed = () => {}
  const isClosed = new Promise<void>((resolve) => {
    closed = resolve
  })
  const { host } = await serveApp(t, (_request, response) => {
    response.once('close', closed)
    socket.once('close', () => response.writeHead(403).end('x'.repeat(3_000_000)))
    socket.resetAndDestroy()
  })
  const [hostname, port] = host.split(':')
  const socket = connect(Number(port), hostname, () => {
    socket.write(
      `GET / HTTP/1.1\r\nHost: ${host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
        'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
    )
  })
  await isClosed
})

test('answers 503 to upgrades that the app has not decided on when the server closes', async (t) => {
  let reached = () => {}
  const isReached = new Promise<void>((resolve) => {
    reached = resolve
  })
  let answer = () => {}
  const { ws, middleware } = await serveApp(t, (_request, response) => {
    answer = () => response.writeHead(404).end('too late')
    reached()
  })
  const refused = refusedWs(`${ws}/`)
  await isReached
  await middleware.server.close()
  answer()
  const { status, headers } = await refused
  assert.is(status, 503)
  assert.is(headers['retry-after'], '1')
})
