import { ClusterBroker } from '../../../../src/room/broker/cluster/broker.ts'
import type { Gap } from '../../../../src/room/group.ts'
import { Rooms } from '../../../../src/room/rooms.ts'
import { Users } from '../../../../src/room/users.ts'
import { FakePrimary } from '../../../support/fake-cluster.ts'
import { FakePeer } from '../../../support/fake-session.ts'
import { endOfTick } from '../../../support/tick.ts'
import { assert, suite, thrownBy } from '../../../support/unit.ts'

const test = suite('cluster broker')

async function until(isSo: () => unknown): Promise<void> {
  while (!(await isSo())) await endOfTick()
}

test('rooms of two workers are one, and binary arrives byte for byte', async () => {
  const primary = new FakePrimary()
  const [here, there] = [primary.addWorker(), primary.addWorker()].map(({ broker }) =>
    new Rooms({ broker }).room('lobby'),
  )
  const [first, second] = [new FakePeer(), new FakePeer()]
  await here.join(first.session, { as: 'ann' })
  await there.join(second.session, { as: 'bob' })
  const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
  here.broadcast('Grüße 👋')
  here.broadcast(bytes)
  await until(() => second.received.length === 2)
  assert.equal([first.received, second.received], [['Grüße 👋', bytes], first.received])
  await until(async () => (await here.members()).count === 2)
  assert.equal((await here.members()).names, ['ann', 'bob'])
})

test('the presence of a worker ends when it dies', async () => {
  const primary = new FakePrimary()
  const [mortal, other] = [primary.addWorker(), primary.addWorker()]
  const users = new Users({ broker: other.broker })
  await new Users({ broker: mortal.broker }).add('ann', new FakePeer().session)
  await until(() => users.has('ann'))
  assert.equal([await users.names(), await users.send('ann', 'hi')], [['ann'], 1])
  mortal.die()
  assert.equal([await users.has('ann'), await users.names()], [false, []])
})

test('a client reconnects to another worker and gets the messages it missed, each once', async () => {
  const primary = new FakePrimary()
  const history = { size: 100, ttl: 60_000 }
  const [here, there] = [primary.addWorker(), primary.addWorker()].map(({ broker }) =>
    new Rooms({ broker, history }).room('lobby'),
  )
  const [goes, back] = [new FakePeer(), new FakePeer()]
  await here.join(goes.session)
  here.broadcast('one')
  here.broadcast('two')
  await until(() => goes.received.length === 2)
  goes.end()
  here.broadcast('three')
  const joining = there.join(back.session, { last: goes.envelopes[1].id })
  there.broadcast('four')
  here.broadcast('five')
  assert.is((await joining).isComplete, true)
  await until(() => back.received.length >= 3)
  await endOfTick()
  assert.equal(back.envelopes.map(({ data }) => data).sort(), ['five', 'four', 'three'])
  // A message that it got before the message was numbered is not sent again either, because the id includes it.
  const again = new FakePeer()
  assert.is((await here.join(again.session, { last: back.envelopes.at(-1)?.id })).missedCount, 0)
})

test('a client that moves on while its process cannot publish does not get its messages twice', async () => {
  const primary = new FakePrimary()
  const workers = [primary.addWorker(), primary.addWorker()]
  const history = { size: 100, ttl: 60_000 }
  const [here, there] = workers.map(({ broker }) => new Rooms({ broker, history }).room('lobby'))
  const [moves, moved, stays] = [new FakePeer(), new FakePeer(), new FakePeer()]
  await here.join(moves.session)
  await there.join(stays.session)
  here.broadcast('first')
  await until(() => stays.received.length === 1)
  workers[0].isStalledOutgoing = true
  here.broadcast('early')
  await endOfTick()
  const { id } = moves.envelopes[1]
  moves.end()
  assert.equal(await there.join(moved.session, { last: id }), { missedCount: 0, isComplete: true })
  here.broadcast('late')
  workers[0].goOn()
  await until(() => stays.received.length === 3 && moved.received.length > 0)
  await endOfTick()
  const data = ({ envelopes }: FakePeer) => envelopes.map((envelope) => envelope.data)
  assert.equal([data(stays), data(moved)], [['first', 'early', 'late'], ['late']])
})

test('a worker whose primary exits continues alone', async () => {
  const primary = new FakePrimary()
  const worker = primary.addWorker()
  const room = new Rooms({ broker: worker.broker, history: { size: 9, ttl: 1000 } }).room('lobby')
  const peer = new FakePeer()
  await room.join(peer.session)
  const reading = worker.broker.read('r:lobby', { epoch: 'x', count: 0 })
  worker.losePrimary()
  assert.is((await reading).isComplete, false)
  assert.is(room.broadcast('alone'), 1)
  await endOfTick()
  assert.is(peer.envelopes[0].data, 'alone')
  assert.equal([await room.members(), worker.broker.stats().state], [{ count: 1, names: [] }, 'away'])
  const late = new FakePeer()
  assert.is((await room.join(late.session, { last: peer.envelopes[0].id })).isComplete, false)
})

test('a worker that does not read misses messages and counts them, and the primary stores a bounded number', async () => {
  const primary = new FakePrimary()
  const [here, there] = [primary.addWorker(), primary.addWorker()]
  const gaps: Gap[] = []
  const rooms = new Rooms({ broker: there.broker })
  rooms.onGap = (gap) => gaps.push(gap)
  const peer = new FakePeer()
  await rooms.room('lobby').join(peer.session)
  const sender = new Rooms({ broker: here.broker }).room('lobby')
  there.isStalled = true
  const size = 4 * 1024 * 1024
  for (let i = 0; i < 7; i++) sender.broadcast('x'.repeat(size))
  await until(() => here.broker.stats().waitingMessages === 0)
  there.goOn()
  await endOfTick()
  sender.broadcast('after')
  await until(() => gaps.length > 0)
  await until(() => peer.received.at(-1) === 'after')
  const [{ missedCount, isExact }] = gaps
  assert.equal([isExact, gaps.length, missedCount + peer.received.length], [true, 1, 8])
  assert.ok(missedCount >= 1 && missedCount < 7, String(missedCount))
})

test('while the primary does not answer, every wait ends and local delivery continues', async () => {
  const primary = new FakePrimary()
  const [worker, other] = [primary.addWorker({ timeout: 50 }), primary.addWorker()]
  worker.isStalledOutgoing = true
  const rooms = new Rooms({ broker: worker.broker, history: { size: 9, ttl: 60_000 } })
  const users = new Users({ broker: worker.broker })
  const [peer, late, there] = [new FakePeer(), new FakePeer(), new FakePeer()]
  const elsewhere = new Rooms({ broker: other.broker, history: { size: 9, ttl: 60_000 } }).room('lobby')
  await elsewhere.join(there.session)
  await rooms.room('lobby').join(peer.session, { as: 'ann' })
  assert.is(worker.broker.stats().state, 'away')
  assert.match(worker.broker.stats().lastError ?? '', 'joinWorkers()')
  assert.equal([await users.send('ann', 'hi'), await users.names()], [0, []])
  assert.is((await rooms.room('lobby').members()).count, 1)
  assert.is((await rooms.room('lobby').join(late.session, { last: 'x.1' })).isComplete, false)
  assert.is(rooms.room('lobby').broadcast('alone'), 2)
  await until(() => peer.envelopes.some(({ data }) => data === 'alone'))
  assert.is(worker.broker.stats().waitingMessages, 2)
  // Earlier requests are lost, as before the call of `joinWorkers()`. Then the primary responds.
  worker.dropStalled()
  await until(() => worker.broker.stats().state === 'up')
  await until(() => there.envelopes.some(({ data }) => data === 'alone'))
  elsewhere.broadcast('together')
  await until(() => peer.envelopes.some(({ data }) => data === 'together'))
  await until(async () => (await elsewhere.members()).names.includes('ann'))
})

test('a batch whose answer was lost is published once', async () => {
  const primary = new FakePrimary()
  const [worker, other] = [primary.addWorker({ timeout: 50 }), primary.addWorker()]
  const there = new FakePeer()
  await new Rooms({ broker: other.broker }).room('lobby').join(there.session)
  worker.isStalled = true
  new Rooms({ broker: worker.broker }).room('lobby').broadcast('once')
  await until(() => worker.broker.stats().state === 'away')
  worker.goOn()
  await until(() => worker.broker.stats().waitingMessages === 0)
  assert.equal([worker.broker.stats().publishedMessages, there.received], [1, ['once']])
})

test('messages of the application are ignored', () => {
  const { primary } = new FakePrimary()
  for (const message of [
    null,
    'text',
    { hello: 1 },
    { dwebsocket: 'to-primary' },
    { dwebsocket: 'to-worker', items: [] },
  ]) {
    primary.receive(1, { send: () => assert.unreachable() }, message)
  }
})

test('outside of a worker there is no cluster broker', async () => {
  assert.match((await thrownBy(() => new ClusterBroker())).message, 'worker of node:cluster')
})

test('other workers detect a gap when a worker has dropped messages of too many rooms to count', async () => {
  const primary = new FakePrimary()
  const here = new Rooms({ broker: primary.addWorker({ maxWaitingMessages: 1 }).broker })
  const there = new Rooms({ broker: primary.addWorker().broker })
  const gaps: Gap[] = []
  there.onGap = (gap) => gaps.push(gap)
  const [, peer] = [await here.room('lobby').join(new FakePeer().session), new FakePeer()]
  await there.room('lobby').join(peer.session)
  here.room('lobby').broadcast('arrives')
  await until(() => peer.received.length === 1)
  here.room('lobby').broadcast('dropped')
  for (let i = 0; i < 10_001; i++) here.room(`room ${i}`).broadcast('dropped')
  await endOfTick()
  here.room('lobby').broadcast('arrives, too')
  await until(() => peer.received.length === 2)
  assert.equal(gaps, [{ room: 'lobby', missedCount: 0, isExact: false }])
})

test('brokers of the same worker are independent, such as one for rooms and one for users', async () => {
  const primary = new FakePrimary()
  const worker = primary.addWorker()
  const [first, second, elsewhere] = [worker.broker, worker.addBroker(), primary.addWorker().broker]
  const rooms = [first, second, elsewhere].map((broker) => new Rooms({ broker }).room('lobby'))
  const users = new Users({ broker: worker.addBroker() })
  const peers = rooms.map(() => new FakePeer())
  for (const [i, room] of rooms.entries()) await room.join(peers[i].session)
  await users.add('ann', new FakePeer().session)
  await until(async () => (await new Users({ broker: elsewhere }).send('ann', 'hi')) === 1)
  for (const text of ['1', '2']) rooms[0].broadcast(text)
  await until(() => peers[2].received.length === 2)
  for (const text of ['3', '4', '5']) rooms[1].broadcast(text)
  await until(() => peers[2].received.length === 5)
  for (const { received } of peers) assert.equal(received, ['1', '2', '3', '4', '5'])
  worker.die()
  await until(async () => (await rooms[2].members()).count === 1)
})
