import { WebSocketError } from '../../../core/errors.ts'
import { integer, milliseconds, type OptionRule } from '../../../options/option-rule.ts'
import { checkOptionNames, readOptions } from '../../../options/read-options.ts'
import type {
  Broker,
  BrokerStats,
  HistoryOptions,
  HistoryRead,
  Position,
  Publication,
  TopicListener,
} from '../broker.ts'
import { makeToken } from '../history.ts'
import { Publisher, type PublisherOptions, publisherRules } from '../publisher.ts'
import type { RedisClient } from './client.ts'
import { RedisConnection } from './connection.ts'
import { RedisHeartbeat } from './heartbeat.ts'
import { decodeName, RedisNames } from './names.ts'
import { RedisPresence } from './presence.ts'
import { RedisSubscriptions } from './subscriptions.ts'
import { TopicCommands } from './topic-commands.ts'

export type {
  IoRedisClient,
  IoRedisCluster,
  NodeRedisClient,
  NodeRedisCluster,
  NodeRedisSentinel,
  RedisClient,
} from './client.ts'

/** Options of a `RedisBroker`. */
export interface RedisBrokerOptions extends PublisherOptions {
  /** Prefix of all keys and channels, so that several applications can share one Redis. Default `dwebsocket`. */
  prefix?: string | undefined
  /** Time in milliseconds after which the presence of a crashed process expires. Default 30,000. */
  presenceTtl?: number | undefined
  /**
   * Maximum size in bytes of the history of all rooms under the prefix. Above it, messages are dropped, beginning with
   * the oldest messages of the room that has been silent longest. Default 64 MiB.
   */
  historyBytes?: number | undefined
}

const rules = {
  ...publisherRules,
  prefix: text('dwebsocket'),
  presenceTtl: milliseconds(30_000),
  historyBytes: integer(64 * 1024 * 1024),
}

function text(fallback: string): OptionRule<string> {
  return { fallback, type: 'string', allowed: 'a string', accepts: () => true }
}

/** Time in milliseconds after which `ready` resolves in any case. */
const READY_TIMEOUT = 10_000

/**
 * Connects the rooms and users of all processes that use the same Redis (5 or later) with the same prefix. The broker
 * uses your open client of node-redis or ioredis (for a single server, sentinels or a cluster), and opens a second
 * connection with the same options to subscribe. In a Redis Cluster, all keys are in one slot and thus on one node.
 *
 * While Redis is unavailable or refuses commands, local delivery continues, publications wait in a bounded queue,
 * presence covers only this process, and `stats()` returns the state `away`. The broker waits at most `timeout` for
 * each reply from Redis. When Redis is back, the broker subscribes again and publishes each waiting message once.
 * Members of rooms with history get the messages that they missed. Lost messages are reported as a gap.
 */
export class RedisBroker implements Broker {
  readonly origin = makeToken()
  readonly isShared = true
  /**
   * Resolves to true when Redis is reached for the first time. Resolves to false when that takes more than ten seconds,
   * or when the broker is closed first. Until Redis is reached, this process works alone.
   */
  readonly ready: Promise<boolean>
  #resolveReady: (isReady: boolean) => void = () => {}
  readonly #timeout: number
  readonly #names: RedisNames
  readonly #connection: RedisConnection
  readonly #commands: TopicCommands
  readonly #publisher: Publisher
  readonly #heartbeat: RedisHeartbeat
  readonly #subscriptions: RedisSubscriptions
  readonly #presence: RedisPresence
  #lastError: string | null = null
  #isClosed = false

  /**
   * @throws {TypeError} when the client is not supported or not open, or an option is unknown or has the wrong type.
   * @throws {RangeError} when the value of an option is not allowed.
   */
  constructor(client: RedisClient, options: RedisBrokerOptions = {}) {
    checkOptionNames(options, Object.keys(rules))
    const settings = readOptions(rules, options)
    const { prefix, presenceTtl, timeout, historyBytes } = settings
    this.#timeout = timeout
    this.#publisher = new Publisher(settings, async (batch, renewal) => {
      await this.#commands.publish(batch, renewal).catch((error) => {
        this.#recordError(error)
        throw error
      })
    })
    this.ready = new Promise((resolve) => {
      this.#resolveReady = resolve
      setTimeout(resolve, READY_TIMEOUT, false).unref()
    })
    const onError = (error: unknown): void => this.#recordError(error)
    this.#connection = new RedisConnection(client, timeout, {
      onReady: () => this.#onReady(),
      onLost: () => this.#subscriptions.onLost(),
      onError: (error) => {
        onError(error)
        // Not every client reports whether an error has closed its connection.
        void this.#heartbeat.beat()
      },
      onMessage: (channel, message) => this.#onMessage(channel, message),
    })
    this.#names = new RedisNames(prefix, this.origin, this.#connection.isCluster)
    this.#commands = new TopicCommands(this.#connection, this.#names, this.origin, historyBytes)
    this.#presence = new RedisPresence(this.#connection, this.#names, {
      origin: this.origin,
      ttl: presenceTtl,
      onError,
    })
    this.#subscriptions = new RedisSubscriptions(this.#connection, this.#names, {
      locate: (topics) => this.#commands.locate(topics),
      onError,
    })
    this.#heartbeat = new RedisHeartbeat(timeout, {
      canBeat: () => this.#connection.isReady && this.#subscriptions.hasOwnChannel,
      publishMark: (mark) => this.#commands.mark(mark),
      onMissed: (error) => {
        onError(error)
        this.#subscriptions.renew()
      },
    })
    this.#connection.check()
  }

  subscribe(topic: string, listener: TopicListener): Promise<void> {
    return this.#subscriptions.add(topic, listener, this.#timeout)
  }

  unsubscribe(topic: string): void {
    this.#subscriptions.remove(topic)
  }

  publish(topic: string, publication: Publication, history: HistoryOptions | null): null {
    if (!this.#isClosed) this.#publisher.publish(topic, publication, history)
    return null
  }

  async read(topic: string, after: Position): Promise<HistoryRead> {
    try {
      if (!this.#subscriptions.hasOwnChannel) throw new WebSocketError('ERR_WS_BROKER', 'redis is unavailable')
      // The history must include what this process has published.
      if (!(await this.#publisher.settled()))
        throw new WebSocketError('ERR_WS_BROKER', 'messages from this process could not be published')
      return await this.#heartbeat.send((mark) => this.#commands.read(topic, after, mark))
    } catch (error) {
      this.#recordError(error)
      return { messages: [], isComplete: false, position: null }
    }
  }

  announce(key: string, value: string | null): void {
    this.#presence.announce(key, value)
  }

  presence(key: string): Promise<string[]> {
    return this.#presence.read(key)
  }

  async presenceKeys(prefix: string): Promise<string[]> {
    const keys = await this.#presence.read()
    return [...new Set(keys.filter((key) => key.startsWith(prefix)))]
  }

  stats(): BrokerStats {
    const { count, bytes, publishedCount, droppedCount } = this.#publisher
    return {
      kind: 'redis',
      state: this.#isUp ? 'up' : 'away',
      waitingMessages: count,
      waitingBytes: bytes,
      publishedMessages: publishedCount,
      droppedMessages: droppedCount,
      losses: this.#connection.lossCount,
      lastError: this.#lastError,
    }
  }

  /**
   * Publishes the waiting messages if possible, withdraws all announcements, and closes the second connection. Your
   * client stays open.
   */
  async close(): Promise<void> {
    if (this.#isClosed) return
    await this.#publisher.settled()
    this.#isClosed = true
    this.#heartbeat.stop()
    await this.#presence.close()
    this.#publisher.stop()
    this.#subscriptions.stop()
    this.#connection.close()
    this.#resolveReady(false)
  }

  /** Whether messages are delivered in both directions, which an open connection does not prove. */
  get #isUp(): boolean {
    const parts = [this.#publisher, this.#subscriptions, this.#presence, this.#heartbeat]
    return !this.#isClosed && this.#connection.isReady && !parts.some(({ isFailing }) => isFailing)
  }

  #onReady(): void {
    if (this.#isClosed) return
    this.#resolveReady(true)
    this.#subscriptions.renew()
    this.#presence.renew()
    this.#publisher.retry()
  }

  #recordError(error: unknown): void {
    this.#lastError = String(error)
  }

  #onMessage(channel: string, message: Buffer): void {
    if (channel === this.#names.ownChannel) return this.#onOwnMessage(String(message))
    this.#subscriptions.onMessage(channel, message)
  }

  #onOwnMessage(message: string): void {
    const [type, ...rest] = message.split(' ')
    if (type === 'mark') return this.#heartbeat.onMark(rest[0])
    const [epoch, count, ...topic] = rest
    this.#subscriptions.onLocated(decodeName(topic.join(' ')), { epoch, count: Number(count) })
  }
}
