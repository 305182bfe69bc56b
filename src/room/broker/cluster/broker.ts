import cluster from 'node:cluster'
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
import { makeToken } from '../history.ts'
import { Publisher, type PublishLimits } from '../publisher.ts'
import { isClusterMessage, pack, type Questions, type ToPrimary, type ToWorker, unpack } from './message.ts'

/** The channel to the primary: `process`, or what a test puts in its place. */
export interface PrimaryLink {
  readonly connected: boolean
  send(message: unknown, callback: (error: Error | null) => void): void
  onMessage(listener: (message: unknown) => void): void
  onDisconnect(listener: () => void): void
  /** Removes the listeners. */
  close(): void
}

/**
 * The broker of the workers of one machine (`node:cluster`). Messages go through their primary, which has to call
 * `joinWorkers()`. When a worker ends, its presence ends at once. When the primary ends, node ends its workers; a
 * worker that was disconnected in another way continues alone.
 */
export class ClusterBroker implements Broker {
  readonly origin = makeToken()
  readonly isShared = true
  readonly #link: PrimaryLink
  readonly #listeners = new Map<string, TopicListener>()
  readonly #questions = new Map<number, (answer: unknown) => void>()
  readonly #publisher: Publisher
  #questionNumber = 0
  #items: ToPrimary[] = []
  #isAway = false

  /**
   * @throws {TypeError} when a limit is not a number.
   * @throws {RangeError} when a limit is not allowed.
   * @throws {Error} when this process is not a worker.
   */
  constructor(limits: PublishLimits = {}, link: PrimaryLink = primaryLink()) {
    this.#link = link
    this.#publisher = new Publisher(limits, (publications) => this.#publishAll(publications))
    link.onMessage((message) => {
      if (!isClusterMessage(message) || message.dwebsocket !== 'to-worker') return
      for (const item of message.items) this.#handle(item)
    })
    link.onDisconnect(() => this.#onDisconnect())
  }

  async subscribe(topic: string, listener: TopicListener): Promise<void> {
    this.#listeners.set(topic, listener)
    await this.#ask('subscribe', { topic }, (position) => {
      if (this.#listeners.get(topic) === listener) listener.onSubscribed(position)
    })
  }

  unsubscribe(topic: string): void {
    this.#listeners.delete(topic)
    this.#say({ type: 'unsubscribe', topic })
  }

  publish(topic: string, publication: Publication, history: HistoryOptions | null): null {
    this.#publisher.publish(topic, publication, history)
    return null
  }

  async read(topic: string, after: Position): Promise<HistoryRead> {
    await this.#publisher.settled()
    const answer = await this.#ask('read', { topic, after })
    if (answer === null) return { messages: [], isComplete: false, position: null }
    return { ...answer, messages: answer.messages.map(unpack) }
  }

  announce(key: string, value: string | null): void {
    this.#say({ type: 'announce', key, value })
  }

  async presence(key: string): Promise<string[]> {
    return (await this.#ask('presence', { key })) ?? []
  }

  async presenceKeys(prefix: string): Promise<string[]> {
    return (await this.#ask('presenceKeys', { prefix })) ?? []
  }

  stats(): BrokerStats {
    const { count, bytes, publishedCount, droppedCount, lastError } = this.#publisher
    return {
      kind: 'cluster',
      state: this.#isAway ? 'away' : 'up',
      waitingMessages: count,
      waitingBytes: bytes,
      publishedMessages: publishedCount,
      droppedMessages: droppedCount,
      losses: this.#isAway ? 1 : 0,
      lastError,
    }
  }

  close(): Promise<void> {
    this.#onDisconnect()
    this.#link.close()
    return Promise.resolve()
  }

  #publishAll(batch: readonly Outgoing[]): Promise<void> {
    return this.#send([{ type: 'publish', publications: batch.map(pack) }])
  }

  #handle(item: ToWorker): void {
    if (item.type === 'message') {
      this.#listeners.get(item.topic)?.onMessage(unpack(item.message))
      return
    }
    this.#questions.get(item.number)?.(item.value)
    this.#questions.delete(item.number)
  }

  /** Resolves to the answer, or `null` without one; `onAnswer` is called with it in order with the messages. */
  #ask<K extends keyof Questions>(
    type: K,
    ask: Questions[K]['ask'],
    onAnswer?: (answer: Questions[K]['answer']) => void,
  ): Promise<Questions[K]['answer'] | null> {
    if (this.#isAway) return Promise.resolve(null)
    this.#questionNumber += 1
    const number = this.#questionNumber
    return new Promise((resolve) => {
      this.#questions.set(number, (answer) => {
        if (answer !== null) onAnswer?.(answer as Questions[K]['answer'])
        resolve(answer as Questions[K]['answer'] | null)
      })
      this.#say({ type, number, ...ask } as ToPrimary)
    })
  }

  /** Sends an item at the end of the tick, together with the others of this tick. */
  #say(item: ToPrimary): void {
    if (this.#isAway || this.#items.push(item) > 1) return
    process.nextTick(() => {
      const items = this.#items
      this.#items = []
      // A failure shows as a disconnection.
      this.#send(items).catch(() => {})
    })
  }

  #send(items: readonly ToPrimary[]): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#isAway || !this.#link.connected) return reject(new Error('the primary has disconnected'))
      this.#link.send({ dwebsocket: 'to-primary', origin: this.origin, items }, (error) => {
        if (error === null || error === undefined) resolve()
        else reject(error)
      })
    })
  }

  /** A primary never reconnects: all waits end. */
  #onDisconnect(): void {
    if (this.#isAway) return
    this.#isAway = true
    this.#publisher.stop()
    for (const settle of this.#questions.values()) settle(null)
    this.#questions.clear()
  }
}

function primaryLink(): PrimaryLink {
  if (!cluster.isWorker)
    throw new Error('this process is the primary; allowed for a ClusterBroker: a worker of node:cluster')
  const listeners: [string, (...args: never[]) => void][] = []
  const on = (event: 'message' | 'disconnect', listener: (...args: never[]) => void): void => {
    listeners.push([event, listener])
    process.on(event, listener as () => void)
  }
  return {
    get connected() {
      return process.connected
    },
    send: (message, callback) => void process.send?.(message, undefined, undefined, callback),
    onMessage: (listener) => on('message', listener),
    onDisconnect: (listener) => on('disconnect', listener),
    close: () => {
      for (const [event, listener] of listeners) process.off(event, listener as () => void)
    },
  }
}
