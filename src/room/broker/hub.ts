import { getHeapStatistics } from 'node:v8'
import { integer } from '../../options/option-rule.ts'
import { checkOptionNames, readOptions } from '../../options/read-options.ts'
import type { HistoryRead, Outgoing, Position, TopicMessage } from './broker.ts'
import { TopicLog } from './history.ts'
import { StoreMemory } from './store-memory.ts'

/** A process that publishes and subscribes. */
export interface HubClient {
  readonly origin: string
  onMessage(topic: string, message: TopicMessage): void
}

/** Options of `MemoryBroker` and `joinWorkers`, which store history in memory. */
export interface HubOptions {
  /**
   * Maximum size in bytes of the history of all rooms together. Above it, messages are dropped, beginning with the
   * oldest messages of the room that has been silent longest. Default 64 MiB, but at most an eighth of the heap size
   * limit.
   */
  historyBytes?: number | undefined
}

/** The rules of `HubOptions`. */
export const hubRules = {
  historyBytes: integer(Math.min(64 * 1024 * 1024, Math.floor(getHeapStatistics().heap_size_limit / 8))),
}

/** How long the numbering of a silent topic is stored, in milliseconds. Resuming from an older id leads to a gap. */
const TOPIC_TTL = 24 * 60 * 60 * 1000
const SWEEP_INTERVAL = 60_000
/** Maximum number of topics whose numbering is stored. The oldest is removed first. */
const MAX_TOPICS = 100_000

/** The topics, subscriptions and presence of several processes, in the memory of one of them. */
export class Hub {
  readonly #logs = new Map<string, TopicLog>()
  /** The logs with stored messages, in the order of their last message. */
  readonly #storing = new Set<TopicLog>()
  readonly #memory = new StoreMemory((bytes) => this.#release(bytes))
  readonly #historyBytes: number
  readonly #subscribers = new Map<string, Set<HubClient>>()
  readonly #presence = new Map<HubClient, Map<string, string>>()
  readonly #now: () => number
  #sweeper: NodeJS.Timeout | null = null

  /**
   * @throws {TypeError} when an option is unknown or not a number.
   * @throws {RangeError} when the value of an option is not allowed.
   */
  constructor(options: HubOptions = {}, now: () => number = () => performance.now()) {
    checkOptionNames(options, Object.keys(hubRules))
    this.#historyBytes = readOptions(hubRules, options).historyBytes
    this.#now = now
  }

  /** Size in bytes of the stored messages. */
  get historyBytes(): number {
    return this.#memory.used
  }

  /** Number of topics whose numbering is stored. */
  get topicCount(): number {
    return this.#logs.size
  }

  /** Subscribes a process to a topic. Returns the position of the topic. */
  subscribe(client: HubClient, topic: string): Position {
    const clients = this.#subscribers.get(topic)
    if (clients === undefined) this.#subscribers.set(topic, new Set([client]))
    else clients.add(client)
    return this.locate(topic)
  }

  unsubscribe(client: HubClient, topic: string): void {
    const clients = this.#subscribers.get(topic)
    if (clients?.delete(client) && clients.size === 0) this.#subscribers.delete(topic)
  }

  /** Numbers a message from the process `origin` and passes it to all subscribers, including that process. */
  publish(origin: string, outgoing: Outgoing): TopicMessage {
    const { topic } = outgoing
    const log = this.#logOf(topic)
    const message = log.append(origin, outgoing, this.#now())
    if (outgoing.history !== null) {
      this.#storing.delete(log)
      this.#storing.add(log)
      this.#release(this.#historyBytes)
    }
    const clients = this.#subscribers.get(topic)
    if (clients !== undefined) for (const client of clients) client.onMessage(topic, message)
    return message
  }

  read(topic: string, after: Position): HistoryRead {
    return this.#logOf(topic).read(after, this.#now())
  }

  locate(topic: string): Position {
    return this.#logOf(topic).position
  }

  /** Gives all topics a new epoch, because messages of unknown topics were lost. */
  renew(): void {
    for (const topic of [...this.#logs.keys()]) this.#forget(topic)
  }

  announce(client: HubClient, key: string, value: string | null): void {
    const values = this.#presence.get(client) ?? new Map<string, string>()
    this.#presence.set(client, values)
    if (value === null) values.delete(key)
    else values.set(key, value)
  }

  /** Returns the values that all processes except `client` announce under a key. */
  presence(client: HubClient, key: string): string[] {
    return [...this.#others(client)].flatMap((values) => values.get(key) ?? [])
  }

  presenceKeys(client: HubClient, prefix: string): string[] {
    const keys = [...this.#others(client)].flatMap((values) => [...values.keys()])
    return [...new Set(keys.filter((key) => key.startsWith(prefix)))]
  }

  /** Removes a process that has exited. */
  remove(client: HubClient): void {
    this.#presence.delete(client)
    for (const topic of [...this.#subscribers.keys()]) this.unsubscribe(client, topic)
  }

  /** Drops the history, whose memory would otherwise count until it expires. */
  close(): void {
    this.#release(0)
    if (this.#sweeper !== null) clearInterval(this.#sweeper)
    this.#sweeper = null
  }

  *#others(client: HubClient): Iterable<Map<string, string>> {
    for (const [other, values] of this.#presence) if (other !== client) yield values
  }

  #logOf(topic: string): TopicLog {
    let log = this.#logs.get(topic)
    if (log === undefined) {
      this.#makeRoom()
      log = new TopicLog((bytes) => this.#memory.change(bytes))
      log.touchedAt = this.#now()
      this.#logs.set(topic, log)
      this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_INTERVAL).unref()
    }
    return log
  }

  #makeRoom(): void {
    if (this.#logs.size < MAX_TOPICS) return
    const [oldest] = this.#logs.keys()
    this.#forget(oldest)
  }

  #forget(topic: string): void {
    const log = this.#logs.get(topic)
    if (log === undefined) return
    log.drop(log.size)
    this.#storing.delete(log)
    this.#logs.delete(topic)
  }

  /** Drops stored messages until at most `bytes` are left. */
  #release(bytes: number): void {
    for (const log of this.#storing) {
      while (this.#memory.used > bytes && log.size > 0) log.drop(1)
      if (log.size === 0) this.#storing.delete(log)
      if (this.#memory.used <= bytes) return
    }
  }

  #sweep(): void {
    const now = this.#now()
    for (const [topic, log] of this.#logs) {
      log.expire(now)
      if (now - log.touchedAt > TOPIC_TTL && !this.#subscribers.has(topic)) this.#forget(topic)
    }
    if (this.#logs.size === 0) this.close()
  }
}
