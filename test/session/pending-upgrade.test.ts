import type { ViewRequest, WebSocketRequest } from '../../src/session/view-request.ts'
import { require_websocket, type View } from '../../src/session/views.ts'
import { serve } from '../support/session-server.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { openWs, refusedWs } from '../support/ws-client.ts'

const test = suite('pending')

test('authorizes before the 101: nothing accepts, an answer refuses, async or not', async (t) => {
  const seen: string[] = []
  const authorize = async (request: ViewRequest) => {
    seen.push(`${request.params['room']} ${request.query.get('token')}`)
    if (request.query.get('token') !== 'secret')
      return { status: 401, headers: { 'WWW-Authenticate': 'Bearer' }, body: 'no' }
  }
  const view = require_websocket(() => {}, { authorize })
  const sync = require_websocket(() => {}, { authorize: () => ({ status: 403 }) })
  const { ws } = await serve(t, { urls: { '/room/:room': view, '/never': sync } })
  const answer = await refusedWs(`${ws}/room/red?token=wrong`)
  assert.is(answer.status, 401)
  assert.is(answer.body, 'no')
  assert.is(answer.headers['www-authenticate'], 'Bearer')
  assert.is(answer.headers.connection, 'close')
  assert.is(answer.ended, true)
  assert.is(await (await openWs(`${ws}/room/red?token=secret`)).closed, '1000')
  assert.equal(seen, ['red wrong', 'red secret'])
  assert.is((await refusedWs(`${ws}/never`)).status, 403)
})

test('responds with 500 and calls onError when authorize throws or returns an invalid value, and does not run the view', async (t) => {
  const urls: Record<string, View> = {}
  const failure = new Error('database')
  const view = () => assert.unreachable('the view ran')
  urls['/throws'] = require_websocket(view, {
    authorize: () => {
      throw failure
    },
  })
  urls['/rejects'] = require_websocket(view, { authorize: () => Promise.reject(failure) })
  for (const nonsense of [false, true, null, 'no', { status: 200 }]) {
    urls[`/${JSON.stringify(nonsense).replaceAll(/\W/g, '')}`] = require_websocket(view, {
      authorize: () => nonsense as never,
    })
  }
  const { ws, errors } = await serve(t, { urls })
  for (const path of Object.keys(urls)) {
    const answer = await refusedWs(`${ws}${path}`)
    assert.is(answer.status, 500, path)
    assert.is(answer.body, 'internal error')
  }
  assert.is(errors.length, 7)
  assert.is(errors[0], failure)
  assert.is(errors[1], failure)
})

test('calls the server’s authorize first and then the view’s', async (t) => {
  const asked: string[] = []
  const view = require_websocket(() => {}, {
    authorize: () => {
      asked.push('view')
      return { status: 418 }
    },
  })
  let refusal: { status: number } | undefined
  const authorize = () => {
    asked.push('server')
    return refusal
  }
  const { ws } = await serve(t, { urls: { '/': view, '/bare': require_websocket(() => {}) }, authorize })
  assert.is((await refusedWs(`${ws}/`)).status, 418)
  refusal = { status: 401 }
  assert.is((await refusedWs(`${ws}/`)).status, 401)
  assert.is((await refusedWs(`${ws}/bare`)).status, 401)
  assert.equal(asked, ['server', 'view', 'server', 'server'])
})

test('runs no view for a peer that disconnected while it was authorized', async (t) => {
  let decide = () => {}
  let asked = () => {}
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve
  })
  const view = require_websocket(() => assert.unreachable('the view ran'), {
    authorize: (request) => {
      asked()
      return new Promise<undefined>((resolve) => {
        decide = () => resolve(undefined)
        request.socket.once('close', () => setImmediate(decide))
      })
    },
  })
  const { ws, errors, server } = await serve(t, { urls: { '/': view } })
  const refused = openWs(`${ws}/`, [], { handshakeTimeout: 30_000 })
  refused.catch(() => {})
  await isAsked
  const closing = server.close()
  await thrownBy(() => refused)
  decide()
  await closing
  assert.equal(errors, [])
})

test('accepts the own origin and requests without origin, and other origins only when they are listed', async (t) => {
  const urls = {
    '/own': require_websocket(() => {}),
    '/listed': require_websocket(() => {}, { origins: ['https://friend.example'] }),
    '/any': require_websocket(() => {}, { origins: '*' }),
  }
  const { ws, http } = await serve(t, { urls })
  const open = async (path: string, origin?: string) => (await openWs(`${ws}${path}`, [], { origin })).closed
  assert.is(await open('/own'), '1000')
  assert.is(await open('/own', http), '1000')
  assert.is(await open('/listed', 'https://friend.example'), '1000')
  assert.is(await open('/listed', http), '1000')
  assert.is(await open('/any', 'https://evil.example'), '1000')
  const answer = await refusedWs(`${ws}/own`, { origin: 'https://evil.example' })
  assert.is(answer.status, 403)
  assert.match(answer.body, 'https://evil.example')
  assert.match(answer.body, 'option origins')
  assert.is((await refusedWs(`${ws}/listed`, { origin: 'https://friend.example.evil.example' })).status, 403)
})

test('uses the server’s origins and subprotocols when the view has none', async (t) => {
  const urls = {
    '/server': require_websocket(() => {}),
    '/view': require_websocket(() => {}, { origins: [], subprotocols: ['own'] }),
  }
  const { ws } = await serve(t, { urls, origins: ['https://friend.example'], subprotocols: ['all'] })
  const options = { origin: 'https://friend.example' }
  assert.is((await openWs(`${ws}/server`, ['own', 'all'], options)).protocol, 'all')
  assert.is((await refusedWs(`${ws}/view`, options)).status, 403)
  assert.is((await openWs(`${ws}/view`, ['all', 'own'])).protocol, 'own')
})

test('selects the subprotocol of the view that the client prefers, and none that the view does not list', async (t) => {
  const view = require_websocket(({ websocket }) => websocket.send(websocket.subprotocol), {
    subprotocols: ['chat.v1', 'chat.v2'],
  })
  const { ws } = await serve(t, { urls: { '/': view, '/none': require_websocket(() => {}) } })
  const client = await openWs(`${ws}/`, ['other', 'chat.v2', 'chat.v1'])
  assert.is(client.protocol, 'chat.v2')
  assert.is(await client.next(), 'chat.v2')
  const error = await thrownBy(() => openWs(`${ws}/none`, ['chat.v1']))
  assert.match(error.message, 'Server sent no subprotocol')
})

test('prefers the limits of a view to those of the server', async (t) => {
  const view = require_websocket(({ websocket }) => websocket.wait(), { maxMessageSize: 10 })
  const { ws } = await serve(t, { urls: { '/': view, '/server': require_websocket((r) => r.websocket.wait()) } })
  const client = await openWs(`${ws}/`)
  client.send('x'.repeat(11))
  assert.match(await client.closed, /^1009/)
  const other = await openWs(`${ws}/server`)
  other.send('x'.repeat(11))
  assert.is(await other.closed, '1000')
})

test('answers heartbeats for a view with the option, and for all views when the server has it', async (t) => {
  const echo = async ({ websocket }: WebSocketRequest) => {
    for await (const message of websocket) websocket.send(`view: ${message}`)
  }
  const on = await serve(t, {
    urls: { '/on': require_websocket(echo, { heartbeat: true }), '/off': require_websocket(echo) },
  })
  const all = await serve(t, { urls: { '/on': require_websocket(echo) }, heartbeat: true })
  const answerTo = async (url: string) => {
    const client = await openWs(url)
    client.send('ping')
    return client.next()
  }
  assert.is(await answerTo(`${on.ws}/on`), 'pong')
  assert.is(await answerTo(`${on.ws}/off`), 'view: ping')
  assert.is(await answerTo(`${all.ws}/on`), 'pong')
})
