import cluster from 'node:cluster'
import { makeToken } from '../../history.ts'
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
import { Publisher, type PublishLimits } from '../publisher.ts'
import {
  isClusterMessage,
  packPayload,
  type Questions,
  type ToPrimary,
  type ToWorker,
  unpackMessage,
} from './message.ts'

/** The way to the primary: `process`, or what a test puts in its place. */
export interface PrimaryLink {
  readonly connected: boolean
  send(message: unknown, callback: (error: Error | null) => void): void
  onMessage(listener: (message: unknown) => void): void
  onDisconnect(listener: () => void): void
  /** Takes the listeners off again. */
  close(): void
}

/**
 * The broker of the workers of one machine (`node:cluster`): messages go through their primary, which calls
 * `joinWorkers()`. Without that call nothing is answered. When a worker dies its presence ends at once; when the
 * primary does node ends its workers, and one that is disconnected otherwise goes on alone.
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

  /** Throws an Error outside of a worker. */
  constructor(limits: PublishLimits = {}, link: PrimaryLink = primaryLink()) {
    this.#link = link
    this.#publisher = new Publisher(limits, (publications) => this.#publishAll(publications))
    link.onMessage((message) => {
      if (!isClusterMessage(message) || message.dwebsocket !== 'to-worker') return
      for (const item of message.items) this.#take(item)
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
    this.#tell({ type: 'unsubscribe', topic })
  }

  publish(topic: string, publication: Publication, history: HistoryOptions | null): null {
    this.#publisher.publish(topic, publication, history)
    return null
  }

  async read(topic: string, after: Position): Promise<HistoryRead> {
    await this.#publisher.settled()
    const answer = await this.#ask('read', { topic, after })
    if (answer === null) return { messages: [], isComplete: false, position: null }
    return { ...answer, messages: answer.messages.map(unpackMessage) }
  }

  announce(key: string, value: string | null): void {
    this.#tell({ type: 'announce', key, value })
  }

  async presence(key: string): Promise<string[]> {
    return (await this.#ask('presence', { key })) ?? []
  }

  async presenceKeys(beginning: string): Promise<string[]> {
    return (await this.#ask('presenceKeys', { beginning })) ?? []
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

  async #publishAll(publications: Parameters<ConstructorParameters<typeof Publisher>[1]>[0]): Promise<void> {
    await this.#send([
      {
        type: 'publish',
        publications: publications.map(({ payload, ...rest }) => ({ ...rest, ...packPayload(payload) })),
      },
    ])
  }

  #take(item: ToWorker): void {
    if (item.type === 'answer') {
      this.#questions.get(item.number)?.(item.value)
      this.#questions.delete(item.number)
    } else this.#onMessage(item.topic, unpackMessage(item.message))
  }

  #onMessage(topic: string, message: TopicMessage): void {
    this.#listeners.get(topic)?.onMessage(message)
  }

  /** Resolves to the answer, `null` when there will be none; `take` gets it in order with the messages. */
  #ask<K extends keyof Questions>(
    type: K,
    ask: Questions[K]['ask'],
    take?: (answer: Questions[K]['answer']) => void,
  ): Promise<Questions[K]['answer'] | null> {
    if (this.#isAway) return Promise.resolve(null)
    this.#questionNumber += 1
    const number = this.#questionNumber
    return new Promise((resolve) => {
      this.#questions.set(number, (answer) => {
        if (answer !== null) take?.(answer as Questions[K]['answer'])
        resolve(answer as Questions[K]['answer'] | null)
      })
      this.#tell({ type, number, ...ask } as ToPrimary)
    })
  }

  /** Says something at the end of the tick, together with what else is said until then. */
  #tell(item: ToPrimary): void {
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
      if (this.#isAway || !this.#link.connected) return reject(new Error('the primary is gone'))
      this.#link.send({ dwebsocket: 'to-primary', origin: this.origin, items }, (error) => {
        if (error === null || error === undefined) resolve()
        else reject(error)
      })
    })
  }

  /** A primary does not come back: whoever waits for it goes on alone. */
  #onDisconnect(): void {
    if (this.#isAway) return
    this.#isAway = true
    this.#publisher.stop()
    for (const settle of this.#questions.values()) settle(null)
    this.#questions.clear()
  }
}

function primaryLink(): PrimaryLink {
  if (!cluster.isWorker) throw new Error('a ClusterBroker belongs into a worker of node:cluster')
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
