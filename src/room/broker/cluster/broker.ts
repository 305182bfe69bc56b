import { checkOptionNames, readOptions } from '../../../options/read-options.ts'
import type {
  Broker,
  BrokerStats,
  HistoryOptions,
  HistoryRead,
  Outgoing,
  Position,
  Publication,
  TopicListener,
} from '../broker.ts'
import { brokerError } from '../broker-error.ts'
import { makeToken } from '../history.ts'
import { Publisher, type PublisherOptions, publisherRules } from '../publisher.ts'
import { openPrimaryLink, type PrimaryLink } from './link.ts'
import { isClusterMessage, pack, type Questions, type ToPrimary, type ToWorker, unpack } from './message.ts'
import { OpenQuestions } from './questions.ts'

/** Options of a `ClusterBroker`. */
export type ClusterBrokerOptions = PublisherOptions

/** Milliseconds between two attempts to reach a primary that does not answer. */
const RETRY_DELAY = 500

/**
 * The broker of the workers of one machine (`node:cluster`). Messages go through their primary, which has to call
 * `joinWorkers()`. When a worker ends, its presence ends at once.
 *
 * While the primary does not answer, because it has not called `joinWorkers()`, belongs to a process manager, or is
 * busy for longer than `timeout`, every worker works alone: local delivery continues, publications wait within a limit,
 * presence covers only this process, and `stats()` says so. The broker keeps trying, and subscribes again when the
 * primary answers. When the primary ends, node ends its workers; one that was disconnected continues alone.
 */
export class ClusterBroker implements Broker {
  readonly origin = makeToken()
  readonly isShared = true
  readonly #link: PrimaryLink
  readonly #timeout: number
  readonly #listeners = new Map<string, TopicListener>()
  readonly #announced = new Map<string, string>()
  readonly #questions: OpenQuestions
  readonly #publisher: Publisher
  #items: ToPrimary[] = []
  #batchCount = 0
  /** The primary that answered last. */
  #primary: string | null = null
  #state: 'up' | 'silent' | 'disconnected' = 'up'
  #lossCount = 0
  #lastError: string | null = null
  #retryTimer: NodeJS.Timeout | null = null

  /**
   * @throws {TypeError} when an option has the wrong type.
   * @throws {RangeError} when a value is not allowed.
   * @throws {WebSocketError} when this process is not a worker.
   */
  constructor(options: ClusterBrokerOptions = {}, link: PrimaryLink = openPrimaryLink()) {
    checkOptionNames(options, Object.keys(publisherRules))
    this.#timeout = readOptions(publisherRules, options).timeout
    this.#link = link
    this.#questions = new OpenQuestions(this.#timeout, () => this.#onSilent())
    this.#publisher = new Publisher(options, (batch) => this.#publishAll(batch))
    link.onMessage((message) => {
      if (!isClusterMessage(message) || message.dwebsocket !== 'to-worker') return
      this.#onPrimary(message.primary)
      for (const item of message.items) this.#handle(item)
    })
    link.onDisconnect(() => this.#onDisconnect())
  }

  async subscribe(topic: string, listener: TopicListener): Promise<void> {
    this.#listeners.set(topic, listener)
    await this.#subscribe(topic, listener)
  }

  unsubscribe(topic: string): void {
    this.#listeners.delete(topic)
    this.#say({ type: 'unsubscribe', topic })
  }

  publish(topic: string, publication: Publication, history: HistoryOptions | null): null {
    if (this.#state !== 'disconnected') this.#publisher.publish(topic, publication, history)
    return null
  }

  async read(topic: string, after: Position): Promise<HistoryRead> {
    const answer = (await this.#publisher.settled()) ? await this.#ask({ type: 'read', topic, after }) : null
    if (answer === null) return { messages: [], isComplete: false, position: null }
    return { ...answer, messages: answer.messages.map(unpack) }
  }

  announce(key: string, value: string | null): void {
    if (value === null) this.#announced.delete(key)
    else this.#announced.set(key, value)
    this.#say({ type: 'announce', key, value })
  }

  async presence(key: string): Promise<string[]> {
    return (await this.#ask({ type: 'presence', key })) ?? []
  }

  async presenceKeys(prefix: string): Promise<string[]> {
    return (await this.#ask({ type: 'presenceKeys', prefix })) ?? []
  }

  stats(): BrokerStats {
    const { count, bytes, publishedCount, droppedCount } = this.#publisher
    return {
      kind: 'cluster',
      state: this.#state === 'up' ? 'up' : 'away',
      waitingMessages: count,
      waitingBytes: bytes,
      publishedMessages: publishedCount,
      droppedMessages: droppedCount,
      losses: this.#lossCount,
      lastError: this.#lastError,
    }
  }

  /** Publishes what waits if it can, and withdraws all announcements. */
  async close(): Promise<void> {
    if (this.#state === 'disconnected') return
    await this.#publisher.settled()
    for (const key of this.#announced.keys()) this.announce(key, null)
    for (const topic of this.#listeners.keys()) this.unsubscribe(topic)
    this.#flush()
    this.#end()
    this.#link.close()
  }

  #subscribe(topic: string, listener: TopicListener): Promise<unknown> {
    return this.#ask({ type: 'subscribe', topic }, (position) => {
      if (this.#listeners.get(topic) === listener) listener.onSubscribed(position)
    })
  }

  async #publishAll(batch: readonly Outgoing[]): Promise<void> {
    if (this.#state !== 'up') throw brokerError('the primary is away')
    this.#batchCount += 1
    const question = { type: 'publish', batch: this.#batchCount, publications: batch.map(pack) } as const
    if ((await this.#ask(question)) === null) {
      // The same batch is sent again, and must have the same number.
      this.#batchCount -= 1
      throw brokerError('the primary did not answer')
    }
  }

  #handle(item: ToWorker): void {
    if (item.type === 'answer') this.#questions.answer(item.number, item.value)
    else this.#listeners.get(item.topic)?.onMessage(unpack(item.message))
  }

  #ask<K extends keyof Questions>(
    question: { type: K } & Questions[K]['ask'],
    onAnswer?: (answer: Questions[K]['answer']) => void,
  ): Promise<Questions[K]['answer'] | null> {
    if (this.#state !== 'up') return Promise.resolve(null)
    return this.#questions.ask(question, (item) => this.#say(item), onAnswer)
  }

  /** Sends an item at the end of the tick, together with the others of this tick. */
  #say(item: ToPrimary): void {
    if (this.#state !== 'up' || this.#items.push(item) > 1) return
    process.nextTick(() => this.#flush())
  }

  #flush(): void {
    if (this.#items.length === 0) return
    const items = this.#items
    this.#items = []
    this.#send(items)
  }

  /** A failure shows as a missing answer, or as a disconnection. */
  #send(items: readonly ToPrimary[]): void {
    if (!this.#link.connected) return
    this.#link.send({ dwebsocket: 'to-primary', origin: this.origin, items }, () => {})
  }

  /** The primary does not answer: nothing more is sent until it does, as it would pile up. */
  #onSilent(): void {
    if (this.#state !== 'up') return
    this.#state = 'silent'
    this.#lossCount += 1
    this.#lastError = `the primary did not answer within ${this.#timeout} ms; it has to call joinWorkers()`
    this.#items = []
    this.#questions.end()
    this.#retryTimer = setInterval(() => this.#send([{ type: 'hello', number: 0 }]), RETRY_DELAY)
    this.#retryTimer.unref()
  }

  /** Something came from the primary: if it was silent, or is another one, it needs to know everything. */
  #onPrimary(primary: string): void {
    const isKnown = this.#primary === null || this.#primary === primary
    this.#primary = primary
    if (this.#state === 'disconnected' || (this.#state === 'up' && isKnown)) return
    this.#state = 'up'
    this.#stopRetrying()
    this.#say({ type: 'reset' })
    for (const [topic, listener] of this.#listeners) void this.#subscribe(topic, listener)
    for (const [key, value] of this.#announced) this.#say({ type: 'announce', key, value })
    this.#publisher.retry()
  }

  /** A primary never reconnects. */
  #onDisconnect(): void {
    if (this.#state === 'disconnected') return
    this.#lossCount += 1
    this.#lastError = 'the primary has disconnected'
    this.#end()
  }

  #end(): void {
    this.#state = 'disconnected'
    this.#stopRetrying()
    this.#publisher.stop()
    this.#questions.end()
  }

  #stopRetrying(): void {
    if (this.#retryTimer !== null) clearInterval(this.#retryTimer)
    this.#retryTimer = null
  }
}
