import { AsyncLocalStorage } from 'node:async_hooks'
import { channel } from 'node:diagnostics_channel'
import type { AddressInfo } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Connection, type ServerOptions, WebSocketServer } from '../../src/index.ts'
import { RawClient } from '../support/raw-client.ts'
import { turns, until } from '../support/tick.ts'
import { assert, suite, type TestContext } from '../support/unit.ts'
import { closeFrame, frame } from '../support/wire.ts'

/*
 * A connection is accepted in the AsyncLocalStorage store of its request. Its callbacks run in that store, whatever
 * causes them: its own bytes, a timer that all connections share, another connection, the server.
 */

const test = suite('context')

const storage = new AsyncLocalStorage<string>()

/** Starts a server that accepts each connection in the store of its path, and records the stores that callbacks see. */
async function serve(t: TestContext, options: ServerOptions = {}) {
  const server = new WebSocketServer(options)
  t.after(() => server.close())
  const log: string[] = []
  const connections = new Map<string, Connection>()
  server.onUpgrade = (upgrade) => {
    const path = upgrade.request.url!
    const accept = (): void => {
      const connection = upgrade.accept()
      connections.set(path, connection)
      const note = (callback: string): void => void log.push(`${path} ${callback}: ${storage.getStore()}`)
      connection.onMessage = (data) => note(`message ${String(data).slice(0, 10)}`)
      connection.onPong = () => note('pong')
      connection.onClose = ({ code }) => note(`close ${code}`)
    }
    if (path === '/none') accept()
    else storage.run(path, accept)
  }
  const { port } = (await server.listen(0)) as AddressInfo
  const open = async (path: string, behind: Buffer = Buffer.alloc(0)): Promise<RawClient> => {
    const client = await RawClient.open(port, { path, behind })
    t.after(() => client.socket.destroy())
    return client
  }
  return { server, log, open, connections }
}

test('what the peer sends is delivered in the store in which the connection was accepted', async (t) => {
  const { log, open } = await serve(t)
  const [a, b, none] = [await open('/a', frame(1, 'head')), await open('/b'), await open('/none')]
  for (const client of [b, none, a]) client.send(frame(1, 'one'), frame(10, ''))
  await until(() => log.length === 7)
  a.send(closeFrame(4000))
  b.socket.resetAndDestroy()
  none.socket.end()
  await until(() => log.length === 10)
  assert.equal(log.sort(), [
    '/a close 4000: /a',
    '/a message head: /a',
    '/a message one: /a',
    '/a pong: /a',
    '/b close 1006: /b',
    '/b message one: /b',
    '/b pong: /b',
    '/none close 1006: undefined',
    '/none message one: undefined',
    '/none pong: undefined',
  ])
})

const ends: Record<string, [ServerOptions, (connections: Map<string, Connection>) => void]> = {
  'the keepalive': [{ pingInterval: 60, pingTimeout: 60 }, () => {}],
  idleTimeout: [{ idleTimeout: 60, closeTimeout: 60 }, () => {}],
  maxLifetime: [{ maxLifetime: 60, closeTimeout: 60 }, () => {}],
  closeTimeout: [{ closeTimeout: 60 }, (connections) => closeAll(connections)],
  'a call from another store': [{}, (connections) => storage.run('caller', () => terminateAll(connections))],
  maxMemory: [
    // Far more than what earlier tests of this process still store, which counts for every server.
    { maxMemory: 10_000_000 },
    (connections) => {
      for (const connection of connections.values()) connection.queuedBytes = () => 100_000_000
      storage.run('sender', () => connections.get('/a')!.send('x'))
    },
  ],
}

function closeAll(connections: Map<string, Connection>): void {
  for (const connection of connections.values()) connection.close()
}

function terminateAll(connections: Map<string, Connection>): void {
  for (const connection of connections.values()) connection.terminate()
}

for (const [name, [options, end]] of Object.entries(ends)) {
  test(`a connection ended by ${name} is notified in its own store`, async (t) => {
    const { server, log, open, connections } = await serve(t, options)
    const stores: unknown[] = []
    const onChannel = (): void => void stores.push(storage.getStore())
    channel('dwebsocket:close').subscribe(onChannel)
    t.after(() => channel('dwebsocket:close').unsubscribe(onChannel))
    for (const path of ['/a', '/b', '/c']) await open(path)
    end(connections)
    // Accounts the memory of all connections.
    server.stats()
    await until(() => log.length === 3)
    for (const line of log) assert.match(line, /^(\/[abc]) close \d+: \1$/)
    assert.equal(stores.sort(), ['/a', '/b', '/c'])
  })
}

test('a connection without a store is not notified in that of another one', async (t) => {
  const { log, open } = await serve(t, { pingInterval: 60, pingTimeout: 60 })
  await open('/a')
  await open('/none')
  await until(() => log.length === 2)
  assert.equal(log.sort(), ['/a close 1006: /a', '/none close 1006: undefined'])
})

test('input that waited for a slow peer is delivered in its own AsyncLocalStorage store, whichever code wrote', async (t) => {
  const { log, open, connections } = await serve(t, { highWaterMark: 1024, maxBufferedAmount: 64 * 1024 * 1024 })
  const [a, b] = [await open('/a'), await open('/b')]
  b.socket.pause()
  storage.run('writer', () => {
    for (let i = 0; i < 32; i++) connections.get('/b')!.send(Buffer.alloc(1024 * 1024))
  })
  b.send(frame(1, 'waits'))
  a.send(frame(1, 'passes'))
  await until(() => log.length === 1)
  await turns()
  assert.equal(log, ['/a message passes: /a'])
  b.socket.resume()
  await until(() => log.length === 2)
  assert.is(log[1], '/b message waits: /b')
})

test('the store of a connection is not retained after it has closed', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const objects = new AsyncLocalStorage<object>()
  const server = new WebSocketServer()
  t.after(() => server.close())
  let store!: WeakRef<object>
  server.onUpgrade = (upgrade) => {
    const object = {}
    store = new WeakRef(object)
    objects.run(object, () => void upgrade.accept())
  }
  const { port } = (await server.listen(0)) as AddressInfo
  const client = await RawClient.open(port)
  collect()
  assert.not.type(store.deref(), 'undefined')
  client.socket.destroy()
  await until(() => server.connections.size === 0)
  await until(() => {
    collect()
    return store.deref() === undefined
  })
})
