import { createServer } from 'node:net'
import { openConnection } from '../../../bench/load/connection.ts'
import { prepareHandshake } from '../../../bench/scenarios/handshake.ts'
import { prepareIdle } from '../../../bench/scenarios/idle.ts'
import { startServer } from '../../conformance/broken/server.ts'
import { assert, suite, type TestContext, thrownBy } from '../../support/unit.ts'
import { echo, makeOrder, startFakeServer } from '../support/fake-server.ts'

const test = suite('bench scenario handshake')

/** Starts a server that responds to a request with these bytes. */
function startSpeaker(t: TestContext, answer: string): Promise<number> {
  const server = createServer((socket) => socket.on('error', () => {}).once('data', () => socket.end(answer)))
  t.after(() => server.close())
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
}

test('counts openings that were closed on both sides', async (t) => {
  const port = await startFakeServer(t, echo)
  const load = await prepareHandshake(makeOrder(port, { scenario: 'handshake', connections: 4 }))
  const { count, latency } = await load.run()
  assert.ok(count >= 4)
  assert.ok(latency!['50'] > 0)
  await load.finish()
})

test('makes one handshake for each connection when the time is over before the first', async (t) => {
  const port = await startFakeServer(t, echo)
  const order = { ...makeOrder(port, { scenario: 'handshake', connections: 4 }), warmupMs: 0, durationMs: 0 }
  const load = await prepareHandshake(order)
  assert.is((await load.run()).count, 4)
  await load.finish()
})

test('fails when the server rejects the handshake', async (t) => {
  const port = await startSpeaker(t, 'HTTP/1.1 503 Service Unavailable\r\n\r\n')
  const order = makeOrder(port, { scenario: 'handshake' })
  assert.match((await thrownBy(() => prepareHandshake(order))).message, /503 Service Unavailable”, expected 101/)
})

test('reads interim responses before the 101', async (t) => {
  const server = await startServer({ defects: new Set(['sends-early-hints'] as const) })
  t.after(() => server.close())
  const port = Number(new URL(server.url).port)
  const order = makeOrder(port, { scenario: 'handshake', connections: 1 })
  const load = await prepareHandshake({ ...order, warmupMs: 0, durationMs: 0 })
  assert.is((await load.run()).count, 1)
  await load.finish()
  const connection = await openConnection(order.target)
  await connection.close()
})

test('fails when the accept key is wrong', async (t) => {
  const port = await startSpeaker(t, 'HTTP/1.1 101 Yes\r\nSec-WebSocket-Accept: 0000\r\n\r\n')
  const order = makeOrder(port, { scenario: 'handshake' })
  assert.match((await thrownBy(() => prepareHandshake(order))).message, /wrong Sec-WebSocket-Accept/)
})

test('opens the idle connections between two readings of the memory', async (t) => {
  const port = await startFakeServer(t, echo)
  const load = await prepareIdle(makeOrder(port, { scenario: 'idle', measure: 'memory', connections: 10 }))
  assert.is((await load.run()).count, 10)
  await load.finish()
})
