import { prepareBroadcast } from '../../../bench/scenarios/broadcast.ts'
import { buildFrame } from '../../../bench/wire/frame.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'
import { type FakeRequest, makeOrder, startFakeServer } from '../support/fake-server.ts'

const test = suite('bench scenario broadcast')

function sendToAll({ frame, sockets }: FakeRequest): void {
  for (const socket of sockets) socket.write(buildFrame(frame.opcode, frame.payload))
}

test('waits until every member has every message of a burst', async (t) => {
  const port = await startFakeServer(t, sendToAll)
  const load = await prepareBroadcast(makeOrder(port, { scenario: 'broadcast', connections: 5, depth: 3 }))
  const { count } = await load.run()
  assert.ok(count >= 15)
  assert.is(count % 15, 0)
  await load.finish()
})

test('ignores members that never read', async (t) => {
  const port = await startFakeServer(t, sendToAll)
  const load = await prepareBroadcast(makeOrder(port, { scenario: 'broadcast', connections: 3, stalled: 2 }))
  assert.is((await load.run()).count % 3, 0)
  await load.finish()
})

test('fails when one member receives another message', async (t) => {
  const port = await startFakeServer(t, ({ frame, sockets }) => {
    for (const [index, socket] of [...sockets].entries()) {
      socket.write(buildFrame(frame.opcode, index === 2 ? Buffer.from('other') : frame.payload))
    }
  })
  const order = makeOrder(port, { scenario: 'broadcast', connections: 4 })
  assert.match((await thrownBy(() => prepareBroadcast(order))).message, /has 5 bytes, expected 128/)
})
