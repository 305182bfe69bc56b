import { brokerError } from '../broker-error.ts'
import type { ConnectionEvents, RedisListener } from './client.ts'

/** Delay in milliseconds before another node is tried. */
const RETRY_DELAY = 200

/**
 * Subscribes on one node of a cluster, and on another node when the connection is lost. Every node has all messages,
 * because the nodes of a Redis Cluster forward them to each other.
 */
export class ClusterListener implements RedisListener {
  readonly #open: (events: ConnectionEvents) => Promise<RedisListener>
  readonly #events: ConnectionEvents
  #current: RedisListener | null = null
  /** Whether the current connection has been ready. Otherwise its end is not a loss. */
  #wasReady = false
  /** Number of the current attempt. Events of earlier attempts are ignored. */
  #attempt = 0
  #timer: NodeJS.Timeout | null = null

  /** @param open Connects to any node. */
  constructor(open: (events: ConnectionEvents) => Promise<RedisListener>, events: ConnectionEvents) {
    this.#open = open
    this.#events = events
    void this.#connect()
  }

  get isReady(): boolean {
    return this.#current?.isReady ?? false
  }

  subscribe(channels: string[]): Promise<unknown> {
    return this.#current?.subscribe(channels) ?? Promise.reject(brokerError('no node of the cluster is connected'))
  }

  unsubscribe(channels: string[]): Promise<unknown> {
    return this.#current?.unsubscribe(channels) ?? Promise.resolve()
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#end()
  }

  async #connect(): Promise<void> {
    const attempt = this.#attempt
    try {
      const own = await this.#open({
        onMessage: this.#events.onMessage,
        onChange: (error) => this.#onChange(attempt, error),
      })
      if (attempt !== this.#attempt) return own.close()
      this.#current = own
      this.#events.onChange(null)
    } catch (error) {
      this.#onChange(attempt, error)
    }
  }

  #onChange(attempt: number, error: unknown): void {
    if (attempt !== this.#attempt) return
    if (this.isReady) this.#wasReady = true
    else if (this.#wasReady || error !== null) this.#retry()
    this.#events.onChange(error)
  }

  #retry(): void {
    this.#end()
    this.#timer = setTimeout(() => void this.#connect(), RETRY_DELAY)
    this.#timer.unref()
  }

  #end(): void {
    this.#attempt += 1
    this.#wasReady = false
    this.#current?.close()
    this.#current = null
  }
}
