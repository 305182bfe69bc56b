import type { Broker, TopicListener } from '../../src/room/broker/broker.ts'
import { MemoryBroker } from '../../src/room/broker/memory.ts'
import { Rooms } from '../../src/room/rooms.ts'
import { Users } from '../../src/room/users.ts'
import { FakePrimary } from '../support/fake-cluster.ts'
import { FakePeer } from '../support/fake-session.ts'
import { until } from '../support/tick.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

const test = suite('rooms that share a broker')

const kinds: Record<string, () => Broker> = {
  'memory broker': () => new MemoryBroker(),
  'cluster broker': () => new FakePrimary().addWorker().broker,
}

for (const [kind, makeBroker] of Object.entries(kinds)) {
  test(`${kind}: rooms of the same name are one room`, async () => {
    const broker = makeBroker()
    const [one, two] = [new Rooms({ broker }), new Rooms({ broker })]
    const [first, second] = [new FakePeer(), new FakePeer()]
    await one.room('lobby').join(first.session)
    await two.room('lobby').join(second.session)
    assert.is(one.room('lobby').broadcast('of one'), 2)
    assert.is(two.room('lobby').broadcast('of two'), 2)
    await until(() => first.received.length === 2 && second.received.length === 2)
    assert.equal([first.received, second.received], [['of one', 'of two'], first.received])
    first.end()
    assert.is(one.room('lobby').broadcast('after the first has left'), 1)
    await until(() => second.received.length === 3)
    assert.equal([one.names(), two.names()], [['lobby'], ['lobby']])
  })

  test(`${kind}: rooms and users of the same name are different`, async () => {
    const broker = makeBroker()
    const [rooms, users] = [new Rooms({ broker }), new Users({ broker })]
    const [member, device] = [new FakePeer(), new FakePeer()]
    await rooms.room('ann').join(member.session)
    await users.add('ann', device.session)
    rooms.room('ann').broadcast('to the room')
    assert.is(await users.send('ann', 'to the user'), 1)
    await until(() => member.received.length === 1 && device.received.length === 1)
    assert.equal([member.received, device.received], [['to the room'], ['to the user']])
  })

  test(`${kind}: a room cannot have history for some of its members only`, async () => {
    const broker = makeBroker()
    const [plain, storing] = [new Rooms({ broker }), new Rooms({ broker, history: { size: 10, ttl: 1000 } })]
    for (const [first, second] of [
      [plain, storing],
      [storing, plain],
    ]) {
      const peer = new FakePeer()
      await first.room('lobby').join(peer.session)
      const { name, message } = await thrownBy(() => second.room('lobby').join(new FakePeer().session))
      assert.is(name, 'TypeError')
      assert.match(message, /^the room has (no )?history in another Rooms object of this broker/)
      peer.end()
      const other = new FakePeer()
      await second.room('lobby').join(other.session)
      other.end()
    }
  })
}

test('a gap is reported to each rooms object that has members in the room, and to no other', async () => {
  let listener: TopicListener | undefined
  class LossyBroker extends MemoryBroker {
    override subscribe(topic: string, given: TopicListener): Promise<void> {
      listener = given
      return super.subscribe(topic, given)
    }
  }
  const broker = new LossyBroker()
  const all = [new Rooms({ broker }), new Rooms({ broker }), new Rooms({ broker })]
  const gaps = all.map((rooms) => {
    const found: string[] = []
    rooms.onGap = ({ room, missedCount }) => found.push(`${room}: ${missedCount}`)
    return found
  })
  for (const rooms of all.slice(0, 2)) await rooms.room('lobby').join(new FakePeer().session)
  const message = { epoch: 'e', origin: 'elsewhere', payload: 'text', compress: true }
  listener?.onSubscribed({ epoch: 'e', count: 1 })
  for (const found of gaps) found.length = 0
  listener?.onMessage({ ...message, count: 3, sequence: 3 })
  assert.equal(gaps, [['lobby: 1'], ['lobby: 1'], []])
  assert.equal(
    all.map((rooms) => rooms.stats().gaps),
    [2, 2, 0],
  )
})

test('onGone is called on each users object that has added a device, once', async () => {
  const broker = new MemoryBroker()
  const all = [new Users({ broker }), new Users({ broker }), new Users({ broker })]
  const gone: string[] = []
  for (const [index, users] of all.entries()) users.onGone = (name) => gone.push(`${index}: ${name}`)
  const peers = [new FakePeer(), new FakePeer()]
  for (const [index, { session }] of peers.entries()) await all[index].add('ann', session)
  peers[0].end()
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(gone, [])
  peers[1].end()
  await until(() => gone.length === 2)
  await new Promise((resolve) => setImmediate(resolve))
  assert.equal(gone, ['0: ann', '1: ann'])
})

test('the messages of several rooms objects reach another process, each of them', async () => {
  const primary = new FakePrimary()
  const { broker } = primary.addWorker()
  const there = new Rooms({ broker: primary.addWorker().broker })
  const peer = new FakePeer()
  await there.room('lobby').join(peer.session)
  for (const text of ['1', '2']) new Rooms({ broker }).room('lobby').broadcast(text)
  const again = new Rooms({ broker }).room('lobby')
  for (const text of ['3', '4', '5']) again.broadcast(text)
  await until(() => peer.received.length === 5)
  assert.equal(peer.received, ['1', '2', '3', '4', '5'])
})
