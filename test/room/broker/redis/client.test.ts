import { Redis as IoRedis } from 'ioredis'
import { createClient, createClientPool, createCluster, createSentinel } from 'redis'
import { RedisBroker, type RedisClient } from '../../../../src/room/broker/redis/broker.ts'
import { recognizeClient } from '../../../../src/room/broker/redis/client.ts'
import { redisServer, testWith } from '../../../support/need.ts'
import { startRedis } from '../../../support/redis.ts'
import { openBroker, openNodeRedis } from '../../../support/redis-client.ts'
import { assert, suite, thrownBy } from '../../../support/unit.ts'

const test = suite('redis clients')
const withRedis = testWith(test, redisServer)

const refused = async (client: unknown): Promise<string> => {
  const error = await thrownBy(() => new RedisBroker(client as RedisClient))
  assert.instance(error, TypeError)
  assert.match(error.message, 'allowed: an open client of node-redis')
  return error.message
}

test('clients of node-redis that are not open are refused at once', async () => {
  const root = { host: '127.0.0.1', port: 1 }
  assert.match(await refused(createClient()), 'a node-redis client that is not open (call connect() first)')
  assert.match(await refused(createCluster({ rootNodes: [{ socket: root }] })), 'a node-redis cluster client')
  const sentinel = createSentinel({ name: 'main', sentinelRootNodes: [root] })
  assert.match(await refused(sentinel), 'a node-redis sentinel client')
})

test('pools, closed clients and other objects are refused with what was found', async () => {
  assert.match(await refused(createClientPool()), 'a pool of node-redis')
  const closed = new IoRedis({ lazyConnect: true })
  closed.disconnect()
  assert.match(await refused(closed), 'an ioredis client that is closed')
  const pipeline = new IoRedis({ lazyConnect: true }).pipeline()
  for (const client of [pipeline, {}, null, undefined, 'redis://127.0.0.1', { sendCommand: () => {} }]) {
    await refused(client)
  }
})

withRedis('an ioredis client with lazyConnect is connected', async (t) => {
  const { url } = await startRedis(t)
  const client = new IoRedis(url, { lazyConnect: true })
  t.after(() => client.disconnect())
  const broker = await openBroker(t, client)
  assert.equal([broker.stats().state, recognizeClient(client).kind], ['up', 'ioredis'])
})

withRedis('an ioredis client with a keyPrefix shares rooms with a client without one', async (t) => {
  const { url } = await startRedis(t)
  const prefixed = new IoRedis(url, { keyPrefix: 'app:' })
  t.after(() => prefixed.disconnect())
  const [here, there] = [await openBroker(t, prefixed), await openBroker(t, await openNodeRedis(t, url))]
  const received = new Promise((resolve) => {
    const listener = { onMessage: ({ payload }: { payload: unknown }) => resolve(payload), onSubscribed: () => {} }
    void here
      .subscribe('a', listener)
      .then(() => there.publish('a', { sequence: 1, payload: 'hi', compress: true }, null))
  })
  assert.is(await received, 'hi')
  here.announce('key', 'value')
  await here.close()
  assert.equal(await there.presence('key'), [])
})

test('`ready` resolves to false when the broker is closed before Redis was reached', async () => {
  const client = new IoRedis({ port: 1, retryStrategy: () => 20 })
  client.on('error', () => {})
  const broker = new RedisBroker(client)
  await broker.close()
  client.disconnect()
  assert.is(await broker.ready, false)
})
