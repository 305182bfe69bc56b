import type { RequestListener } from 'node:http'
import { connect } from 'node:net'
import { pipeline, Readable } from 'node:stream'
import express from 'express'
import type { WebSocket } from '../../src/session/websocket.ts'
import { RawClient } from '../support/raw-client.ts'
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

test('ends the connection when the app destroys the response or its body fails', async (t) => {
  const failing = (parts: string[]): Readable => Readable.from(body(parts))
  async function* body(parts: string[]) {
    yield* parts
    throw new Error('in the source')
  }
  const apps: Record<string, RequestListener> = {
    'destroy()': (_request, response) => response.destroy(),
    'destroy(error)': (_request, response) => response.destroy(new Error('of the app')),
    'a body that fails at once': (_request, response) => pipeline(failing([]), response, () => {}),
    'a body that fails later': (_request, response) => pipeline(failing(['a', 'b']), response.writeHead(403), () => {}),
  }
  for (const [name, app] of Object.entries(apps)) {
    for (const WEBSOCKET_ACCEPT_ALL of [false, true]) {
      const { host } = await serveApp(t, app, { WEBSOCKET_ACCEPT_ALL })
      const client = await RawClient.open(Number(host.split(':')[1]))
      await client.until(() => client.closed)
      assert.match(client.head, name.endsWith('later') ? /^HTTP\/1\.1 403 / : /^$/, name)
    }
  }
})

test('closes the session of a handler that is not decorated with 1011 when it destroys the response', async (t) => {
  const { host } = await serveApp(
    t,
    (request, response) => {
      ;(request as unknown as { websocket: WebSocket }).websocket.send('x')
      response.destroy(new Error('of the app'))
    },
    { WEBSOCKET_ACCEPT_ALL: true },
  )
  const client = await RawClient.open(Number(host.split(':')[1]))
  await client.until(() => client.closeCode !== null)
  assert.equal([client.texts, client.closeCode], [['x'], 1011])
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
