import type { Position, TopicListener, TopicMessage } from '../broker.ts'
import type { RedisListener } from './client.ts'

/** What `RedisSubscriptions` needs of its broker. */
export interface SubscriptionHost {
  channelOf(topic: string): string
  readonly ownChannel: string
  /** Makes Redis publish the positions of topics on the own channel. */
  locate(topics: readonly string[]): Promise<void>
  onError(error: unknown): void
}

interface Subscription {
  readonly listener: TopicListener
  /** Called when it is subscribed. */
  readonly resolve: () => void
}

/** The most topics in one command. */
const BATCH = 500

/** Subscribes to the wanted topics and unsubscribes from others, in few commands, and again after every loss. */
export class RedisSubscriptions {
  readonly #listener: RedisListener
  readonly #host: SubscriptionHost
  readonly #wanted = new Map<string, Subscription>()
  /** The topics that the client has subscribed to, and subscribes to again by itself after a loss. */
  readonly #subscribed = new Set<string>()
  /** The topics that have been located since the last loss. */
  readonly #located = new Set<string>()
  #hasOwn = false
  #isWorking = false
  #lossCount = 0
  #isStopped = false

  constructor(listener: RedisListener, host: SubscriptionHost) {
    this.#listener = listener
    this.#host = host
  }

  /** Whether the own channel is subscribed. */
  get hasOwn(): boolean {
    return this.#hasOwn
  }

  add(topic: string, listener: TopicListener): Promise<void> {
    return new Promise((resolve) => {
      this.#wanted.get(topic)?.resolve()
      this.#wanted.set(topic, { listener, resolve })
      // It may still be subscribed; the new listener needs the position nevertheless.
      this.#located.delete(topic)
      if (!this.#listener.isReady) resolve()
      else this.#workSoon()
    })
  }

  remove(topic: string): void {
    this.#wanted.get(topic)?.resolve()
    this.#wanted.delete(topic)
    this.#workSoon()
  }

  /** The connection is ready, for the first time or again. */
  renew(): void {
    void this.#work()
  }

  onLost(): void {
    this.#lossCount += 1
    this.#located.clear()
    this.#hasOwn = false
    for (const { resolve } of this.#wanted.values()) resolve()
  }

  stop(): void {
    this.#isStopped = true
    this.onLost()
  }

  onMessage(topic: string, message: TopicMessage): void {
    this.#wanted.get(topic)?.listener.onMessage(message)
  }

  onLocated(topic: string, position: Position): void {
    const subscription = this.#wanted.get(topic)
    subscription?.listener.onSubscribed(position)
    subscription?.resolve()
  }

  #workSoon(): void {
    process.nextTick(() => void this.#work())
  }

  async #work(): Promise<void> {
    if (this.#isWorking) return
    this.#isWorking = true
    try {
      while (!this.#isStopped && this.#listener.isReady && (await this.#step()));
    } catch (error) {
      // After a loss `renew` continues; after another failure, this timer.
      this.#host.onError(error)
      if (this.#listener.isReady && !this.#isStopped) setTimeout(() => void this.#work(), RETRY_DELAY).unref()
    } finally {
      this.#isWorking = false
    }
  }

  /** Runs the next command; resolves to whether there was one. */
  async #step(): Promise<boolean> {
    const lossCount = this.#lossCount
    if (!this.#hasOwn) {
      await this.#listener.subscribe([this.#host.ownChannel])
      this.#hasOwn = lossCount === this.#lossCount
      return true
    }
    const surplus = [...this.#subscribed].filter((topic) => !this.#wanted.has(topic)).slice(0, BATCH)
    if (surplus.length > 0) {
      for (const topic of surplus) this.#subscribed.delete(topic)
      await this.#listener.unsubscribe(surplus.map(this.#host.channelOf))
      return true
    }
    const missing = [...this.#wanted.keys()].filter((topic) => !this.#located.has(topic)).slice(0, BATCH)
    if (missing.length === 0) return false
    for (const topic of missing) this.#subscribed.add(topic)
    // Mark as located before the await, so that a topic added meanwhile is located again.
    for (const topic of missing) this.#located.add(topic)
    try {
      await this.#listener.subscribe(missing.map(this.#host.channelOf))
      await this.#host.locate(missing)
    } catch (error) {
      for (const topic of missing) this.#located.delete(topic)
      throw error
    }
    return true
  }
}

/** Milliseconds. */
const RETRY_DELAY = 500
