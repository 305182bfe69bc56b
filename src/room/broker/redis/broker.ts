import { type OptionRule, positive } from '../../../options/option-rule.ts'
import { readOptions } from '../../../options/read-options.ts'
import type {
  Broker,
  BrokerStats,
  HistoryOptions,
  HistoryRead,
  Outgoing,
  Position,
  Publication,
  TopicListener,
  TopicMessage,
} from '../broker.ts'
import { makeToken, selectAfter } from '../history.ts'
import { Publisher, type PublishLimits } from '../publisher.ts'
import { openLink, openListener, type RedisClient, type RedisLink, type RedisListener } from './client.ts'
import { RedisPresence } from './presence.ts'
import { runScript } from './script.ts'
import { RedisSubscriptions } from './subscriptions.ts'

export type { IoRedisClient, NodeRedisClient, RedisClient } from './client.ts'

/** Options of a `RedisBroker`. */
export interface RedisBrokerOptions extends PublishLimits {
  /** Precedes every key and channel, so that several applications can share one Redis. Default `dwebsocket`. */
  prefix?: string | undefined
  /** Milliseconds after which the presence of a process that has died expires. Default 30,000. */
  presenceTtl?: number | undefined
}

const rules = { prefix: text('dwebsocket'), presenceTtl: positive(30_000) }

function text(fallback: string): OptionRule<string> {
  return { fallback, type: 'string', allowed: 'a string', accepts: () => true }
}

/** How long the numbering of a silent topic is stored, in milliseconds; at least as long as any history. */
const TOPIC_TTL = 24 * 60 * 60 * 1000

/**
 * Joins the rooms and users of all processes that use the same Redis (5 or later, not a Redis Cluster) under the same
 * prefix. It uses your connected client of node-redis or ioredis, and opens a second connection like it to subscribe.
 *
 * While Redis is away, local delivery continues, publications wait within a limit, and presence covers only this
 * process; `stats()` says so. When it is back, subscriptions are renewed, what waited is published, each message once,
 * and members of rooms with history get what they missed; lost messages are reported as a gap.
 */
export class RedisBroker implements Broker {
  readonly origin = makeToken()
  readonly isShared = true
  /** Resolves when Redis is reached for the first time; until then every process is alone. */
  readonly ready: Promise<void>
  #resolveReady: () => void = () => {}
  readonly #prefix: string
  readonly #link: RedisLink
  readonly #listener: RedisListener
  readonly #publisher: Publisher
  readonly #subscriptions: RedisSubscriptions
  readonly #presence: RedisPresence
  /** Reads that wait for their mark on the own channel. */
  readonly #reads = new Map<string, () => void>()
  #readCount = 0
  #isUp = false
  #lossCount = 0
  #lastError: string | null = null
  #isClosed = false

  /**
   * @throws {TypeError} when the client is of another kind, or an option has the wrong type.
   * @throws {RangeError} when a value is not allowed.
   */
  constructor(client: RedisClient, options: RedisBrokerOptions = {}) {
    const { prefix, presenceTtl } = readOptions(rules, options)
    this.#prefix = prefix
    this.ready = new Promise((resolve) => {
      this.#resolveReady = resolve
    })
    const events = {
      onReady: () => this.#onReady(),
      onLost: (error: unknown) => this.#onLost(error),
    }
    this.#link = openLink(client, events)
    this.#publisher = new Publisher(options, (batch) => this.#publishAll(batch))
    this.#presence = new RedisPresence(this.#link, prefix, this.origin, presenceTtl)
    this.#listener = openListener(client, events, (channel, message) => this.#onMessage(channel, message))
    this.#subscriptions = new RedisSubscriptions(this.#listener, {
      channelOf: (topic) => `${prefix}:to:${topic}`,
      ownChannel: this.#ownChannel,
      locate: (topics) => this.#locate(topics),
      onError: (error) => this.#recordError(error),
    })
    this.#onReady()
  }

  subscribe(topic: string, listener: TopicListener): Promise<void> {
    return this.#subscriptions.add(topic, listener)
  }

  unsubscribe(topic: string): void {
    this.#subscriptions.remove(topic)
  }

  publish(topic: string, publication: Publication, history: HistoryOptions | null): null {
    if (!this.#isClosed) this.#publisher.publish(topic, publication, history)
    return null
  }

  async read(topic: string, after: Position): Promise<HistoryRead> {
    await this.#publisher.settled()
    this.#readCount += 1
    const number = String(this.#readCount)
    try {
      if (!this.#isUp || !this.#subscriptions.hasOwn) throw new Error('redis is away')
      const isInOrder = new Promise<void>((resolve) => this.#reads.set(number, resolve))
      const args = [...this.#topicArguments(), this.#ownChannel, number, topic, after.epoch, String(after.count)]
      const [epoch, count, ...entries] = ((await runScript(this.#link, 'read', args)) as Buffer[]).map(toBytes)
      await isInOrder
      const position = { epoch: String(epoch), count: Number(count) }
      const messages: TopicMessage[] = []
      for (let i = 0; i < entries.length; i += 2) {
        messages.push({ epoch: position.epoch, count: Number(entries[i]), ...parseText(entries[i + 1]) })
      }
      return selectAfter(messages, after, position)
    } catch (error) {
      this.#recordError(error)
      return { messages: [], isComplete: false, position: null }
    } finally {
      this.#reads.delete(number)
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
    const { count, bytes, publishedCount, droppedCount, lastError } = this.#publisher
    return {
      kind: 'redis',
      state: this.#isUp ? 'up' : 'away',
      waitingMessages: count,
      waitingBytes: bytes,
      publishedMessages: publishedCount,
      droppedMessages: droppedCount,
      losses: this.#lossCount,
      lastError: this.#lastError ?? this.#presence.lastError ?? lastError,
    }
  }

  /** Publishes what waits if it can, withdraws all announcements, and closes its own connection, not yours. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    await this.#publisher.settled()
    this.#isClosed = true
    await this.#presence.close()
    this.#publisher.stop()
    this.#subscriptions.stop()
    this.#link.release()
    this.#listener.close()
    this.#endReads()
  }

  get #ownChannel(): string {
    return `${this.#prefix}:of:${this.origin}`
  }

  /** The first arguments of every script that handles topics. */
  #topicArguments(): string[] {
    return [this.#prefix, makeToken(), String(TOPIC_TTL)]
  }

  async #publishAll(batch: readonly Outgoing[]): Promise<void> {
    if (!this.#link.isReady) throw new Error('redis is away')
    const args: (string | Buffer)[] = [...this.#topicArguments(), this.origin]
    for (const { topic, skipped, history, ...publication } of batch) {
      const stored = [String(history?.size ?? 0), String(history?.ttl ?? 0)]
      args.push(topic, String(publication.sequence), String(skipped), ...stored, formatBody(publication))
    }
    await runScript(this.#link, 'publish', args)
  }

  async #locate(topics: readonly string[]): Promise<void> {
    await runScript(this.#link, 'locate', [...this.#topicArguments(), this.#ownChannel, ...topics])
  }

  #onReady(): void {
    const isUp = this.#link.isReady && this.#listener.isReady
    if (this.#isClosed || !isUp) return
    this.#isUp = true
    this.#resolveReady()
    this.#subscriptions.renew()
    this.#presence.renew()
    this.#publisher.retry()
  }

  #onLost(error: unknown): void {
    if (error !== null) this.#recordError(error)
    if (this.#isUp) this.#lossCount += 1
    this.#isUp = false
    this.#subscriptions.onLost()
    this.#endReads()
  }

  #recordError(error: unknown): void {
    this.#lastError = String(error)
  }

  #endReads(): void {
    for (const resolve of this.#reads.values()) resolve()
    this.#reads.clear()
  }

  #onMessage(channel: string, message: Buffer): void {
    if (channel === this.#ownChannel) return this.#onOwnMessage(String(message))
    const [epoch, count, text] = splitOff(message, 2)
    const topic = channel.slice(this.#prefix.length + ':to:'.length)
    this.#subscriptions.onMessage(topic, { epoch, count: Number(count), ...parseText(text) })
  }

  #onOwnMessage(message: string): void {
    const [type, ...rest] = message.split(' ')
    if (type === 'read') return this.#reads.get(rest[0])?.()
    const [epoch, count, ...topic] = rest
    this.#subscriptions.onLocated(topic.join(' '), { epoch, count: Number(count) })
  }
}

/** A letter for text or binary, uppercase when the message must not be compressed, then the bytes. */
function formatBody({ payload, compress }: Publication): Buffer {
  const kind = typeof payload === 'string' ? 't' : 'b'
  const letter = Buffer.from(compress ? kind : kind.toUpperCase())
  return Buffer.concat([letter, typeof payload === 'string' ? Buffer.from(payload) : payload])
}

/** Parses `origin sequence body`. */
function parseText(text: Buffer): Publication & { origin: string } {
  const [origin, sequence, body] = splitOff(text, 2)
  const letter = body.toString('latin1', 0, 1)
  const kind = letter.toLowerCase()
  // A view would retain the whole buffer of the client.
  const payload = kind === 't' ? body.toString('utf8', 1) : Buffer.from(body.subarray(1))
  return { origin, sequence: Number(sequence), payload, compress: letter === kind }
}

/** Splits off the first fields of a message that may be binary. */
function splitOff(bytes: Buffer, count: 2): [string, string, Buffer] {
  const fields: string[] = []
  let at = 0
  while (fields.length < count) {
    const end = bytes.indexOf(0x20, at)
    fields.push(bytes.toString('latin1', at, end))
    at = end + 1
  }
  return [fields[0], fields[1], bytes.subarray(at)]
}

/** A client may return text as a string where it knows the type. */
function toBytes(reply: Buffer | string): Buffer {
  return typeof reply === 'string' ? Buffer.from(reply) : reply
}
