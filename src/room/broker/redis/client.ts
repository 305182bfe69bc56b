import { describe } from '../../../options/read-options.ts'

// Uses `any`, so that the generic and overloaded types of both libraries match.
// biome-ignore-start lint/suspicious/noExplicitAny: see above

interface Emitter {
  on(event: any, listener: (...args: any[]) => void): unknown
  off(event: any, listener: (...args: any[]) => void): unknown
}

/** A client of node-redis (`redis` on npm, 4 or later), created by `createClient`. */
export interface NodeRedisClient extends Emitter {
  readonly isOpen: boolean
  readonly isReady: boolean
  sendCommand(args: any, options?: any): Promise<any>
  duplicate(): any
}

/** A cluster client of node-redis (4 or later), created by `createCluster`. */
export interface NodeRedisCluster extends Emitter {
  readonly isOpen: boolean
  readonly masters: readonly any[]
  nodeClient(node: any): any
  sendCommand(firstKey: any, isReadonly: any, args: any, options?: any): Promise<any>
}

/** A sentinel client of node-redis (5 or later), created by `createSentinel`. */
export interface NodeRedisSentinel extends Emitter {
  readonly isOpen: boolean
  readonly isReady: boolean
  getMasterNode(): any
  sendCommand(isReadonly: any, args: any, options?: any): Promise<any>
  duplicate(): any
}

/** A `Redis` client of ioredis (5 or later), with or without `sentinels`. */
export interface IoRedisClient extends Emitter {
  readonly status: string
  readonly isCluster?: boolean | undefined
  callBuffer(command: string, args: any): Promise<any>
  connect(): Promise<unknown>
  duplicate(options?: any): any
}

/** A `Cluster` client of ioredis (5 or later). */
export interface IoRedisCluster extends Emitter {
  readonly status: string
  readonly isCluster: boolean
  callBuffer(command: string, args: any): Promise<any>
  connect(): Promise<unknown>
  nodes(role?: any): any[]
}

// biome-ignore-end lint/suspicious/noExplicitAny: see above

/** A client that a `RedisBroker` accepts. */
export type RedisClient = NodeRedisClient | NodeRedisCluster | NodeRedisSentinel | IoRedisClient | IoRedisCluster

/** An argument of a Redis command. */
export type RedisArgument = string | Buffer
/** A reply from Redis. Text is returned as bytes. */
export type RedisReply = Buffer | string | number | null | RedisReply[]

/** A connection for commands, which uses the user's client. */
export interface RedisLink {
  /** Whether all keys must be in one slot of a Redis Cluster. */
  readonly isCluster: boolean
  readonly isReady: boolean
  /** Runs a command. In a cluster, it runs on the node of `key`. */
  call(key: string, args: readonly RedisArgument[]): Promise<RedisReply>
  /** Removes the listeners that were added to the client. */
  release(): void
}

/** A connection that subscribes to channels. */
export interface RedisListener {
  readonly isReady: boolean
  subscribe(channels: string[]): Promise<unknown>
  unsubscribe(channels: string[]): Promise<unknown>
  close(): void
}

/** The callbacks of a connection. */
export interface ConnectionEvents {
  /** Called when `isReady` may have changed. `error` is null when there was no error. */
  onChange(error: unknown): void
  onMessage(channel: string, message: Buffer): void
}

/** A recognized client. */
export type Recognized =
  | { readonly kind: 'node-redis'; readonly client: NodeRedisClient }
  | { readonly kind: 'node-redis cluster'; readonly client: NodeRedisCluster }
  | { readonly kind: 'node-redis sentinel'; readonly client: NodeRedisSentinel }
  | { readonly kind: 'ioredis'; readonly client: IoRedisClient }
  | { readonly kind: 'ioredis cluster'; readonly client: IoRedisCluster }

const ALLOWED =
  'an open client of node-redis (createClient, createCluster or createSentinel) or of ioredis (Redis or Cluster)'

/**
 * Determines the kind of a client from its methods, because the libraries are not imported.
 *
 * @throws {TypeError} when the client is of another kind, is a pool, only subscribes, or is not open.
 */
export function recognizeClient(client: RedisClient): Recognized {
  const has = (...names: string[]): boolean => names.every((name) => typeof readField(client, name) === 'function')
  if (has('callBuffer', 'connect', 'on', 'off') && typeof readField(client, 'status') === 'string') {
    return recognizeIoRedis(client as IoRedisClient | IoRedisCluster)
  }
  if (!has('sendCommand', 'on', 'off') || typeof readField(client, 'isOpen') !== 'boolean')
    throw refuse(describe(client))
  const kind = has('nodeClient')
    ? 'node-redis cluster'
    : has('getMasterNode', 'duplicate')
      ? 'node-redis sentinel'
      : has('duplicate') && typeof readField(client, 'isReady') === 'boolean'
        ? 'node-redis'
        : null
  // A pool distributes commands over several connections and cannot subscribe.
  if (kind === null) throw refuse(has('execute') ? 'a pool of node-redis' : describe(client))
  if (!(client as NodeRedisClient).isOpen) throw refuse(`a ${kind} client that is not open (call connect() first)`)
  return { kind, client } as Recognized
}

function recognizeIoRedis(client: IoRedisClient | IoRedisCluster): Recognized {
  const name = client.isCluster === true ? 'ioredis cluster' : 'ioredis'
  if (client.status === 'end') throw refuse(`an ${name} client that is closed`)
  if (readField(client, 'mode') === 'subscriber') throw refuse(`an ${name} client that subscribes to channels`)
  return { kind: name, client } as Recognized
}

function refuse(found: string): TypeError {
  return new TypeError(`client is ${found}; allowed: ${ALLOWED}`)
}

function readField(client: unknown, name: string): unknown {
  return client === null || client === undefined ? undefined : (client as Record<string, unknown>)[name]
}

/**
 * Adds listeners to a client, because an unhandled `'error'` event would end the process. Returns a function that
 * removes them.
 */
export function watchClient(client: Emitter, names: readonly string[], onChange: (error: unknown) => void): () => void {
  const onEvent = (): void => onChange(null)
  const onError = (error: unknown): void => onChange(error)
  for (const name of names) client.on(name, onEvent)
  client.on('error', onError)
  return () => {
    for (const name of names) client.off(name, onEvent)
    client.off('error', onError)
  }
}
