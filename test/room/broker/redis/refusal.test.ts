import { Rooms } from '../../../../src/room/rooms.ts'
import { Users } from '../../../../src/room/users.ts'
import { FakePeer } from '../../../support/fake-session.ts'
import { redisServer, testWith } from '../../../support/need.ts'
import { type RedisServer, startRedis } from '../../../support/redis.ts'
import { libraries, openBroker, openClient } from '../../../support/redis-client.ts'
import { until } from '../../../support/tick.ts'
import { assert, suite } from '../../../support/unit.ts'

const test = suite('redis that refuses or does not answer', { timeLimit: 120_000 })
const withRedis = testWith(test, redisServer)

/** Faults of a Redis whose connections stay open, each with the way to end it. */
const faults: Record<string, [begin: (redis: RedisServer) => unknown, end: (redis: RedisServer) => unknown]> = {
  'became a replica': [
    (redis) => redis.run('REPLICAOF', '127.0.0.1', '9'),
    (redis) => redis.run('REPLICAOF', 'NO', 'ONE'),
  ],
  'has no memory left': [
    (redis) => redis.run('CONFIG', 'SET', 'maxmemory', '1'),
    (redis) => redis.run('CONFIG', 'SET', 'maxmemory', '0'),
  ],
  'denies scripts': [
    (redis) => redis.run('ACL', 'SETUSER', 'default', '-eval', '-evalsha'),
    (redis) => redis.run('ACL', 'SETUSER', 'default', '+eval', '+evalsha'),
  ],
  'denies the channels': [
    (redis) => redis.run('ACL', 'SETUSER', 'default', 'resetchannels'),
    (redis) => redis.run('ACL', 'SETUSER', 'default', 'allchannels'),
  ],
  'does not answer': [(redis) => redis.stop(), (redis) => redis.goOn()],
}

for (const library of libraries) {
  for (const [fault, [begin, end]] of Object.entries(faults)) {
    withRedis(`${library}: while Redis ${fault}, every wait ends and local delivery continues`, async (t) => {
      const redis = await startRedis(t)
      const brokers = [
        await openBroker(t, await openClient(t, library, redis), { timeout: 300, presenceTtl: 1500 }),
        await openBroker(t, await openClient(t, library, redis), { timeout: 300, presenceTtl: 1500 }),
      ]
      const [here, there] = brokers.map((broker) => new Rooms({ broker, history: { size: 100, ttl: 60_000 } }))
      const users = new Users({ broker: brokers[0] })
      const [first, second, late] = [new FakePeer(), new FakePeer(), new FakePeer()]
      await here.room('lobby').join(first.session)
      await there.room('lobby').join(second.session)
      // The second process knows its position in the room from now on.
      here.room('lobby').broadcast('before')
      await until(() => second.envelopes.some(({ data }) => data === 'before'))

      await begin(redis)
      here.room('lobby').broadcast('meanwhile')
      await until(() => first.envelopes.some(({ data }) => data === 'meanwhile'))
      await until(() => brokers[0].stats().state === 'away')
      // Each of these calls resolves with what this process knows.
      assert.is(await users.send('ann', 'hi'), 0)
      assert.ok((await here.room('lobby').members()).count >= 1)
      assert.equal(await users.names(), [])
      await here.room('other').join(late.session)
      assert.is((await here.room('third').join(late.session, { last: 'x.1' })).isComplete, false)
      assert.is(here.room('other').broadcast('alone'), 1)
      await until(() => late.envelopes.some(({ data }) => data === 'alone'))
      assert.type(brokers[0].stats().lastError, 'string')

      await end(redis)
      await until(() => brokers.every((broker) => broker.stats().state === 'up'))
      here.room('lobby').broadcast('after')
      const texts = () => second.envelopes.flatMap(({ data }) => data ?? [])
      await until(() => texts().includes('after'))
      assert.equal(texts(), ['before', 'meanwhile', 'after'])
    })
  }
}

withRedis('names of any characters are rooms and users of their own', async (t) => {
  const redis = await startRedis(t)
  const names = [
    '',
    ' ',
    '\0',
    '\ud800',
    '\udfff',
    '\ufffd',
    '\0"x"',
    'a b',
    '{tag}',
    '*',
    '\r\n',
    '💬',
    'x'.repeat(256),
  ]
  const brokers = [
    await openBroker(t, await openClient(t, 'node-redis', redis)),
    await openBroker(t, await openClient(t, 'ioredis', redis)),
  ]
  const [here, there] = brokers.map((broker) => new Rooms({ broker }))
  const users = brokers.map((broker) => new Users({ broker }))
  const peers = await Promise.all(
    names.map(async (name) => {
      const peer = new FakePeer()
      await there.room(name).join(peer.session, { as: name })
      await users[1].add(name, peer.session)
      return peer
    }),
  )
  for (const [index, name] of names.entries()) here.room(name).broadcast(String(index))
  await until(() => peers.every(({ received }) => received.length > 0))
  assert.equal(
    peers.map(({ received }) => received),
    names.map((_, index) => [String(index)]),
  )
  await until(async () => (await users[0].names()).length === names.length)
  assert.equal(await users[0].names(), [...names].sort())
  for (const name of names) assert.is((await here.room(name).members()).count, 1, JSON.stringify(name))
})
