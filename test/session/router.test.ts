import { connect } from 'node:net'
import { accept_websocket, require_websocket, type View } from '../../src/session/views.ts'
import { serve } from '../support/session-server.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { fetchPlain, openWs, refusedWs } from '../support/ws-client.ts'

const test = suite('router')

/** Sends raw bytes. Resolves to everything that arrives until the server ends the connection. */
function exchange(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    let text = ''
    const socket = connect(Number(port), hostname, () => socket.write(bytes, 'latin1'))
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk
    })
    socket.on('end', () => {
      socket.end()
      resolve(text)
    })
    socket.on('error', reject)
  })
}

const upgradeFields =
  'Host: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'

test('brings both kinds of request to the same view, with its parameters and query', async (t) => {
  const view = accept_websocket((request) => {
    const found = `${request.params['room']} ${request.query.get('a')}`
    if (request.is_websocket()) request.websocket.send(found)
    else return found
  })
  const { ws, http } = await serve(t, { urls: { '/chat/:room': view } })
  assert.is((await fetchPlain(`${http}/chat/a%20b?a=1`)).body, 'a b 1')
  const client = await openWs(`${ws}/chat/caf%C3%A9?a=%26`)
  assert.is(await client.next(), 'café &')
})

test('types the request of a view that is written into the table', async (t) => {
  const urls = { '/:a': accept_websocket((request) => request.params['a']) }
  const { http } = await serve(t, { urls: { ...urls, '/': (request) => request.query.get('a') ?? '' } })
  assert.is((await fetchPlain(`${http}/?a=1`)).body, '1')
  assert.is((await fetchPlain(`${http}/2`)).body, '2')
})

test('refuses a WebSocket request to a view that was not decorated', async (t) => {
  const { ws } = await serve(t, { urls: { '/': () => assert.unreachable('the view ran') } })
  const answer = await refusedWs(`${ws}/`)
  assert.is(answer.status, 400)
  assert.match(answer.body, 'neither accept_websocket nor require_websocket')
  assert.is(answer.headers.connection, 'close')
  assert.is(answer.ended, true)
})

test('accepts for every view with WEBSOCKET_ACCEPT_ALL, and does not change decorated ones', async (t) => {
  const bare: View = async (request) => {
    if (!request.is_websocket()) return 'plain'
    request.websocket.send(String(await request.websocket.wait()))
  }
  const urls = { '/bare': bare, '/required': require_websocket(() => {}) }
  const { ws, http } = await serve(t, { urls, WEBSOCKET_ACCEPT_ALL: true })
  const client = await openWs(`${ws}/bare`)
  client.send('hi')
  assert.equal([await client.next(), await client.closed], ['hi', '1000'])
  assert.is((await fetchPlain(`${http}/bare`)).body, 'plain')
  assert.is((await fetchPlain(`${http}/required`)).status, 400)
})

test('answers 404 where there is nothing and 400 for a malformed escape, to both kinds of request', async (t) => {
  const { ws, http } = await serve(t, { urls: { '/x/:a': accept_websocket(() => 'x') } })
  assert.is((await fetchPlain(`${http}/y`)).status, 404)
  assert.is((await fetchPlain(`${http}/`, { path: '/x/%ff' })).status, 400)
  assert.is((await fetchPlain(`${http}/`, { path: '*', method: 'OPTIONS' })).status, 400)
  assert.is((await refusedWs(`${ws}/y`)).status, 404)
  assert.is((await refusedWs(`${ws}/x/%ff`)).status, 400)
  assert.is((await fetchPlain(`${http}/x/`)).status, 404)
  assert.is((await fetchPlain(`${http}/x/1`)).body, 'x')
})

test('accepts a target in absolute form', async (t) => {
  const { ws, http } = await serve(t, { urls: { '/x/:a': accept_websocket((request) => request.params['a']) } })
  assert.is((await fetchPlain(`${http}/`, { path: 'http://host/x/1?b' })).body, '1')
  const closeFrame = '\x88\x82\x00\x00\x00\x00\x03\xe8'
  const answer = await exchange(ws, `GET ws://host/x/1 HTTP/1.1\r\n${upgradeFields}${closeFrame}`)
  assert.match(answer, /^HTTP\/1\.1 101 /)
})

test('never reads bytes after a refused upgrade as a request', async (t) => {
  const { ws } = await serve(t, { urls: { '/': () => assert.unreachable('the view ran') } })
  const answer = await exchange(ws, `GET / HTTP/1.1\r\n${upgradeFields}GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n`)
  assert.match(answer, /^HTTP\/1\.1 400 /)
  assert.is(answer.split('HTTP/1.1').length, 2)
})

test('delivers a frame that came in the same packet as the request', async (t) => {
  const view = require_websocket(async ({ websocket }) => {
    websocket.send(`got ${await websocket.wait()}`)
  })
  const { ws } = await serve(t, { urls: { '/': view } })
  const frame = '\x81\x82\x00\x00\x00\x00hi'
  const { hostname, port } = new URL(ws)
  const answer = await new Promise<string>((resolve, reject) => {
    let text = ''
    const socket = connect(Number(port), hostname, () =>
      socket.write(Buffer.from(`GET / HTTP/1.1\r\n${upgradeFields}${frame}`, 'latin1')),
    )
    socket.setEncoding('latin1').on('data', (chunk) => {
      text += chunk
      if (text.includes('\x88\x02\x03\xe8')) socket.end(Buffer.from('\x88\x82\x00\x00\x00\x00\x03\xe8', 'latin1'))
    })
    socket.on('end', () => resolve(text))
    socket.on('error', reject)
  })
  assert.match(answer, '\x81\x06got hi')
})

test('a view may write to its response over WebSocket, without any effect', async (t) => {
  const view = accept_websocket((request, response) => {
    response.writeHead(200, { 'X-Lost': '1' }).end('lost')
    request.websocket?.send('found')
  })
  const { ws } = await serve(t, { urls: { '/': view } })
  const client = await openWs(`${ws}/`)
  assert.equal([await client.next(), await client.closed], ['found', '1000'])
})

test('refuses a table with a view that is not a function', async (t) => {
  const error = await thrownBy(() => serve(t, { urls: { '/': 'view' as never } }))
  assert.instance(error, TypeError)
  assert.is(error.message, "the view of / is 'view'; allowed: a function")
})
