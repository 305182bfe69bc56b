import type { RedisBroker } from '../../../../src/room/broker/redis/broker.ts'
import { Rooms } from '../../../../src/room/rooms.ts'
import { FakePeer } from '../../../support/fake-session.ts'
import { redisServer, testWith } from '../../../support/need.ts'
import { startRedisCluster, startRedisSentinel } from '../../../support/redis.ts'
import { libraries, openBroker, openClusterClient, openSentinelClient } from '../../../support/redis-client.ts'
import { until } from '../../../support/tick.ts'
import { assert, suite } from '../../../support/unit.ts'

const test = suite('redis cluster and sentinel', { timeLimit: 120_000 })
const withRedis = testWith(test, redisServer)

const history = { size: 100, ttl: 60_000 }

/** Joins a room in two processes with one member each. */
async function joinTwo(brokers: readonly RedisBroker[]) {
  const [here, there] = brokers.map((broker) => new Rooms({ broker, history }).room('lobby'))
  const [first, second] = [new FakePeer(), new FakePeer()]
  await here.join(first.session, { as: 'ann' })
  await there.join(second.session, { as: 'bob' })
  const texts = (): string[] => second.envelopes.flatMap(({ data }) => data ?? [])
  return { here, there, texts }
}

for (const library of libraries) {
  withRedis(`${library}: a cluster carries rooms, history and presence`, async (t) => {
    const nodes = await startRedisCluster(t)
    const brokers = [
      await openBroker(t, await openClusterClient(t, library, nodes), { timeout: 500, presenceTtl: 1500 }),
      await openBroker(t, await openClusterClient(t, library, nodes), { timeout: 500, presenceTtl: 1500 }),
    ]
    const { here, there, texts } = await joinTwo(brokers)
    here.broadcast('one')
    here.broadcast('two')
    await until(() => texts().length === 2)
    await until(async () => (await there.members()).names.join() === 'ann,bob')
    const late = new FakePeer()
    await there.join(late.session, { last: 'an id of long ago' })
    assert.equal(
      late.envelopes.map(({ data, gap }) => data ?? gap),
      [true, 'one', 'two'],
    )
    await until(() => brokers.every((broker) => broker.stats().state === 'up'))
  })

  withRedis(`${library}: a primary that dies is replaced by its sentinel, and rooms continue`, async (t) => {
    const { primary, replica, sentinel } = await startRedisSentinel(t)
    const brokers = [
      await openBroker(t, await openSentinelClient(t, library, sentinel), { timeout: 500, presenceTtl: 1500 }),
      await openBroker(t, await openSentinelClient(t, library, sentinel), { timeout: 500, presenceTtl: 1500 }),
    ]
    const { here, texts } = await joinTwo(brokers)
    here.broadcast('before')
    await until(() => texts().length === 1)
    await until(async () => String(await replica.run('EXISTS', 'dwebsocket:topic:r:lobby')) === '1')
    await primary.kill()
    here.broadcast('meanwhile')
    await until(() => brokers.every((broker) => broker.stats().state === 'up'))
    here.broadcast('after')
    await until(() => texts().includes('after'))
    assert.equal(texts(), ['before', 'meanwhile', 'after'])
  })
}

withRedis('a node of a cluster that dies and returns is subscribed at again', async (t) => {
  for (const library of libraries) {
    const nodes = await startRedisCluster(t)
    const brokers = [
      await openBroker(t, await openClusterClient(t, library, nodes), { timeout: 500, presenceTtl: 1500 }),
      await openBroker(t, await openClusterClient(t, library, nodes), { timeout: 500, presenceTtl: 1500 }),
    ]
    const { here, texts } = await joinTwo(brokers)
    for (const node of nodes) {
      await node.kill()
      await node.restart()
    }
    await until(() => brokers.every((broker) => broker.stats().state === 'up'))
    let count = 0
    // The first messages may be counted as missed, because the nodes have lost all data.
    await until(() => {
      count += 1
      here.broadcast(`number ${count}`)
      return texts().length > 0
    })
  }
})
