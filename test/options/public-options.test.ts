import { EventEmitter } from 'node:events'
import { Server } from 'node:http'
import { ReconnectingWebSocket } from '../../src/client/browser.ts'
import {
  accept_websocket,
  connect,
  createServer,
  defaultLimits,
  joinWorkers,
  MemoryBroker,
  Rooms,
  require_websocket,
  Users,
  WebSocketMiddleware,
  WebSocketServer,
  webSocketStream,
} from '../../src/index.ts'
import { RedisBroker } from '../../src/index-redis.ts'
import { FakePrimary } from '../support/fake-cluster.ts'
import { assert, suite, thrownBy } from '../support/unit.ts'

/* Every option of every public function, with every kind of wrong value. */

const test = suite('public options')

/** An array that contains itself. */
const cyclic: unknown[] = []
cyclic.push(cyclic)

/** Values of every kind. Each option lists the few that it accepts. */
const values: Record<string, unknown> = {
  NaN: Number.NaN,
  minusZero: -0,
  Infinity: Number.POSITIVE_INFINITY,
  minusInfinity: Number.NEGATIVE_INFINITY,
  minusOne: -1,
  fraction: 1.5,
  unsafe: 2 ** 53,
  longTimer: 2 ** 31,
  digits: '5',
  empty: '',
  bigint: 5n,
  symbol: Symbol('five'),
  null: null,
  true: true,
  false: false,
  function: () => {},
  object: {},
  frozen: Object.freeze({}),
  withoutPrototype: Object.create(null),
  array: [],
  arrayOfNumber: [1],
  cyclic,
  manyElements: new Array(100_000).fill(5),
  date: new Date(),
  map: new Map([['/', 1]]),
  promise: Promise.resolve({}),
  boxed: new Number(5),
  headers: new Headers({ a: 'b' }),
}

const positive = 'Infinity fraction unsafe longTimer'
const size = 'longTimer'
const flag = 'true false'
const records = 'object frozen withoutPrototype'
const rate = 'null'
const none = ''

const limits = {
  ...Object.fromEntries(Object.keys(defaultLimits).map((name) => [name, positive])),
  minPayloadRate: `minusZero ${positive}`,
  overflow: none,
  overRate: none,
  messageRate: rate,
  byteRate: rate,
  pingRate: rate,
}
const policy = { origins: 'array function', authorize: 'function', subprotocols: 'array' }
const session = {
  heartbeat: flag,
  queueHighCount: size,
  queueHighBytes: size,
  queueLowCount: 'minusZero',
  queueLowBytes: 'minusZero',
}
const server = {
  ...policy,
  ...limits,
  maxConnections: positive,
  maxConnectionsPerAddress: positive,
  maxMemory: positive,
  trustedProxies: 'array',
  handshakeTimeout: none,
  keepAliveTimeout: 'minusZero',
  maxHeaderSize: none,
  http2: flag,
  originWarnings: flag,
  onError: 'function',
  deflate: `${flag} ${records}`,
}
const deflate = {
  threshold: `minusZero ${size}`,
  level: 'minusZero',
  memLevel: none,
  serverMaxWindowBits: none,
  clientMaxWindowBits: none,
  serverContextTakeover: flag,
  clientContextTakeover: flag,
  maxCompressionMemory: `minusZero ${size}`,
}
const delivery = { slow: none, slowBytes: size, backlogBytes: size, broker: 'null', onError: 'function' }
const time = 'minusZero'
const publisher = { maxWaitingMessages: size, maxWaitingBytes: size, timeout: none }

/** A client of node-redis that never becomes ready. */
function fakeRedis(): object {
  const client = Object.assign(new EventEmitter(), {
    isOpen: true,
    isReady: false,
    sendCommand: () => new Promise(() => {}),
    duplicate: fakeRedis,
    connect: () => new Promise(() => {}),
    destroy() {},
    disconnect() {},
  })
  return client
}

class SilentWebSocket extends EventTarget {
  readyState = 0
  close(): void {}
}

/** Adds an environment with a WebSocket, which Node 20 lacks, unless `options` is a value of another kind. */
function reconnecting(options: object): void {
  const isRecord = Object.prototype.toString.call(options) === '[object Object]'
  const environment = { WebSocket: SilentWebSocket }
  // On Node 20, an environment without a WebSocket is refused.
  globalThis.WebSocket ??= SilentWebSocket as never
  new ReconnectingWebSocket('ws://peer/', [], (isRecord ? { environment, ...options } : options) as never).close()
}

/** The functions by name. Each has its options, with the values that each option accepts, and its call. */
const functions: Record<string, [options: Record<string, string>, call: (options: never) => unknown]> = {
  createServer: [{ ...server, ...session, urls: records, WEBSOCKET_ACCEPT_ALL: flag }, (o) => createServer(o)],
  WebSocketServer: [server, (o) => new WebSocketServer(o)],
  WebSocketMiddleware: [
    { ...server, ...session, WEBSOCKET_ACCEPT_ALL: flag },
    (o) => new WebSocketMiddleware(new Server(), o),
  ],
  accept_websocket: [{ ...policy, ...limits, ...session }, (o) => accept_websocket(() => {}, o)],
  require_websocket: [{ ...policy, ...limits, ...session }, (o) => require_websocket(() => {}, o)],
  connect: [
    {
      ...limits,
      subprotocols: 'array',
      headers: records,
      deflate: `${flag} ${records}`,
      handshakeTimeout: none,
      maxRedirects: `minusZero ${size}`,
      http2: flag,
      createConnection: 'function',
      socketPath: 'digits',
      signal: none,
      tls: records,
      agent: none,
      onError: 'function',
    },
    (o) => connect('ws://127.0.0.1:1/', o),
  ],
  ClusterBroker: [publisher, (o) => new FakePrimary().addWorker(o)],
  joinWorkers: [{ historyBytes: size }, (o) => joinWorkers(o)],
  RedisBroker: [
    { ...publisher, prefix: 'digits empty', presenceTtl: none, historyBytes: size },
    (o) => void new RedisBroker(fakeRedis() as never, o).close(),
  ],
  deflate: [deflate, (o) => createServer({ deflate: o })],
  Rooms: [{ ...delivery, history: 'null', maxRooms: size }, (o) => new Rooms(o)],
  Users: [delivery, (o) => new Users(o)],
  MemoryBroker: [{ historyBytes: size }, (o) => new MemoryBroker(o)],
  shutdown: [
    { drain: `${time} ${positive}`, jitter: `${time} ${positive}`, deadline: `${time} ${positive}`, code: none },
    (o) => createServer().shutdown(o),
  ],
  ReconnectingWebSocket: [
    {
      minDelay: time,
      maxDelay: time,
      maxAttempts: `minusZero Infinity ${size}`,
      connectTimeout: none,
      heartbeatInterval: time,
      heartbeatTimeout: none,
      maxOutboxBytes: `minusZero Infinity ${size}`,
      maxOutboxCount: `minusZero Infinity ${size}`,
      shouldReconnect: 'function',
      lastId: 'function',
      resumeUrl: 'function',
      signal: none,
      environment: records,
    },
    (o) => reconnecting(o),
  ],
}

/**
 * Resolves to the error of an option that `call` throws, or rejects with before it uses the network. Resolves to null
 * without an error.
 */
async function optionError(call: () => unknown): Promise<Error | null> {
  const settled = (async () => call())().then(
    () => null,
    (error: Error) => (/^(?!no response).*; allowed: /.test(error.message) ? error : null),
  )
  return Promise.race([settled, new Promise<null>((resolve) => setImmediate(resolve, null))])
}

for (const [name, [options, call]] of Object.entries(functions)) {
  test(`${name} refuses every wrong value of an option at once, with what is allowed`, async () => {
    for (const [option, accepted] of Object.entries(options)) {
      for (const [kind, value] of Object.entries(values)) {
        const error = await optionError(() => call({ [option]: value } as never))
        const what = `${option}: ${kind}`
        assert.is(error === null, accepted.split(' ').includes(kind), `${what}: ${error?.message}`)
        if (error === null) continue
        assert.match(error.name, /^(TypeError|RangeError)$/, what)
        assert.match(error.message, new RegExp(`^(option (deflate\\.)?${option}(\\.size)?|close ${option}) is `), what)
        assert.ok(error.message.length < 600, `${what}: ${error.message.length}`)
      }
    }
  })

  test(`${name} refuses options that are not an object of options`, async () => {
    for (const kind of Object.keys(values)) {
      if (records.split(' ').includes(kind)) continue
      const error = await optionError(() => call(values[kind] as never))
      const isOff = name === 'deflate' && ['true', 'false'].includes(kind)
      assert.is(error === null, isOff, `${kind}: ${error?.message}`)
    }
  })
}

test('reads options that a class inherits, and checks them', async () => {
  class Options {
    get maxMessageSize(): number {
      return -1
    }
  }
  for (const [name, [, call]] of Object.entries(functions)) {
    if (!['createServer', 'WebSocketServer', 'WebSocketMiddleware', 'accept_websocket', 'connect'].includes(name))
      continue
    const error = await optionError(() => call(new Options() as never))
    assert.is(error?.message, 'option maxMessageSize is -1; allowed: a positive number', name)
  }
})

test('passes on what a getter or a proxy throws', async () => {
  const failing = {
    get maxMessageSize(): never {
      throw new Error('of the getter')
    },
  }
  const proxy = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('of the proxy')
      },
    },
  )
  for (const name of ['createServer', 'WebSocketServer', 'WebSocketMiddleware', 'accept_websocket']) {
    const [, call] = functions[name]!
    assert.is((await thrownBy(() => call(failing as never))).message, 'of the getter')
    assert.is((await thrownBy(() => call(proxy as never))).message, 'of the proxy')
  }
})

test('attach and WebSocketMiddleware refuse what is not a server of Node, such as an app of Express', async () => {
  const app = Object.assign(() => {}, { prependListener() {}, on() {}, listen() {} })
  for (const value of [...Object.values(values), app]) {
    for (const call of [() => createServer().attach(value as never), () => new WebSocketMiddleware(value as never)]) {
      const { name, message } = await thrownBy(call)
      assert.is(name, 'TypeError')
      assert.match(message, /^httpServer is .*; allowed: a server of node:http, node:https or node:http2$/)
    }
  }
})

test('webSocketStream refuses what is neither a session nor a connection', async () => {
  for (const value of Object.values(values)) {
    const { name, message } = await thrownBy(() => webSocketStream(value as never))
    assert.is(name, 'TypeError')
    assert.match(message, /^target is .*; allowed: a session or a connection from connect$/)
  }
})
