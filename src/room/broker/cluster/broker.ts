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

/** Delay in milliseconds before the next attempt to reach a primary that does not respond. */
const RETRY_DELAY = 500

/**
 * The broker for worker processes on one machine (`node:cluster`). Messages go through the primary process, which must
 * call `joinWorkers()`. The presence of a worker ends when the worker exits.
 *
 * The primary does not respond when it has not called `joinWorkers()`, for example because it is a process manager, or
 * when it is busy for longer than `timeout`. Each worker then works alone: local delivery continues, publications wait
 * in a bounded queue, presence covers only this process, and `stats()` returns the state `away`. The broker retries,
 * and subscribes again when the primary responds. When the primary exits, Node ends its workers. After
 * `worker.disconnect()`, a worker that keeps running stays alone: the broker does not retry, and drops what it would
 * send to other processes.
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
  /** The token of the primary that responded last. */
  #primary: string | null = null
  #state: 'up' | 'silent' | 'disconnected' = 'up'
  #lossCount = 0
  #lastError: string | null = null
  #retryTimer: NodeJS.Timeout | null = null

  /**
   * @param link The channel to the primary. Default: the channel of this worker.
   * @throws {TypeError} when an option is unknown or has the wrong type.
   * @throws {RangeError} when the value of an option is not allowed.
   * @throws {WebSocketError} `ERR_WS_BROKER` when this process is not a worker.
   */
  constructor(options: ClusterBrokerOptions = {}, link: PrimaryLink = openPrimaryLink()) {
    checkOptionNames(options, Object.keys(publisherRules))
    this.#timeout = readOptions(publisherRules, options).timeout
    this.#link = link
    this.#questions = new OpenQuestions(this.#timeout, () => this.#onSilent())
    this.#publisher = new Publisher(options, (batch, renewal) => this.#publishAll(batch, renewal))
    link.onMessage((message) => {
      if (!isClusterMessage(message) || message.dwebsocket !== 'to-worker' || message.origin !== this.origin) return
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

  /** Publishes the waiting messages if possible, withdraws all announcements, and ends all subscriptions. */
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

  async #publishAll(batch: readonly Outgoing[], renewal: string | null): Promise<void> {
    if (this.#state !== 'up') throw brokerError('the primary is unavailable')
    this.#batchCount += 1
    const question = { type: 'publish', batch: this.#batchCount, publications: batch.map(pack), renewal } as const
    if ((await this.#ask(question)) === null) {
      // The batch is sent again and must have the same number.
      this.#batchCount -= 1
      throw brokerError('the primary did not respond')
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

  /** Sends an item at the end of the tick, together with the other items of this tick. */
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

  /** Sends items. A failure becomes visible as a missing response or a disconnection. */
  #send(items: readonly ToPrimary[]): void {
    if (!this.#link.connected) return
    this.#link.send({ dwebsocket: 'to-primary', origin: this.origin, items }, () => {})
  }

  /**
   * Called when the primary does not respond. Until it does, only `hello` is sent, because other items would
   * accumulate unread.
   */
  #onSilent(): void {
    if (this.#state !== 'up') return
    this.#state = 'silent'
    this.#lossCount += 1
    this.#lastError = `the primary did not respond within ${this.#timeout} ms; it must call joinWorkers()`
    this.#items = []
    this.#questions.end()
    this.#retryTimer = setInterval(() => this.#send([{ type: 'hello', number: 0 }]), RETRY_DELAY)
    this.#retryTimer.unref()
  }

  /** Called for each message from the primary. If the primary was silent or is a new one, everything is sent again. */
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

  /** Called when the channel closes. A primary never reconnects. */
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
