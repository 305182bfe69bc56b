import { get } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Connection } from '../../src/connection/connection.ts'
import { type CloseInfo, type ServerOptions, WebSocketServer } from '../../src/index.ts'
import { readShutdownOptions, type ShutdownOptions } from '../../src/server/shutdown.ts'
import { block } from '../support/blocked-loop.ts'
import { stopClock } from '../support/clock.ts'
import { RawClient } from '../support/raw-client.ts'
import { turns, until } from '../support/tick.ts'
import { assert, suite, type TestContext, thrownBy } from '../support/unit.ts'
import { closeFrame, frame } from '../support/wire.ts'

const test = suite('shutdown')

async function run(t: TestContext, options: ServerOptions = {}) {
  const server = new WebSocketServer(options)
  const connections: Connection[] = []
  server.onConnection = (connection) => void connections.push(connection)
  const { port } = (await server.listen(0)) as AddressInfo
  t.after(async () => {
    for (const connection of server.connections) connection.terminate()
    await server.close()
  })
  return { server, port, connections }
}

/** Opens a client that answers a Close frame. */
async function polite(port: number): Promise<RawClient> {
  const client = await RawClient.open(port)
  void client
    .until(() => client.closeCode !== null)
    .then(() => {
      client.send(closeFrame(client.closeCode!))
      client.socket.end()
    })
  return client
}

test('closes with 1001 by default and counts how the connections ended', async (t) => {
  const { server, port } = await run(t)
  const clients = [await polite(port), await polite(port), await RawClient.open(port), await RawClient.open(port)]
  void clients[2].until(() => clients[2].closeCode !== null).then(() => clients[2].socket.destroy())
  const result = await server.shutdown({ deadline: 3_000 })
  assert.equal(result, { clean: 2, unclean: 1, cut: 1 })
  assert.equal(
    clients.map(({ closeCode }) => closeCode),
    [1001, 1001, 1001, 1001],
  )
  assert.is(server.connections.size, 0)
})

test('does not cut a peer whose answer arrived while the event loop was blocked', async (t) => {
  const { server, port, connections } = await run(t)
  const client = await polite(port)
  await until(() => connections.length === 1)
  const stopped = server.shutdown({ deadline: 500 })
  await client.until(() => client.closeCode !== null)
  block(800)
  assert.equal(await stopped, { clean: 1, unclean: 0, cut: 0 })
})

test('sends the code and reason of its options', async (t) => {
  const { server, port, connections } = await run(t)
  const client = await polite(port)
  const closed = new Promise<CloseInfo>((resolve) => {
    connections[0].onClose = resolve
  })
  await server.shutdown({ code: 1012, reason: 'back soon' })
  assert.is(client.closeCode, 1012)
  assert.is(client.frames[0].payload.toString('utf8', 2), 'back soon')
  assert.is((await closed).initiator, 'local')
})

test('connections continue for `drain`, and then the remaining ones are closed', async (t) => {
  const { server, port, connections } = await run(t)
  const early = await polite(port)
  const late = await polite(port)
  for (const connection of connections) connection.onMessage = (data) => void connection.send(data)
  let drained = 0
  server.onDraining = () => drained++
  const begin = performance.now()
  const stopped = server.shutdown({ drain: 2_000 })
  assert.is(drained, 1)
  early.sendText('still here')
  await early.receive(1)
  assert.equal(early.texts, ['still here'])
  assert.is(early.closeCode, null)
  early.send(closeFrame(1000))
  assert.equal(await stopped, { clean: 2, unclean: 0, cut: 0 })
  assert.is(early.closeCode, 1000)
  assert.is(late.closeCode, 1001)
  assert.ok(performance.now() - begin >= 1_999)
})

test('spreads the Close frames over `jitter`', async (t) => {
  const { server, port } = await run(t)
  const clients = await Promise.all(Array.from({ length: 20 }, () => polite(port)))
  const clock = stopClock(t)
  const stopped = server.shutdown({ jitter: 500 })
  const closed: number[] = []
  for (let time = 0; time < 500; time += 100) {
    clock.tick(100)
    await turns()
    closed.push(clients.filter(({ closeCode }) => closeCode !== null).length)
  }
  assert.is((await stopped).clean, 20)
  // Twenty random times within 500 ms are all in the first or all in the last 100 ms once in 10^14 runs.
  assert.ok(closed[0] < 20 && closed[3] > 0, `${closed}`)
  assert.is(closed[4], 20)
})

test('ends at once without connections, and otherwise when the last one closes', async (t) => {
  const nobody = await run(t)
  assert.equal(await nobody.server.shutdown({ drain: 60_000 }), { clean: 0, unclean: 0, cut: 0 })
  const { server, port } = await run(t)
  const client = await RawClient.open(port)
  const stopped = server.shutdown({ drain: 60_000, jitter: 60_000 })
  client.socket.destroy()
  assert.equal(await stopped, { clean: 0, unclean: 1, cut: 0 })
})

test('loses nothing that send has accepted when the peer reads late', async (t) => {
  const { server, port, connections } = await run(t, { maxBufferedAmount: 100_000_000 })
  const client = await polite(port)
  client.socket.pause()
  const chunk = Buffer.alloc(1_000_000, 7)
  for (let i = 0; i < 12; i++) connections[0].send(chunk)
  connections[0].send('the last word')
  assert.ok(connections[0].bufferedAmount > 1_000_000)
  const stopped = server.shutdown({ deadline: 20_000 })
  await until(() => connections[0].state === 'closing')
  client.socket.resume()
  assert.equal(await stopped, { clean: 1, unclean: 0, cut: 0 })
  assert.is(client.frames.length, 14)
  assert.ok(client.frames.slice(0, 12).every(({ payload }) => payload.equals(chunk)))
  assert.is(client.frames[12].payload.toString(), 'the last word')
  assert.is(client.frames[13].opcode, 8)
})

test('refuses new connections with 503 during the shutdown', async (t) => {
  const { server, port } = await run(t)
  const client = await RawClient.open(port)
  const http = RawClient.connect(port)
  await new Promise((resolve) => http.socket.once('connect', resolve))
  const stopped = server.shutdown({ drain: 500 })
  http.socket.write('GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n')
  http.socket.write('Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n')
  await http.until(() => http.closed)
  // Node closes an idle connection by itself. The request was then not sent.
  assert.match(http.head, /^(HTTP\/1\.1 503 |$)/)
  client.send(frame(8))
  await stopped
  client.socket.destroy()
})

test('waits for plain HTTP requests until the deadline, not longer', async (t) => {
  const { server, port } = await run(t)
  const isAsked = new Promise<void>((resolve) => {
    server.onRequest = () => resolve()
  })
  const asked = new Promise<string>((resolve) => {
    const request = get({ port, host: '127.0.0.1', agent: false }, () => resolve('answered'))
    request.on('error', (error: Error & { code?: string }) => resolve(error.code!))
  })
  await isAsked
  await server.shutdown({ deadline: 200 })
  assert.is(await asked, 'ECONNRESET')
})

test('rejects options that are not allowed, and the server continues', async (t) => {
  const { server, port } = await run(t)
  for (const options of [{ code: 1005 }, { drain: -1 }, { jitter: Number.NaN }]) {
    assert.instance(await thrownBy(() => server.shutdown({ drain: 1, ...options })), RangeError)
  }
  for (const options of [{ reason: 5 as never }, { deadline: '1' as never }, { dealine: 1 } as never]) {
    assert.instance(await thrownBy(() => server.shutdown(options)), TypeError)
  }
  const client = await RawClient.open(port)
  assert.match(client.head, /101/)
  client.socket.destroy()
})

test('has a deadline of 10 s after drain and jitter by default, and the longest timer for Infinity', () => {
  const deadlineOf = (options: ShutdownOptions): number => readShutdownOptions(options).deadline
  assert.is(deadlineOf({}), 10_000)
  assert.is(deadlineOf({ drain: 1_000, jitter: 500 }), 11_500)
  assert.is(deadlineOf({ deadline: 5 }), 5)
  assert.is(deadlineOf({ deadline: Number.POSITIVE_INFINITY }), 2 ** 31 - 1)
  assert.is(deadlineOf({ deadline: Number.POSITIVE_INFINITY, drain: 0 }), 2 ** 31 - 1)
})
