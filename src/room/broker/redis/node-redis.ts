import { brokerError } from '../broker-error.ts'
import {
  type ConnectionEvents,
  type NodeRedisClient,
  type NodeRedisCluster,
  type NodeRedisSentinel,
  type RedisLink,
  type RedisListener,
  watchClient,
} from './client.ts'

const EVENTS = ['ready', 'connect', 'reconnecting', 'end', 'disconnect']
/**
 * Options for replies with bulk strings as bytes: `typeMapping` since node-redis 5, `returnBuffers` before. 36 is `$`,
 * their type in RESP.
 */
const AS_BYTES = { typeMapping: { 36: Buffer }, returnBuffers: true }

export function openNodeLink(client: NodeRedisClient, { onChange }: ConnectionEvents): RedisLink {
  return {
    isCluster: false,
    get isReady() {
      return client.isReady
    },
    call: (_key, args) => client.sendCommand(args, AS_BYTES),
    release: watchClient(client, EVENTS, onChange),
  }
}

export function openNodeSentinelLink(client: NodeRedisSentinel, { onChange }: ConnectionEvents): RedisLink {
  return {
    isCluster: false,
    get isReady() {
      return client.isReady
    },
    call: (_key, args) => client.sendCommand(false, args, AS_BYTES),
    release: watchClient(client, EVENTS, onChange),
  }
}

export function openNodeClusterLink(client: NodeRedisCluster, { onChange }: ConnectionEvents): RedisLink {
  return {
    isCluster: true,
    get isReady() {
      // Version 5 sets this once all nodes are known. Version 4 has no such field.
      return client.isOpen && (client as { isReady?: boolean }).isReady !== false
    },
    call: (key, args) => client.sendCommand(key, false, args, AS_BYTES),
    release: watchClient(client, EVENTS, onChange),
  }
}

/** Opens a connection with the options of `client`, which may be a sentinel client, for messages from channels. */
export function openNodeListener(
  client: NodeRedisClient | NodeRedisSentinel,
  { onChange, onMessage }: ConnectionEvents,
): RedisListener {
  const own = client.duplicate()
  const release = watchClient(own, EVENTS, onChange)
  const listener = (message: Buffer, channel: Buffer): void => onMessage(String(channel), message)
  Promise.resolve(own.connect()).then(() => onChange(null), onChange)
  return {
    get isReady() {
      return own.isReady
    },
    subscribe: (channels) => own.subscribe(channels, listener, true),
    unsubscribe: (channels) => own.unsubscribe(channels, listener, true),
    close: () => {
      release()
      own.on('error', () => {})
      endClient(own)
    },
  }
}

/** Resolves to the client of one cluster node, on which to subscribe. */
export async function pickNode(cluster: NodeRedisCluster): Promise<NodeRedisClient> {
  const { masters } = cluster
  if (masters.length === 0) throw brokerError('the cluster has no known node')
  return cluster.nodeClient(masters[Math.floor(Math.random() * masters.length)])
}

/** Ends a client. `destroy` throws or rejects when there is no connection. Version 4 has only `disconnect`. */
function endClient(client: { destroy?: () => unknown; disconnect(): unknown }): void {
  try {
    const ending = typeof client.destroy === 'function' ? client.destroy() : client.disconnect()
    Promise.resolve(ending).catch(() => {})
  } catch {}
}
