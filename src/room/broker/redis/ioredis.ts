import { brokerError } from '../broker-error.ts'
import {
  type ConnectionEvents,
  type IoRedisClient,
  type IoRedisCluster,
  type RedisLink,
  type RedisListener,
  watchClient,
} from './client.ts'

const EVENTS = ['ready', 'reconnecting', 'close', 'end']

/** Wraps a `Redis` or `Cluster` client of ioredis. */
export function openIoLink(client: IoRedisClient | IoRedisCluster, { onChange }: ConnectionEvents): RedisLink {
  const release = watchClient(client, EVENTS, onChange)
  if (client.status === 'wait') client.connect().catch(onChange)
  return {
    isCluster: client.isCluster === true,
    get isReady() {
      return client.status === 'ready'
    },
    call: (_key, [command, ...args]) => client.callBuffer(String(command), args),
    release,
  }
}

/**
 * Opens a connection with the options of `client` for messages from channels. After a loss, `RedisSubscriptions`
 * subscribes again. ioredis itself would do so without handling a refusal.
 */
export function openIoListener(client: IoRedisClient, { onChange, onMessage }: ConnectionEvents): RedisListener {
  // The application's commands may have a prefix of their own, which must not apply to channels.
  const own = client.duplicate({ autoResubscribe: false, keyPrefix: '' })
  const release = watchClient(own, EVENTS, onChange)
  own.on('messageBuffer', (channel: Buffer, message: Buffer) => onMessage(String(channel), message))
  if (own.status === 'wait') own.connect().catch(onChange)
  return {
    get isReady() {
      return own.status === 'ready'
    },
    subscribe: (channels) => own.subscribe(...channels),
    unsubscribe: (channels) => own.unsubscribe(...channels),
    close: () => {
      release()
      own.on('error', () => {})
      own.disconnect()
    },
  }
}

/** Returns the client of one cluster node, on which to subscribe. */
export function pickIoNode(cluster: IoRedisCluster): IoRedisClient {
  const nodes = cluster.nodes('master')
  if (nodes.length === 0) throw brokerError('the cluster has no known node')
  return nodes[Math.floor(Math.random() * nodes.length)]
}
