import { createServer } from '../../src/session/create-server.ts'
import { require_websocket } from '../../src/session/views.ts'
import { serve } from '../support/session-server.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'
import { hostOf, openWs } from '../support/ws-client.ts'

const test = suite('create server')

test('passes each connection to onConnection without urls', async (t) => {
  const server = createServer()
  t.after(() => server.close())
  server.onConnection = (connection) => {
    connection.onMessage = (message) => connection.send(message)
  }
  const client = await openWs(`ws://${hostOf(await server.listen())}/anything`)
  client.send('hi')
  assert.is(await client.next(), 'hi')
})

test('sessions have the queue marks of the server, or those of their view', async (t) => {
  const paused: string[] = []
  const makeView = (name: string, options = {}) =>
    require_websocket(async ({ websocket }) => {
      const { connection } = websocket
      const pause = connection.pause.bind(connection)
      connection.pause = () => {
        paused.push(`${name} ${websocket.count_messages()}`)
        pause()
      }
      while (!websocket.has_messages() || paused.length === 0) await new Promise((resolve) => setImmediate(resolve))
    }, options)
  const urls = {
    '/server': makeView('server'),
    '/view': makeView('view', { queueHighCount: 4 }),
    '/bytes': makeView('bytes', { queueHighBytes: 1000 }),
  }
  const { ws } = await serve(t, { urls, queueHighCount: 2 })
  for (const path of Object.keys(urls)) {
    const client = await openWs(`${ws}${path}`)
    for (let i = 0; i < 6; i++) client.send('x')
    await client.closed
  }
  for (const pause of ['server 2', 'view 4', 'bytes 2']) assert.ok(paused.includes(pause), paused.join())
})

test('aborts the draining of its sessions when it begins to stop', async (t) => {
  const view = require_websocket(async ({ websocket }) => {
    websocket.send('ready')
    await new Promise((resolve) => websocket.draining.addEventListener('abort', resolve))
    await websocket.send('last words')
  })
  const { ws, server } = await serve(t, { urls: { '/': view } })
  const client = await openWs(`${ws}/`)
  await client.next()
  await server.close()
  assert.is(await client.closed, '1001')
})

test('does not use onDraining itself: it is called once, and draining is aborted as well', async (t) => {
  const view = require_websocket(async ({ websocket }) => {
    await new Promise((resolve) => websocket.draining.addEventListener('abort', resolve))
    await websocket.send('last words')
  })
  const { ws, server } = await serve(t, { urls: { '/': view } })
  const reasons: unknown[] = []
  server.onDraining = (reason) => reasons.push(reason)
  const client = await openWs(`${ws}/`)
  await server.shutdown({ drain: 5_000 })
  assert.is(await client.next(), 'last words')
  assert.is(reasons.length, 1)
  assert.is(server.draining.reason, reasons[0])
})

test('refuses unknown options', async () => {
  for (const options of [{ maxMesageSize: 1 }, { urls: {}, queueHighCout: 1 }, { origins: [], orgins: [] }]) {
    assert.instance(await thrownBy(() => createServer(options as never)), TypeError)
  }
  assert.match((await thrownBy(() => createServer({ ping: 1 } as never))).message, /^option ping is unknown; allowed: /)
})

test('throws for options out of their range', async () => {
  assert.instance(await thrownBy(() => createServer({ urls: {}, queueHighCount: 0 })), RangeError)
  assert.instance(await thrownBy(() => createServer({ maxMessageSize: -1 })), RangeError)
  assert.instance(await thrownBy(() => createServer({ urls: { chat: () => {} } })), TypeError)
})
