import { createServer as createHttpServer, type Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import express from 'express'
import { WebSocketServer as WsServer } from 'ws'
import { createServer, require_websocket, WebSocketMiddleware, WebSocketServer } from '../../src/index.ts'
import { listenWith } from '../support/attached-server.ts'
import { RawClient } from '../support/raw-client.ts'
import { assert, suite } from '../support/unit.ts'

const test = suite('attachment')

const echoView = require_websocket(async ({ websocket }) => {
  for await (const message of websocket) websocket.send(`view ${message}`)
})

/** Resolves to what a client gets at a path: the status of the response, and the echo of a message after 101. */
async function ask(port: number, path: string): Promise<string> {
  const client = await RawClient.open(port, { path })
  const status = client.head.slice(9, 12)
  if (status !== '101') {
    client.socket.destroy()
    return status
  }
  client.sendText('hi')
  await client.receive(1)
  client.socket.destroy()
  return `101 ${client.texts[0] ?? 'closed'}`
}

type Upgrader = (request: { url?: string }, socket: Duplex, head: Buffer) => void

/** Other packages with WebSockets on the same HTTP server, as applications combine them. */
const owners: Record<string, (http: Server) => void> = {
  'ws in noServer mode'(http) {
    const other = new WsServer({ noServer: true })
    other.on('connection', (ws) => ws.on('message', (data) => ws.send(`other ${data}`)))
    const upgrade: Upgrader = (request, socket, head) => {
      if (request.url === '/other')
        other.handleUpgrade(request as never, socket, head, (ws) => other.emit('connection', ws))
    }
    http.on('upgrade', upgrade)
  },
  'one that decides later, and ends what nobody has answered'(http) {
    const other = new WsServer({ noServer: true })
    other.on('connection', (ws) => ws.on('message', (data) => ws.send(`other ${data}`)))
    const upgrade: Upgrader = (request, socket, head) => {
      if (request.url === '/other') {
        setTimeout(() => other.handleUpgrade(request as never, socket, head, (ws) => other.emit('connection', ws)), 50)
      } else {
        setTimeout(() => {
          if (socket.writable && (socket as Socket).bytesWritten === 0) socket.end('HTTP/1.1 444 Not Ours\r\n\r\n')
        }, 200)
      }
    }
    http.on('upgrade', upgrade)
  },
  'another server of this package'(http) {
    const view = require_websocket(async ({ websocket }) => {
      for await (const message of websocket) websocket.send(`other ${message}`)
    })
    createServer({ urls: { '/other': view } }).attach(http)
  },
}

/** The ways to attach this package to the user's HTTP server; `/view` is the path of its view. */
const ways: Record<string, (http: Server, timeout: number) => WebSocketServer> = {
  attach(http, handshakeTimeout) {
    const server = createServer({ urls: { '/view': echoView, '/plain': () => 'page' }, handshakeTimeout })
    server.attach(http)
    return server
  },
  'attach with a view for all other paths'(http, handshakeTimeout) {
    const server = createServer({ urls: { '/view': echoView, '*': () => 'page' }, handshakeTimeout })
    server.attach(http)
    return server
  },
  middleware(http, handshakeTimeout) {
    return new WebSocketMiddleware(http, { handshakeTimeout }).server
  },
  'middleware that accepts all'(http, handshakeTimeout) {
    return new WebSocketMiddleware(http, { handshakeTimeout, WEBSOCKET_ACCEPT_ALL: true }).server
  },
}

function makeApp(): Server {
  const app = express()
  app.get('/view', echoView)
  app.get('/plain', (_request, response) => void response.send('page'))
  return createHttpServer(app)
}

for (const [owner, addOwner] of Object.entries(owners)) {
  test(`shares an HTTP server with ${owner}, in both orders`, async (t) => {
    for (const [way, addOurs] of Object.entries(ways)) {
      for (const isFirst of [true, false]) {
        const http = makeApp()
        if (!isFirst) addOwner(http)
        const server = addOurs(http, 150)
        if (isFirst) addOwner(http)
        const port = await listenWith(t, http, [server])
        const name = `${way}, ${isFirst ? 'ours' : 'theirs'} first`
        assert.is(await ask(port, '/view'), '101 view hi', name)
        assert.is(await ask(port, '/other'), '101 other hi', name)
        // No view has these paths: the other listener may respond, and this package does so after a time.
        for (const path of ['/plain', '/nobody'])
          assert.match(await ask(port, path), /^4(04|44|00)$/, `${name} ${path}`)
      }
    }
  })
}

test('answers at once when there is no other listener', async (t) => {
  for (const [way, addOurs] of Object.entries(ways)) {
    const http = makeApp()
    const port = await listenWith(t, http, [addOurs(http, 60_000)])
    assert.is(await ask(port, '/view'), '101 view hi', way)
    assert.match(await ask(port, '/nobody'), /^40[04]$/, way)
    assert.is(await ask(port, '/plain'), '400', way)
  }
})

test('with the middleware, sends the decision of the app at once, and leaves only requests without a view', async (t) => {
  const app = express()
  app.get('/status/:status', ({ params }, response) => {
    response.status(Number(params.status)).set('X-From', 'app').end('from the app')
  })
  app.get('/throws', () => {
    throw new Error('in the app')
  })
  // The other listener responds before the app, which has no view at this path.
  app.get('/late', (_request, response) => void setTimeout(() => response.status(403).end(), 30))
  for (const acceptsAll of [false, true]) {
    const http = createHttpServer(app.set('env', 'test'))
    const left: string[] = []
    http.on('upgrade', ({ url }, socket) => {
      const isOurs = url === '/late' || url === '/status/404' || url === '/status/200'
      if (!isOurs) return
      setTimeout(
        () => {
          left.push(url)
          socket.end('HTTP/1.1 444 Theirs\r\n\r\n')
        },
        url === '/late' ? 5 : 60,
      )
    })
    const { server } = new WebSocketMiddleware(http, { handshakeTimeout: 60_000, WEBSOCKET_ACCEPT_ALL: acceptsAll })
    const port = await listenWith(t, http, [server])
    for (const status of ['302', '400', '401', '403', '429', '500', '503']) {
      const client = await RawClient.open(port, { path: `/status/${status}` })
      assert.is(client.head.slice(9, 12), status)
      assert.match(client.head, /\r\nX-From: app\r\n/)
      client.socket.destroy()
    }
    assert.is(await ask(port, '/throws'), '500')
    for (const path of ['/late', '/status/404', '/status/200']) assert.is(await ask(port, path), '444', path)
    assert.equal(left, ['/late', '/status/404', '/status/200'])
  }
})

test('does not count a connection that another listener handles', async (t) => {
  const ways = ['attach', 'middleware'].flatMap((way) => Object.values(owners).map((addOwner) => ({ way, addOwner })))
  for (const { way, addOwner } of ways) {
    const http = makeApp()
    addOwner(http)
    const server =
      way === 'attach'
        ? createServer({ urls: { '/view': echoView }, maxConnections: 1 })
        : new WebSocketMiddleware(http, { maxConnections: 1 }).server
    if (way === 'attach') server.attach(http)
    const port = await listenWith(t, http, [server])
    const others = await Promise.all([1, 2, 3].map(() => RawClient.open(port, { path: '/other' })))
    for (const { head } of others) assert.match(head, /^HTTP\/1\.1 101 /)
    assert.is(await ask(port, '/view'), '101 view hi')
    for (const { socket } of others) socket.destroy()
  }
})

test('does not handle a request that user code leaves to another listener', async (t) => {
  const http = createHttpServer()
  const server = new WebSocketServer({ handshakeTimeout: 50 })
  server.onUpgrade = () => {}
  server.attach(http)
  http.on('upgrade', (request, socket) => {
    if (request.url !== '/other') return
    socket.on('end', () => socket.end())
    setImmediate(() => setImmediate(() => socket.resume().write('HTTP/1.1 101 Mine\r\n\r\n')))
  })
  const port = await listenWith(t, http, [server])
  const client = await RawClient.open(port, { path: '/other' })
  assert.match(client.head, /^HTTP\/1\.1 101 Mine\r\n/)
  // When a later request has timed out, so has the first one.
  const nobody = await RawClient.open(port)
  assert.match(nobody.head, /^HTTP\/1\.1 503 /)
  assert.equal([client.ended, client.body, server.stats().refused], [false, '', { 503: 1 }])
  client.socket.destroy()
})
