import { Cluster, Redis as IoRedis } from 'ioredis'
import { createClient, createCluster, createSentinel } from 'redis'
import { RedisBroker, type RedisBrokerOptions, type RedisClient } from '../../src/room/broker/redis/broker.ts'
import type { RedisServer } from './redis.ts'
import type { TestContext } from './unit.ts'

/** The libraries whose clients a `RedisBroker` accepts. */
export const libraries = ['node-redis', 'ioredis'] as const
export type Library = (typeof libraries)[number]

const RETRY_DELAY = 20

/** Opens a client that is closed when the test ends. */
export async function openClient(t: TestContext, library: Library, { url }: { url: string }): Promise<RedisClient> {
  return library === 'ioredis' ? openIoRedis(t, url) : openNodeRedis(t, url)
}

export function openIoRedis(t: TestContext, url: string): IoRedis {
  const client = new IoRedis(url, { retryStrategy: () => RETRY_DELAY })
  client.on('error', () => {})
  t.after(() => client.disconnect())
  return client
}

export async function openNodeRedis(t: TestContext, url: string) {
  const client = createClient({ url, socket: { reconnectStrategy: RETRY_DELAY } })
  client.on('error', () => {})
  await client.connect()
  t.after(() => client.destroy())
  return client
}

/** Opens a client of a Redis Cluster. */
export async function openClusterClient(t: TestContext, library: Library, nodes: readonly RedisServer[]) {
  if (library === 'ioredis') {
    const cluster = new Cluster(
      nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
      { clusterRetryStrategy: () => RETRY_DELAY },
    )
    cluster.on('error', () => {})
    t.after(() => cluster.disconnect())
    return cluster
  }
  const cluster = createCluster({ rootNodes: nodes.map(({ url }) => ({ url })) })
  cluster.on('error', () => {})
  await cluster.connect()
  t.after(() => cluster.destroy())
  return cluster
}

/** Opens a client that finds Redis through a sentinel. */
export async function openSentinelClient(
  t: TestContext,
  library: Library,
  sentinel: { host: string; port: number },
): Promise<RedisClient> {
  if (library === 'ioredis') {
    const client = new IoRedis({ sentinels: [sentinel], name: 'main', sentinelRetryStrategy: () => RETRY_DELAY })
    client.on('error', () => {})
    t.after(() => client.disconnect())
    return client
  }
  const client = createSentinel({ name: 'main', sentinelRootNodes: [sentinel], scanInterval: 100 })
  client.on('error', () => {})
  await client.connect()
  t.after(() => client.destroy())
  return client
}

/** Opens a broker that has reached Redis. It is closed when the test ends. */
export async function openBroker(t: TestContext, client: RedisClient, options: RedisBrokerOptions = {}) {
  const broker = new RedisBroker(client, options)
  t.after(() => broker.close())
  await broker.ready
  return broker
}
