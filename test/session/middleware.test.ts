import { createServer, type RequestListener } from 'node:http'
import express, { type NextFunction, type Request, type Response } from 'express'
import polka from 'polka'
import { WebSocketMiddleware } from '../../src/session/middleware.ts'
import type { SessionAware } from '../../src/session/view-request.ts'
import { accept_websocket, require_websocket } from '../../src/session/views.ts'
import { serveApp } from '../support/session-server.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { fetchPlain, openWs, refusedWs } from '../support/ws-client.ts'

const test = suite('middleware')

/** Adds the same site to an express app and to a polka app. */
function furnish<App extends { use(...args: never[]): unknown; get(...args: never[]): unknown }>(app: App): App {
  const use = app.use.bind(app) as unknown as (handler: (...args: [Request, Response, NextFunction]) => unknown) => void
  const get = app.get.bind(app) as unknown as (path: string, handler: RequestListener) => void
  use((request, response, next) => {
    if (request.headers.authorization !== undefined) return next()
    response.statusCode = 401
    response.setHeader('WWW-Authenticate', 'Basic')
    response.end('who are you?')
  })
  get(
    '/echo/:room',
    accept_websocket(async (request) => {
      if (!request.is_websocket()) return `plain ${request.params['room']}`
      for await (const message of request.websocket) request.websocket.send(`${request.params['room']}: ${message}`)
    }),
  )
  get(
    '/throws',
    require_websocket(() => {
      throw new Error('in the view')
    }),
  )
  get('/bare', (_request, response) => response.end('bare'))
  get('/broken', () => {
    throw new Error('in the handler')
  })
  return app
}

const apps: [string, () => RequestListener][] = [
  ['express', () => furnish(express())],
  ['polka', () => furnish(polka()).handler],
]

const options = { headers: { authorization: 'Basic x' } }

for (const [name, makeApp] of apps) {
  test(`${name}: a request through the chain becomes a session in a decorated view`, async (t) => {
    const { ws } = await serveApp(t, makeApp())
    const client = await openWs(`${ws}/echo/red`, [], options)
    for (const message of ['hi', '', 'x'.repeat(70_000)]) {
      client.send(message)
      assert.is(await client.next(), `red: ${message}`)
    }
    client.socket.close(4000)
    assert.is(await client.closed, '4000')
  })

  test(`${name}: a response of the chain is sent as plain HTTP and ends the connection`, async (t) => {
    const { ws } = await serveApp(t, makeApp())
    const unknown = await refusedWs(`${ws}/echo/red`)
    assert.is(unknown.status, 401)
    assert.is(unknown.body, 'who are you?')
    assert.is(unknown.headers['www-authenticate'], 'Basic')
    assert.is(unknown.headers.connection, 'close')
    assert.is(unknown.ended, true)
    const missing = await refusedWs(`${ws}/nothing`, options)
    assert.is(missing.status, 404)
    assert.is(missing.headers.connection, 'close')
    assert.is(missing.ended, true)
  })

  test(`${name}: a view that was not decorated gets 400 instead of its own answer`, async (t) => {
    const { ws } = await serveApp(t, makeApp())
    const answer = await refusedWs(`${ws}/bare`, options)
    assert.is(answer.status, 400)
    assert.match(answer.body, 'neither accept_websocket nor require_websocket')
    assert.is(answer.ended, true)
  })

  test(`${name}: a view that throws closes with 1011 and calls onError, but not the app`, async (t) => {
    const { ws, errors } = await serveApp(t, makeApp())
    assert.is(await (await openWs(`${ws}/throws`, [], options)).closed, '1011')
    assert.is((errors[0] as Error).message, 'in the view')
  })

  test(`${name}: a handler that throws gets a 500, and the process continues`, async (t) => {
    const { ws } = await serveApp(t, makeApp())
    const { error: print } = console
    console.error = () => {}
    t.after(() => {
      console.error = print
    })
    assert.is((await refusedWs(`${ws}/broken`, options)).status, 500)
    assert.is((await refusedWs(`${ws}/bare`, options)).status, 400)
  })
}

test('answers plain HTTP through the same app, with is_websocket and websocket on every request', async (t) => {
  const app = express()
  app.use((request, _response, next) => {
    const aware = request as Request & SessionAware
    request.headers['x-seen'] = `${aware.is_websocket()} ${aware.websocket}`
    next()
  })
  app.get('/bare', (request, response) => {
    response.end(request.headers['x-seen'])
  })
  app.get(
    '/view',
    accept_websocket((request) => {
      if (request.is_websocket()) request.websocket.send(String(request.headers['x-seen']))
      return request.query.get('a')!
    }),
  )
  app.get(
    '/required',
    require_websocket(() => {}),
  )
  const { ws, http } = await serveApp(t, app)
  assert.is((await fetchPlain(`${http}/bare`)).body, 'false null')
  assert.is((await fetchPlain(`${http}/view?a=1`)).body, '1')
  assert.is((await fetchPlain(`${http}/required`)).status, 400)
  assert.is(await (await openWs(`${ws}/view`)).next(), 'true null')
})

test('passes the error of a plain decorated view to the app', async (t) => {
  const app = express()
  app.get(
    '/',
    accept_websocket(async () => {
      throw new Error('in the view')
    }),
  )
  app.use((error: Error, _request: Request, response: Response, _next: NextFunction) => {
    response.status(503).send(error.message)
  })
  const { http, errors } = await serveApp(t, app)
  const { status, body } = await fetchPlain(`${http}/`)
  assert.equal([status, body], [503, 'in the view'])
  assert.equal(errors, [])
})

test('checks the handshake and the origin before a session begins', async (t) => {
  const app = express()
  app.get(
    '/',
    require_websocket(() => {}),
  )
  const { ws } = await serveApp(t, app)
  assert.is((await refusedWs(`${ws}/`, { origin: 'https://evil.example' })).status, 403)
  assert.is((await refusedWs(`${ws}/`, { protocolVersion: 8 })).status, 426)
})

/** A handler that was not decorated and uses `request.websocket`. */
type BareRequest = Request & SessionAware

test('WEBSOCKET_ACCEPT_ALL: a bare handler accepts by asking for the session', async (t) => {
  const app = express()
  app.get('/echo', async (request, response) => {
    const { websocket } = request as BareRequest
    if (websocket === null) return void response.end('plain')
    for await (const message of websocket) {
      if (message === 'end') return void response.end()
      if (message === 'fail') throw new Error('in the handler')
      websocket.send(message)
    }
  })
  app.get('/bare', (_request, response) => response.end('bare'))
  app.use((_error: Error, _request: Request, response: Response, _next: NextFunction) => response.status(500).end())
  const { ws, http } = await serveApp(t, app, { WEBSOCKET_ACCEPT_ALL: true, subprotocols: ['chat'] })
  const client = await openWs(`${ws}/echo`, ['chat'])
  client.send('hi')
  assert.is(await client.next(), 'hi')
  client.send('end')
  assert.is(await client.closed, '1000')
  const failing = await openWs(`${ws}/echo`, ['chat'])
  failing.send('fail')
  assert.is(await failing.closed, '1011')
  assert.is((await fetchPlain(`${http}/echo`)).body, 'plain')
  assert.is((await refusedWs(`${ws}/bare`)).status, 400)
})

test('WEBSOCKET_ACCEPT_ALL: calls authorize once, whether the view is decorated or not', async (t) => {
  let asked = 0
  const authorize = async (request: { url?: string }) => {
    asked += 1
    return request.url === '/never' ? { status: 401 } : undefined
  }
  const app = express()
  app.get(
    '/view',
    require_websocket(({ websocket }) => websocket.send('decorated')),
  )
  const { ws } = await serveApp(t, app, { WEBSOCKET_ACCEPT_ALL: true, authorize })
  assert.is(await (await openWs(`${ws}/view`)).next(), 'decorated')
  assert.is(asked, 1)
  assert.is((await refusedWs(`${ws}/never`)).status, 401)
})

test('throws for options out of their range', async () => {
  const error = await thrownBy(() => new WebSocketMiddleware(createServer(), { queueHighCount: 0 }))
  assert.instance(error, RangeError)
})
