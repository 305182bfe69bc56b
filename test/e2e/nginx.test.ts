import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import express from 'express'
import { type ClientOptions, WebSocket as WsSocket } from 'ws'
import { type MiddlewareOptions, Rooms, require_websocket } from '../../src/index.ts'
import { nginx, testWith } from '../support/need.ts'
import { startNginx } from '../support/nginx.ts'
import { serve, serveApp } from '../support/session-server.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { fetchPlain, openWs } from '../support/ws-client.ts'

const test = testWith(suite('behind nginx, as the documents have it'), nginx)

/** Creates an Express app with chat rooms. */
function makeChat(): express.Express {
  const app = express()
  const rooms = new Rooms()
  app.get('/', (_request, response) => {
    response.send('the page')
  })
  app.use('/chat/private', (_request, response) => {
    response.status(401).send('who are you?')
  })
  app.get(
    '/chat/:room/:name',
    require_websocket(async ({ websocket, params }) => {
      const room = rooms.room(params.room)
      await room.join(websocket, { as: params.name })
      room.broadcast(`${params.name} came`, { except: websocket })
      for await (const message of websocket) {
        room.broadcast(typeof message === 'string' ? `${params.name}: ${message}` : message)
      }
      room.broadcast(`${params.name} went`)
    }),
  )
  return app
}

async function startChat(t: TestContext, options: MiddlewareOptions = {}) {
  const app = await serveApp(t, makeChat(), options)
  const host = await startNginx(t, Number(new URL(app.http).port))
  return { ...app, host, ws: `ws://${host}`, http: `http://${host}` }
}

/** Resolves to the response that refuses a WebSocket request. The app ends its connection only to the proxy. */
async function refusal(url: string, options: ClientOptions = {}): Promise<{ status?: number; body: string }> {
  const socket = new WsSocket(url, options)
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
  let body = ''
  for await (const chunk of response.setEncoding('utf8')) body += chunk
  const closed = once(socket, 'error')
  socket.terminate()
  await closed
  return { status: response.statusCode, body }
}

test('echoes and closes cleanly', async (t) => {
  const echo = require_websocket(async ({ websocket }) => {
    for await (const message of websocket) await websocket.send(message)
  })
  const { http } = await serve(t, { urls: { '/echo': echo } })
  const host = await startNginx(t, Number(new URL(http).port))
  const client = await openWs(`ws://${host}/echo`)
  for (const message of ['hello', Buffer.alloc(70_000, 7)]) {
    client.send(message)
    assert.equal(await client.next(), message)
  }
  client.socket.close(3001)
  assert.is(await client.closed, '3001')
})

test('a chat room on Express works through the proxy: text, bytes, long and compressed messages', async (t) => {
  const { ws, http, errors } = await startChat(t, { deflate: true })
  assert.is((await fetchPlain(`${http}/`)).body, 'the page')
  const ada = await openWs(`${ws}/chat/tea/ada`)
  const bob = await openWs(`${ws}/chat/tea/bob`, [], { perMessageDeflate: true })
  assert.is(bob.socket.extensions, 'permessage-deflate')
  assert.is(await ada.next(), 'bob came')
  const eve = await openWs(`${ws}/chat/coffee/eve`)
  ada.send('Grüße 👋')
  for (const client of [ada, bob]) assert.is(await client.next(), 'ada: Grüße 👋')
  const long = 'long '.repeat(40_000)
  bob.send(long)
  for (const client of [ada, bob]) assert.is(await client.next(), `bob: ${long}`)
  const bytes = Buffer.from([0, 255, 128, 10, 13])
  bob.send(bytes)
  for (const client of [ada, bob]) assert.equal(await client.next(), bytes)
  bob.socket.close(1000)
  assert.is(await bob.closed, '1000')
  assert.is(await ada.next(), 'bob went')
  eve.send('alone')
  assert.is(await eve.next(), 'eve: alone')
  assert.equal(errors, [])
})

test('accepts a page of the proxy’s host, and rejects a foreign one', async (t) => {
  const { ws, host } = await startChat(t)
  for (const origin of [`http://${host}`, `https://${host}`]) {
    const client = await openWs(`${ws}/chat/tea/ada`, [], { origin })
    client.send('hi')
    assert.is(await client.next(), 'ada: hi', origin)
    client.socket.terminate()
  }
  const port = new URL(`http://${host}`).port
  for (const origin of ['http://evil.example', `http://127.0.0.1.evil.example:${port}`, 'http://127.0.0.1', 'null']) {
    const { status, body } = await refusal(`${ws}/chat/tea/ada`, { origin })
    assert.is(status, 403, origin)
    assert.match(body, `allowed: http://${host}`)
  }
})

test('a rejection by the application arrives as plain HTTP', async (t) => {
  const { ws, http } = await startChat(t)
  const { status, body } = await refusal(`${ws}/chat/private/ada`)
  assert.equal([status, body], [401, 'who are you?'])
  assert.is((await refusal(`${ws}/nothing`)).status, 404)
  assert.is((await fetchPlain(`${http}/chat/tea/ada`)).status, 400)
})

test('distinguishes clients behind a trusted proxy', async (t) => {
  const { ws } = await startChat(t, { trustedProxies: ['127.0.0.1'], maxConnectionsPerAddress: 1 })
  const first = await openWs(`${ws}/chat/tea/ada`, [], { localAddress: '127.0.0.2' })
  // What a client claims about itself is left of the address that the proxy has seen.
  const headers = { 'X-Forwarded-For': '10.0.0.1' }
  assert.is((await refusal(`${ws}/chat/tea/bob`, { localAddress: '127.0.0.2', headers })).status, 503)
  const other = await openWs(`${ws}/chat/tea/eve`, [], { localAddress: '127.0.0.3' })
  assert.is(await first.next(), 'eve came')
  other.socket.terminate()
})

test('a server that stops notifies the clients behind the proxy', async (t) => {
  const { ws, middleware } = await startChat(t)
  const client = await openWs(`${ws}/chat/tea/ada`)
  const result = await middleware.server.shutdown()
  assert.is(await client.closed, '1001')
  assert.is(result.clean, 1)
})
