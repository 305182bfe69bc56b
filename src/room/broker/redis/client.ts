import { describe } from '../../../options/read-options.ts'

/** An argument of a Redis command. */
export type RedisArgument = string | Buffer
/** A reply of Redis, with text as bytes. */
export type RedisReply = Buffer | string | number | null | RedisReply[]

/** The shape of a client of node-redis (`redis` on npm, 4 and later). */
export interface NodeRedisClient {
  readonly isReady: boolean
  // biome-ignore lint/suspicious/noExplicitAny: a shape that its many generic types fit
  sendCommand(args: any, options?: any): Promise<any>
  // biome-ignore lint/suspicious/noExplicitAny: see above
  duplicate(): any
  // biome-ignore lint/suspicious/noExplicitAny: see above
  on(event: string, listener: (...args: any[]) => void): unknown
  // biome-ignore lint/suspicious/noExplicitAny: see above
  off(event: string, listener: (...args: any[]) => void): unknown
}

/** The shape of a client of ioredis (5 and later). */
export interface IoRedisClient {
  readonly status: string
  // biome-ignore lint/suspicious/noExplicitAny: a shape that its many overloads fit
  callBuffer(command: string, args: any): Promise<any>
  // biome-ignore lint/suspicious/noExplicitAny: see above
  duplicate(): any
  // biome-ignore lint/suspicious/noExplicitAny: see above
  on(event: any, listener: (...args: any[]) => void): unknown
  // biome-ignore lint/suspicious/noExplicitAny: see above
  off(event: any, listener: (...args: any[]) => void): unknown
}

/** A client of either kind. */
export type RedisClient = NodeRedisClient | IoRedisClient

/** The state changes of a connection. */
export interface LinkEvents {
  onReady(): void
  /** It is lost, or could not be made. The client reconnects by itself. */
  onLost(error: unknown): void
}

/** A connection to Redis by either client. */
export interface RedisLink {
  readonly isReady: boolean
  call(args: readonly RedisArgument[]): Promise<RedisReply>
  /** Removes its listeners from the client. */
  release(): void
}

/** A connection that subscribes to channels. */
export interface RedisListener {
  readonly isReady: boolean
  subscribe(channels: string[]): Promise<void>
  unsubscribe(channels: string[]): Promise<void>
  close(): void
}

/**
 * Wraps the user's own client, for commands.
 *
 * @throws {TypeError} when it is neither a node-redis nor an ioredis client.
 */
export function openLink(client: RedisClient, events: LinkEvents): RedisLink {
  if (isIoRedis(client)) {
    return {
      get isReady() {
        return client.status === 'ready'
      },
      call: ([command, ...args]) => client.callBuffer(String(command), args),
      release: watch(client, events),
    }
  }
  if (typeof client?.sendCommand !== 'function' || typeof client.duplicate !== 'function') {
    throw new TypeError(`client is ${describe(client)}; allowed: a client of node-redis or ioredis`)
  }
  return {
    get isReady() {
      return client.isReady
    },
    call: (args) => client.sendCommand(args, AS_BYTES),
    release: watch(client, events),
  }
}

/** Opens a second connection like that of `client`, for the messages of channels. */
export function openListener(
  client: RedisClient,
  events: LinkEvents,
  onMessage: (channel: string, message: Buffer) => void,
): RedisListener {
  return isIoRedis(client) ? openIoListener(client, events, onMessage) : openNodeListener(client, events, onMessage)
}

function isIoRedis(client: RedisClient): client is IoRedisClient {
  return typeof (client as Partial<IoRedisClient> | null)?.callBuffer === 'function'
}

/** Bulk strings as bytes: `typeMapping` since node-redis 5, `returnBuffers` before. 36 is `$`, their type in RESP. */
const AS_BYTES = { typeMapping: { 36: Buffer }, returnBuffers: true }

function openNodeListener(
  client: NodeRedisClient,
  events: LinkEvents,
  onMessage: (channel: string, message: Buffer) => void,
): RedisListener {
  const own = client.duplicate()
  const release = watch(own, events)
  const listener = (message: Buffer, channel: Buffer): void => onMessage(String(channel), message)
  Promise.resolve(own.connect()).catch((error: unknown) => events.onLost(error))
  return {
    get isReady() {
      return own.isReady
    },
    subscribe: (channels) => own.subscribe(channels, listener, true),
    unsubscribe: (channels) => own.unsubscribe(channels, listener, true),
    close: () => {
      release()
      own.on('error', () => {})
      // `destroy` throws when there is no connection.
      try {
        if (typeof own.destroy === 'function') own.destroy()
        else void Promise.resolve(own.disconnect()).catch(() => {})
      } catch {}
    },
  }
}

function openIoListener(
  client: IoRedisClient,
  events: LinkEvents,
  onMessage: (channel: string, message: Buffer) => void,
): RedisListener {
  const own = client.duplicate()
  const release = watch(own, events)
  own.on('messageBuffer', (channel: Buffer, message: Buffer) => onMessage(String(channel), message))
  if (own.status === 'wait') own.connect().catch((error: unknown) => events.onLost(error))
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

/** Listens to the events of a client: an unhandled `'error'` would end the process. Returns a function that ends it. */
function watch(client: RedisClient, { onReady, onLost }: LinkEvents): () => void {
  const listeners: [string, (error?: unknown) => void][] = [
    ['ready', () => onReady()],
    ['error', (error) => onLost(error)],
    ['reconnecting', () => onLost(null)],
    ['close', () => onLost(null)],
    ['end', () => onLost(null)],
  ]
  for (const [event, listener] of listeners) client.on(event, listener)
  return () => {
    for (const [event, listener] of listeners) client.off(event, listener)
  }
}
