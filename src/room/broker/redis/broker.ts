import { makeToken, selectAfter } from '../../history.ts'
import type {
  Broker,
  BrokerStats,
  HistoryOptions,
  HistoryRead,
  Position,
  Publication,
  TopicListener,
  TopicMessage,
} from '../broker.ts'
import { type Outgoing, Publisher, type PublishLimits } from '../publisher.ts'
import { openLink, openListener, type RedisClient, type RedisLink, type RedisListener } from './client.ts'
import { RedisPresence } from './presence.ts'
import { runScript } from './script.ts'
import { RedisSubscriptions } from './subscriptions.ts'

export type { IoRedisClient, NodeRedisClient, RedisClient } from './client.ts'

/** How rooms use Redis. */
export interface RedisBrokerOptions extends PublishLimits {
  /** What stands before every key and channel, so that several applications share one Redis. Default `dwebsocket`. */
  prefix?: string
  /** Milliseconds after which the presence of a process that has died is gone. Default 30 s. */
  presenceTtl?: number
}

/** How long the numbering of a silent topic is kept, in milliseconds; at least as long as any history. */
const TOPIC_TTL = 24 * 60 * 60 * 1000

/**
 * Joins the rooms and users of all processes that use the same Redis (5 or later, not a Redis Cluster) under the same
 * prefix. It takes your connected client of node-redis or ioredis and opens one more like it for what is published.
 *
 * While Redis is away local delivery goes on, what is published waits within a bound, and presence tells only of this
 * process; `stats()` says so. When it is back subscriptions are renewed, what waited is published, each message once,
 * and members of rooms with history get what they missed; what is lost is reported as a gap.
 */
export class RedisBroker implements Broker {
  readonly origin = makeToken()
  readonly isShared = true
  /** Resolves when Redis was reached for the first time: until then every process is on its own. */
  readonly ready: Promise<void>
  #tellReady: () => void = () => {}
  readonly #prefix: string
  readonly #link: RedisLink
  readonly #listener: RedisListener
  readonly #publisher: Publisher
  readonly #subscriptions: RedisSubscriptions
  readonly #presence: RedisPresence
  /** Reads whose word on the own channel is awaited. */
  readonly #reads = new Map<string, () => void>()
  #readCount = 0
  #isUp = false
  #lossCount = 0
  #lastError: string | null = null
  #isClosed = false

  /**
   * @throws {TypeError} for a client of another kind
   * @throws {RangeError} for a `presenceTtl` that is no positive number
   */
  constructor(client: RedisClient, options: RedisBrokerOptions = {}) {
    const { prefix = 'dwebsocket', presenceTtl = 30_000 } = options
    if (!(presenceTtl > 0)) throw new RangeError(`option presenceTtl is ${presenceTtl}; a positive number is allowed`)
    this.#prefix = prefix
    this.ready = new Promise((resolve) => {
      this.#tellReady = resolve
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
      onError: (error) => this.#note(error),
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
      const args = [...this.#head(), this.#ownChannel, number, topic, after.epoch, String(after.count)]
      const [epoch, count, ...entries] = ((await runScript(this.#link, 'read', args)) as Buffer[]).map(toBytes)
      await isInOrder
      const position = { epoch: String(epoch), count: Number(count) }
      const messages: TopicMessage[] = []
      for (let i = 0; i < entries.length; i += 2) {
        messages.push({ epoch: position.epoch, count: Number(entries[i]), ...parseText(entries[i + 1]) })
      }
      return selectAfter(messages, after, position)
    } catch (error) {
      this.#note(error)
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

  async presenceKeys(beginning: string): Promise<string[]> {
    const keys = await this.#presence.read()
    return [...new Set(keys.filter((key) => key.startsWith(beginning)))]
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

  /** Publishes what waits if it can, withdraws what was announced and closes its own connection, not yours. */
  async close(): Promise<void> {
    if (this.#isClosed) return
    await this.#publisher.settled()
    this.#isClosed = true
    await this.#presence.close()
    this.#publisher.stop()
    this.#subscriptions.stop()
    this.#link.release()
    this.#listener.close()
    this.#letGo()
  }

  get #ownChannel(): string {
    return `${this.#prefix}:of:${this.origin}`
  }

  /** The first arguments of every script that deals with topics. */
  #head(): string[] {
    return [this.#prefix, makeToken(), String(TOPIC_TTL)]
  }

  async #publishAll(batch: readonly Outgoing[]): Promise<void> {
    if (!this.#link.isReady) throw new Error('redis is away')
    const args: (string | Buffer)[] = [...this.#head(), this.origin]
    for (const { topic, skipped, history, ...publication } of batch) {
      const kept = [String(history?.size ?? 0), String(history?.ttl ?? 0)]
      args.push(topic, String(publication.sequence), String(skipped), ...kept, formatBody(publication))
    }
    await runScript(this.#link, 'publish', args)
  }

  async #locate(topics: readonly string[]): Promise<void> {
    await runScript(this.#link, 'locate', [...this.#head(), this.#ownChannel, ...topics])
  }

  #onReady(): void {
    const isUp = this.#link.isReady && this.#listener.isReady
    if (this.#isClosed || !isUp) return
    this.#isUp = true
    this.#tellReady()
    this.#subscriptions.renew()
    this.#presence.renew()
    this.#publisher.retry()
  }

  #onLost(error: unknown): void {
    if (error !== null) this.#note(error)
    if (this.#isUp) this.#lossCount += 1
    this.#isUp = false
    this.#subscriptions.onLost()
    this.#letGo()
  }

  #note(error: unknown): void {
    this.#lastError = String(error)
  }

  #letGo(): void {
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
    const [word, ...rest] = message.split(' ')
    if (word === 'read') return this.#reads.get(rest[0])?.()
    const [epoch, count, ...topic] = rest
    this.#subscriptions.onLocated(topic.join(' '), { epoch, count: Number(count) })
  }
}

/** A letter for the kind, large for what is not to be compressed, then the bytes. */
function formatBody({ payload, compress }: Publication): Buffer {
  const kind = typeof payload === 'string' ? 't' : 'b'
  const letter = Buffer.from(compress ? kind : kind.toUpperCase())
  return Buffer.concat([letter, typeof payload === 'string' ? Buffer.from(payload) : payload])
}

/** Reads `origin sequence body`. */
function parseText(text: Buffer): Publication & { origin: string } {
  const [origin, sequence, body] = splitOff(text, 2)
  const letter = body.toString('latin1', 0, 1)
  const kind = letter.toLowerCase()
  // A view of a larger buffer of the client's would keep all of it alive.
  const payload = kind === 't' ? body.toString('utf8', 1) : Buffer.from(body.subarray(1))
  return { origin, sequence: Number(sequence), payload, compress: letter === kind }
}

/** Cuts words off the front of a message that may be binary. */
function splitOff(bytes: Buffer, wordCount: 2): [string, string, Buffer] {
  const words: string[] = []
  let at = 0
  while (words.length < wordCount) {
    const end = bytes.indexOf(0x20, at)
    words.push(bytes.toString('latin1', at, end))
    at = end + 1
  }
  return [words[0], words[1], bytes.subarray(at)]
}

/** A client may give texts as strings where it knows their type. */
function toBytes(reply: Buffer | string): Buffer {
  return typeof reply === 'string' ? Buffer.from(reply) : reply
}
