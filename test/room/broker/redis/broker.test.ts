import type { TopicMessage } from '../../../../src/room/broker/broker.ts'
import { RedisBroker, type RedisBrokerOptions } from '../../../../src/room/broker/redis/broker.ts'
import type { Gap } from '../../../../src/room/group.ts'
import { Rooms } from '../../../../src/room/rooms.ts'
import { Users } from '../../../../src/room/users.ts'
import { FakePeer } from '../../../support/fake-session.ts'
import { redisServer, testWith } from '../../../support/need.ts'
import { type RedisServer, startRedis } from '../../../support/redis.ts'
import { type Library, libraries, openBroker, openClient, openNodeRedis } from '../../../support/redis-client.ts'
import { until } from '../../../support/tick.ts'
import { assert, suite, type TestContext, thrownBy } from '../../../support/unit.ts'

const test = suite('redis broker', { timeLimit: 60_000 })
const withRedis = testWith(test, redisServer)

/** Makes a broker with a new client. Both are closed when the test ends. */
async function makeBroker(t: TestContext, redis: RedisServer, library: Library, options: RedisBrokerOptions = {}) {
  return openBroker(t, await openClient(t, library, redis), options)
}

for (const kind of libraries) {
  withRedis(`${kind}: rooms of two processes are one, and binary arrives byte for byte`, async (t) => {
    const redis = await startRedis(t)
    const [here, there] = [await makeBroker(t, redis, kind), await makeBroker(t, redis, kind)].map((broker) =>
      new Rooms({ broker }).room('lobby: ü'),
    )
    const [first, second] = [new FakePeer(), new FakePeer()]
    await here.join(first.session, { as: 'ann' })
    await there.join(second.session, { as: 'bob' })
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, i) => i))
    assert.is(here.broadcast('Grüße 👋'), 1)
    here.broadcast(bytes)
    here.broadcast(Buffer.alloc(0))
    await until(() => second.received.length === 3)
    assert.equal(second.received, ['Grüße 👋', bytes, Buffer.alloc(0)])
    assert.equal(first.received, second.received)
    await until(async () => (await there.members()).count === 2)
    assert.equal((await there.members()).names, ['ann', 'bob'])
    first.end()
    await until(async () => (await there.members()).count === 1)
  })

  withRedis(`${kind}: users have devices in several processes`, async (t) => {
    const redis = await startRedis(t)
    const [here, there] = [await makeBroker(t, redis, kind), await makeBroker(t, redis, kind)].map(
      (broker) => new Users({ broker }),
    )
    const gone: string[] = []
    here.onGone = (name) => gone.push(name)
    const [phone, laptop] = [new FakePeer(), new FakePeer()]
    await here.add('ann', phone.session)
    await there.add('ann', laptop.session)
    await until(async () => (await here.send('ann', 'hi')) === 2)
    assert.equal([await here.names(), await there.has('ann'), await there.has('bob')], [['ann'], true, false])
    phone.end()
    await until(async () => (await there.send('ann', 'hi')) === 1)
    assert.equal(gone, [])
    laptop.end()
    await until(async () => !(await there.has('ann')))
    assert.equal(gone, [])
  })

  withRedis(`${kind}: a client comes back to another process and gets what it missed`, async (t) => {
    const redis = await startRedis(t)
    const history = { size: 100, ttl: 60_000 }
    const [here, there] = [await makeBroker(t, redis, kind), await makeBroker(t, redis, kind)].map((broker) =>
      new Rooms({ broker, history }).room('lobby'),
    )
    const [goes, stays, back] = [new FakePeer(), new FakePeer(), new FakePeer()]
    await here.join(goes.session)
    await there.join(stays.session)
    here.broadcast('one')
    await until(() => goes.received.length === 1 && stays.received.length === 1)
    goes.end()
    here.broadcast('two')
    there.broadcast(Buffer.from([255]))
    const joining = there.join(back.session, { last: goes.envelopes[0].id })
    there.broadcast('four')
    const { isComplete } = await joining
    here.broadcast('five')
    await until(() => back.received.length === 4 && stays.received.length === 5)
    const missed = back.envelopes.map(({ data, binary }) => data ?? binary)
    assert.is(isComplete, true)
    // Each message once, in the order of its process. Between two processes there is no order.
    assert.equal(missed.toSorted(), ['/w==', 'five', 'four', 'two'])
    assert.ok(missed.indexOf('two') < missed.indexOf('five'))
    assert.ok(missed.indexOf('/w==') < missed.indexOf('four'))
    assert.equal((await there.join(new FakePeer().session, { last: back.envelopes[3].id })).missedCount, 0)
  })

  withRedis(`${kind}: Redis dies and comes back; nothing that fits into the buffer is lost or doubled`, async (t) => {
    const redis = await startRedis(t)
    const [broker, other] = [await makeBroker(t, redis, kind), await makeBroker(t, redis, kind)]
    const gaps: Gap[] = []
    const [here, there] = [new Rooms({ broker }), new Rooms({ broker: other })]
    there.onGap = (gap) => gaps.push(gap)
    const [first, second] = [new FakePeer(), new FakePeer()]
    await here.room('lobby').join(first.session, { as: 'ann' })
    await there.room('lobby').join(second.session)
    for (let i = 0; i < 100; i++) here.room('lobby').broadcast(`before ${i}`)
    await until(() => second.received.length === 100)
    await redis.kill()
    await until(() => broker.stats().state === 'away' && other.stats().state === 'away')
    assert.is(here.room('lobby').broadcast('meanwhile'), 1)
    await until(() => first.received.length === 101)
    assert.is(broker.stats().waitingMessages, 1)
    assert.equal(await there.room('lobby').members(), { count: 1, names: [] })
    await redis.restart()
    await until(() => broker.stats().state === 'up' && other.stats().state === 'up')
    await until(() => gaps.length > 0)
    for (let i = 0; i < 100; i++) here.room('lobby').broadcast(`after ${i}`)
    await until(() => second.received.includes('after 99'))
    const [{ missedCount, isExact }] = gaps
    // Whichever process is back first, the messages that waited either arrive or are counted as missed.
    assert.equal([second.received.length + missedCount, isExact, gaps.length], [201, false, 1])
    await until(async () => (await there.room('lobby').members()).names.includes('ann'))
    assert.ok(broker.stats().losses >= 1)
  })
}

withRedis('a room with history gets what it missed while Redis could not be reached', async (t) => {
  const redis = await startRedis(t)
  const [broker, other] = [await makeBroker(t, redis, 'node-redis'), await makeBroker(t, redis, 'ioredis')]
  const history = { size: 1000, ttl: 60_000 }
  const [here, there] = [new Rooms({ broker, history }), new Rooms({ broker: other, history })]
  const [first, second] = [new FakePeer(), new FakePeer()]
  await here.room('lobby').join(first.session)
  await there.room('lobby').join(second.session)
  here.room('lobby').broadcast('before')
  await until(() => second.received.length === 1)
  await redis.kill()
  await until(() => broker.stats().state === 'away' && other.stats().state === 'away')
  for (let i = 0; i < 20; i++) here.room('lobby').broadcast(`meanwhile ${i}`)
  await redis.restart()
  const data = () => second.envelopes.flatMap(({ data }) => data ?? [])
  await until(() => data().includes('meanwhile 19'))
  here.room('lobby').broadcast('after')
  await until(() => data().includes('after'))
  const meanwhile = Array.from({ length: 20 }, (_, i) => `meanwhile ${i}`)
  assert.equal(data(), ['before', ...meanwhile, 'after'])
  // Redis has lost its data. The members get a gap notice, because it is unknown what else is lost.
  assert.ok(second.envelopes.some(({ gap }) => gap))
})

withRedis(
  'the history of all rooms is bounded by bytes; the room that has been silent longest loses its own first',
  async (t) => {
    const redis = await startRedis(t)
    // Four entries of 1,000 bytes with their overhead, and what precedes the payload.
    const broker = await makeBroker(t, redis, 'node-redis', { historyBytes: 4 * (1000 + 512 + 40) })
    const rooms = new Rooms({ broker, history: { size: 3, ttl: 60_000 } })
    const stored = async (name: string) => Number(await redis.run('XLEN', `dwebsocket:log:r:${name}`))
    const bytes = async () => Number(await redis.run('HGET', 'dwebsocket:history', 'all'))
    const send = async (name: string, text = 'x'.repeat(1000)) => {
      rooms.room(name).broadcast(text)
      await until(() => broker.stats().waitingMessages === 0)
    }
    for (const name of ['a', 'a', 'b', 'b']) await send(name)
    assert.equal([await stored('a'), await stored('b')], [2, 2])
    const full = await bytes()
    await send('c')
    assert.equal([await stored('a'), await stored('b'), await stored('c'), await bytes()], [1, 2, 1, full])
    await send('a')
    assert.equal([await stored('a'), await stored('b'), await stored('c'), await bytes()], [2, 1, 1, full])
    // `size` still limits each room. Empty messages count as well.
    for (let i = 0; i < 5; i++) await send('d', '')
    assert.is(await stored('d'), 3)
    for (let room = 0; room < 20; room++) await send(`empty ${room}`, '')
    const most = Math.floor((4 * (1000 + 512 + 40)) / 512)
    const keys = (await redis.run('KEYS', 'dwebsocket:log:*')) as string[]
    assert.ok(keys.length > 1 && keys.length <= most, `${keys.length}`)
    // A message that is larger than the limit is delivered but not stored.
    await send('e', 'x'.repeat(10_000))
    assert.equal([await redis.run('KEYS', 'dwebsocket:log:*'), await bytes()], [[], 0])
    assert.is(await redis.run('ZCARD', 'dwebsocket:history:order'), 0)
  },
)

withRedis(
  'a history that has expired is no longer counted when its room is used again, or first when there is no room',
  async (t) => {
    const redis = await startRedis(t)
    const broker = await makeBroker(t, redis, 'ioredis', { historyBytes: 4000 })
    const rooms = new Rooms({ broker, history: { size: 10, ttl: 60_000 } })
    const bytes = async () => Number(await redis.run('HGET', 'dwebsocket:history', 'all'))
    const send = async (name: string) => {
      rooms.room(name).broadcast('x'.repeat(1000))
      await until(() => broker.stats().waitingMessages === 0)
    }
    await send('a')
    const one = await bytes()
    await redis.run('DEL', 'dwebsocket:log:r:a')
    await send('a')
    assert.is(await bytes(), one)
    await send('b')
    await redis.run('DEL', 'dwebsocket:log:r:a')
    assert.is(await bytes(), 2 * one)
    await send('b')
    assert.is(await redis.run('XLEN', 'dwebsocket:log:r:b'), 2)
    assert.is(await bytes(), 2 * one)
  },
)

withRedis('a message that is dropped because too many wait is counted here, and as a gap by the others', async (t) => {
  const redis = await startRedis(t)
  const broker = await makeBroker(t, redis, 'node-redis', { maxWaitingMessages: 10 })
  const other = await makeBroker(t, redis, 'node-redis')
  const gaps: Gap[] = []
  const [here, there] = [new Rooms({ broker }), new Rooms({ broker: other })]
  there.onGap = (gap) => gaps.push(gap)
  const peer = new FakePeer()
  await there.room('lobby').join(peer.session)
  for (let i = 0; i < 25; i++) here.room('lobby').broadcast(`number ${i}`)
  await until(() => peer.received.length === 10)
  assert.equal([peer.received[0], broker.stats().droppedMessages], ['number 15', 15])
  assert.equal(gaps, [{ room: 'lobby', missedCount: 15, isExact: true }])
  assert.equal([there.stats().gaps, there.stats().missedMessages], [1, 15])
})

withRedis(
  'a message that was published twice because the first answer was lost is counted and delivered once',
  async (t) => {
    const redis = await startRedis(t)
    const client = await openNodeRedis(t, redis.url)
    const send = client.sendCommand.bind(client)
    let failures = 3
    client.sendCommand = (async (args: readonly string[], options: object) => {
      const reply = await send(args, options)
      if (args.includes('once') && failures-- > 0) throw new Error('the answer is lost')
      return reply
    }) as typeof client.sendCommand
    const broker = new RedisBroker(client)
    t.after(() => broker.close())
    await broker.ready
    const other = await makeBroker(t, redis, 'ioredis')
    const messages: TopicMessage[] = []
    await other.subscribe('once', { onMessage: (message) => messages.push(message), onSubscribed: () => {} })
    const publish = (sequence: number, payload: string) =>
      broker.publish('once', { sequence, payload, compress: false }, null)
    publish(1, 'a')
    publish(2, 'b')
    await until(() => messages.length === 2 && broker.stats().waitingMessages === 0)
    publish(3, 'c')
    await until(() => messages.length === 3)
    assert.equal(
      messages.map(({ count, payload, compress }) => `${count} ${payload} ${compress}`),
      ['1 a false', '2 b false', '3 c false'],
    )
    assert.match(broker.stats().lastError ?? '', 'the answer is lost')
  },
)

withRedis('the presence of a process that dies expires', async (t) => {
  const redis = await startRedis(t)
  const client = await openNodeRedis(t, redis.url)
  const broker = new RedisBroker(client, { presenceTtl: 300 })
  const other = await makeBroker(t, redis, 'ioredis')
  const rooms = new Rooms({ broker })
  await rooms.room('lobby').join(new FakePeer().session, { as: 'ann' })
  const members = () => new Rooms({ broker: other }).room('lobby').members()
  await until(async () => (await members()).count === 1)
  // The hash is renewed while the process lives: here nine times, which is three times its time to live.
  const [hash] = await client.keys('*:process:*')
  let [left, renewals] = [0, 0]
  await until(async () => {
    const now = await client.pTTL(hash)
    if (now > left) renewals += 1
    left = now
    return renewals > 9
  })
  // If the machine was suspended, the announcement may have expired. It is then announced again.
  await until(async () => (await members()).names.includes('ann'))
  client.destroy()
  await until(async () => (await members()).count === 0)
  await broker.close()
})

withRedis('closing withdraws all announcements and leaves the client open', async (t) => {
  const redis = await startRedis(t)
  const client = await openNodeRedis(t, redis.url)
  const broker = new RedisBroker(client)
  await broker.ready
  const other = await makeBroker(t, redis, 'node-redis')
  await broker.subscribe('a', { onMessage: () => {}, onSubscribed: () => {} })
  broker.announce('a', 'here')
  await until(async () => (await other.presence('a')).length === 1)
  assert.equal(await other.presenceKeys('a'), ['a'])
  await broker.close()
  await broker.close()
  assert.equal([await other.presence('a'), await client.ping()], [[], 'PONG'])
})

test('refuses a client of another kind and an invalid presenceTtl', async () => {
  assert.instance(await thrownBy(() => new RedisBroker({} as never)), TypeError)
  assert.instance(await thrownBy(() => new RedisBroker(null as never)), TypeError)
  assert.instance(await thrownBy(() => new RedisBroker({} as never, { presenceTtl: 0 })), RangeError)
})

withRedis('what other programs publish on the channel of a room is ignored and reported', async (t) => {
  const redis = await startRedis(t)
  for (const library of libraries) {
    const broker = await makeBroker(t, redis, library)
    const rooms = new Rooms({ broker })
    const gaps: Gap[] = []
    rooms.onGap = (gap) => gaps.push(gap)
    const peer = new FakePeer()
    await rooms.room('lobby').join(peer.session)
    const channel = 'dwebsocket:to:r:lobby'
    const epoch = await redis.run('HGET', 'dwebsocket:topic:r:lobby', 'epoch')
    for (const text of [
      'garbage',
      '',
      ' ',
      '    ',
      'a b c d e',
      `${epoch} x origin 1 ttext`,
      `${epoch} 7 origin x ttext`,
    ]) {
      await redis.run('PUBLISH', channel, text)
    }
    await redis.run('PUBLISH', channel, `${epoch} 1 origin 1 tvalid`)
    await until(() => peer.received.length > 0)
    assert.equal([peer.received, gaps], [['valid'], []])
    assert.match(broker.stats().lastError ?? '', /malformed message/)
  }
})

withRedis('other processes detect a gap when a process has dropped messages of too many rooms to count', async (t) => {
  const redis = await startRedis(t)
  const broker = await makeBroker(t, redis, 'ioredis', { maxWaitingMessages: 1 })
  const here = new Rooms({ broker })
  const there = new Rooms({ broker: await makeBroker(t, redis, 'node-redis') })
  const gaps: Gap[] = []
  there.onGap = (gap) => gaps.push(gap)
  const peer = new FakePeer()
  await there.room('lobby').join(peer.session)
  here.room('lobby').broadcast('arrives')
  await until(() => peer.received.length === 1)
  here.room('lobby').broadcast('dropped')
  for (let i = 0; i < 10_001; i++) here.room(`room ${i}`).broadcast('dropped')
  await until(() => broker.stats().waitingMessages === 0)
  for (const text of ['arrives, too', 'the last']) here.room('lobby').broadcast(text)
  await until(() => peer.received.at(-1) === 'the last')
  assert.equal(gaps, [{ room: 'lobby', missedCount: 1, isExact: false }])
})
