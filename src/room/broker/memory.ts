import type {
  Broker,
  BrokerStats,
  HistoryOptions,
  HistoryRead,
  Position,
  Publication,
  TopicListener,
} from './broker.ts'
import { makeToken } from './history.ts'
import { Hub, type HubClient, type HubOptions } from './hub.ts'

/** The broker of a single process. It numbers messages and stores history in memory. */
export class MemoryBroker implements Broker {
  readonly origin = makeToken()
  readonly isShared = false
  readonly #hub: Hub
  readonly #client: HubClient = { origin: this.origin, onMessage: () => {} }
  #publishedCount = 0

  /**
   * @param now Returns the time in milliseconds for the expiry of history. Default `performance.now`.
   * @throws {TypeError} when an option is unknown or not a number.
   * @throws {RangeError} when the value of an option is not allowed.
   */
  constructor(options: HubOptions = {}, now?: () => number) {
    this.#hub = new Hub(options, now)
  }

  subscribe(topic: string, listener: TopicListener): Promise<void> {
    listener.onSubscribed(this.#hub.locate(topic))
    return Promise.resolve()
  }

  unsubscribe(): void {}

  publish(topic: string, publication: Publication, history: HistoryOptions | null): Position | null {
    // Without history, positions are not needed.
    if (history === null) return null
    this.#publishedCount += 1
    return this.#hub.publish(this.origin, { ...publication, topic, history, skipped: 0 })
  }

  read(topic: string, after: Position): Promise<HistoryRead> {
    return Promise.resolve(this.#hub.read(topic, after))
  }

  announce(key: string, value: string | null): void {
    this.#hub.announce(this.#client, key, value)
  }

  presence(key: string): Promise<string[]> {
    return Promise.resolve(this.#hub.presence(this.#client, key))
  }

  presenceKeys(prefix: string): Promise<string[]> {
    return Promise.resolve(this.#hub.presenceKeys(this.#client, prefix))
  }

  stats(): BrokerStats {
    return {
      kind: 'memory',
      state: 'up',
      waitingMessages: 0,
      waitingBytes: 0,
      publishedMessages: this.#publishedCount,
      droppedMessages: 0,
      losses: 0,
      lastError: null,
    }
  }

  close(): Promise<void> {
    this.#hub.close()
    return Promise.resolve()
  }
}
