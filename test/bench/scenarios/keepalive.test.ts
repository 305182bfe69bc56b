import { prepareKeepalive } from '../../../bench/scenarios/keepalive.ts'
import { createServer } from '../../../src/index.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'
import { echo, makeOrder, startFakeServer } from '../support/fake-server.ts'

const test = suite('bench scenario keepalive')

test('answers the pings of a server and counts them', async (t) => {
  const server = createServer({ pingInterval: 10, pingTimeout: 10_000 })
  t.after(() => server.close())
  const { port } = (await server.listen(0, '127.0.0.1')) as { port: number }
  const load = await prepareKeepalive(makeOrder(port, { scenario: 'keepalive', connections: 2, durationMs: 3_000 }))
  const { count, seconds } = await load.run()
  assert.ok(count >= 2, `${count} pings`)
  assert.ok(seconds >= 2.9, `${seconds} s`)
  assert.is(server.connections.size, 2, 'a ping that is not answered ends the connection')
  await load.finish()
})

test('fails when the server sends no ping, or closes', async (t) => {
  const port = await startFakeServer(t, echo)
  const load = await prepareKeepalive(makeOrder(port, { scenario: 'keepalive', connections: 1 }))
  assert.match((await thrownBy(() => load.run())).message, /sent no ping/)
  await load.finish()
})
