import type { Position, TopicListener } from '../broker.ts'
import { brokerError } from '../broker-error.ts'
import { answerWithin } from '../deadline.ts'
import type { RedisConnection } from './connection.ts'
import { parseTopicMessage } from './message.ts'
import type { RedisNames } from './names.ts'

/** The members of its broker that `RedisSubscriptions` needs. */
export interface SubscriptionHost {
  /** Makes Redis publish the positions of topics on the channel of this process. */
  locate(topics: readonly string[]): Promise<unknown>
  onError(error: unknown): void
}

interface Subscription {
  readonly listener: TopicListener
  /** Called when the subscription is active, or is not possible now. */
  readonly resolve: () => void
}

/** Maximum number of topics in one command. */
const BATCH = 500
/** Delay in milliseconds before a failed command is retried. */
const RETRY_DELAY = 500

/**
 * Subscribes to topics and unsubscribes from them, many in one command. Subscribes again after each loss of the
 * connection.
 */
export class RedisSubscriptions {
  readonly #connection: RedisConnection
  readonly #names: RedisNames
  readonly #host: SubscriptionHost
  readonly #wanted = new Map<string, Subscription>()
  /**
   * The topics to whose channels this process has subscribed. After a loss, some clients subscribe again by themselves.
   */
  readonly #subscribed = new Set<string>()
  /** The wanted topics whose positions have not been requested since the last loss. */
  readonly #missing = new Set<string>()
  /** The subscribed topics that are not wanted. */
  readonly #surplus = new Set<string>()
  #hasOwnChannel = false
  #isWorking = false
  #isFailing = false
  #lossCount = 0
  #isStopped = false

  constructor(connection: RedisConnection, names: RedisNames, host: SubscriptionHost) {
    this.#connection = connection
    this.#names = names
    this.#host = host
  }

  /** Whether this process has subscribed to its own channel. */
  get hasOwnChannel(): boolean {
    return this.#hasOwnChannel
  }

  /** Whether the last command has failed. The next attempt follows within half a second. */
  get isFailing(): boolean {
    return this.#isFailing
  }

  /**
   * Subscribes to a topic. Resolves when its position is known, or when the subscription is not possible now.
   *
   * @param timeout Time in milliseconds after which the promise resolves in any case.
   */
  add(topic: string, listener: TopicListener, timeout: number): Promise<void> {
    const added = new Promise<void>((resolve) => {
      this.#wanted.get(topic)?.resolve()
      this.#wanted.set(topic, { listener, resolve })
      // The subscription may exist already, but the new listener also needs the position.
      this.#missing.add(topic)
      this.#surplus.delete(topic)
      if (!this.#connection.isReady || this.#isFailing) resolve()
      this.#workSoon()
    })
    return answerWithin(added, timeout, 'redis').catch((error) => this.#host.onError(error))
  }

  remove(topic: string): void {
    this.#wanted.get(topic)?.resolve()
    this.#wanted.delete(topic)
    this.#missing.delete(topic)
    if (this.#subscribed.has(topic)) this.#surplus.add(topic)
    this.#workSoon()
  }

  /** Subscribes to everything again, because messages may have been lost. */
  renew(): void {
    this.onLost()
    void this.#work()
  }

  /** Called when the connection is lost. */
  onLost(): void {
    this.#lossCount += 1
    for (const topic of this.#wanted.keys()) this.#missing.add(topic)
    this.#hasOwnChannel = false
    this.#release()
  }

  stop(): void {
    this.#isStopped = true
    this.onLost()
  }

  /** Called with a message from a topic's channel. */
  onMessage(channel: string, message: Buffer): void {
    const subscription = this.#wanted.get(this.#names.topicOf(channel))
    if (subscription === undefined) return
    const parsed = parseTopicMessage(message)
    if (parsed !== null) subscription.listener.onMessage(parsed)
    else this.#host.onError(brokerError('a malformed message was published on the channel of a room'))
  }

  onLocated(topic: string, position: Position): void {
    const subscription = this.#wanted.get(topic)
    subscription?.listener.onSubscribed(position)
    subscription?.resolve()
  }

  /** Resolves all pending calls of `add`. Local delivery continues without a subscription. */
  #release(): void {
    for (const { resolve } of this.#wanted.values()) resolve()
  }

  #workSoon(): void {
    process.nextTick(() => void this.#work())
  }

  async #work(): Promise<void> {
    if (this.#isWorking) return
    this.#isWorking = true
    try {
      while (!this.#isStopped && this.#connection.isReady && (await this.#step()));
      this.#isFailing = false
    } catch (error) {
      this.#isFailing = true
      this.#release()
      this.#host.onError(error)
      // After a loss, `renew` continues. After any other failure, this timer does.
      if (this.#connection.isReady && !this.#isStopped) setTimeout(() => void this.#work(), RETRY_DELAY).unref()
    } finally {
      this.#isWorking = false
    }
  }

  /** Runs the next command. Resolves to whether there was one. */
  async #step(): Promise<boolean> {
    const lossCount = this.#lossCount
    if (!this.#hasOwnChannel) {
      await this.#connection.subscribe([this.#names.ownChannel])
      this.#hasOwnChannel = lossCount === this.#lossCount
      return true
    }
    const surplus = takeSome(this.#surplus)
    if (surplus.length > 0) {
      for (const topic of surplus) this.#subscribed.delete(topic)
      await this.#connection.unsubscribe(surplus.map((topic) => this.#names.channelOf(topic)))
      return true
    }
    // Removed before the await, so that a topic that is added during it is requested again.
    const missing = takeSome(this.#missing)
    if (missing.length > 0) await this.#subscribe(missing)
    return missing.length > 0
  }

  async #subscribe(topics: readonly string[]): Promise<void> {
    for (const topic of topics) this.#subscribed.add(topic)
    try {
      await this.#connection.subscribe(topics.map((topic) => this.#names.channelOf(topic)))
      await this.#host.locate(topics)
    } catch (error) {
      for (const topic of topics) if (this.#wanted.has(topic)) this.#missing.add(topic)
      throw error
    }
  }
}

/** Removes and returns as many topics as one command may have. */
function takeSome(topics: Set<string>): string[] {
  const taken: string[] = []
  for (const topic of topics) {
    if (taken.length === BATCH) break
    taken.push(topic)
    topics.delete(topic)
  }
  return taken
}
