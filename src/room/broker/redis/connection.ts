import { brokerError } from '../broker-error.ts'
import { answerWithin } from '../deadline.ts'
import {
  type ConnectionEvents,
  type Recognized,
  type RedisArgument,
  type RedisClient,
  type RedisLink,
  type RedisListener,
  type RedisReply,
  recognizeClient,
} from './client.ts'
import { ClusterListener } from './cluster-listener.ts'
import { openIoLink, openIoListener, pickIoNode } from './ioredis.ts'
import { openNodeClusterLink, openNodeLink, openNodeListener, openNodeSentinelLink, pickNode } from './node-redis.ts'

/** The callbacks of a `RedisConnection`. */
export interface RedisConnectionHost {
  /** Called when both connections are ready, for the first time or again. */
  onReady(): void
  /** Called when a connection is lost. The client reconnects by itself. */
  onLost(): void
  onError(error: unknown): void
  onMessage(channel: string, message: Buffer): void
}

/** The user's client for commands, and a second connection with the same options for messages from channels. */
export class RedisConnection {
  /** Number of times that a connection was lost. */
  lossCount = 0
  readonly #link: RedisLink
  readonly #listener: RedisListener
  readonly #timeout: number
  readonly #host: RedisConnectionHost
  #wasReady = false

  /**
   * @param timeout Time limit in milliseconds for a reply from Redis.
   * @throws {TypeError} when the client is not supported or not open.
   */
  constructor(client: RedisClient, timeout: number, host: RedisConnectionHost) {
    const recognized = recognizeClient(client)
    this.#timeout = timeout
    this.#host = host
    const events: ConnectionEvents = {
      onChange: (error) => {
        if (error !== null) host.onError(error)
        this.check()
      },
      onMessage: (channel, message) => host.onMessage(channel, message),
    }
    this.#link = openLink(recognized, events)
    this.#listener = openListener(recognized, events)
  }

  get isReady(): boolean {
    // The client may emit events before the second connection is assigned.
    const listener = this.#listener as RedisListener | undefined
    return this.#link.isReady && listener?.isReady === true
  }

  get isCluster(): boolean {
    return this.#link.isCluster
  }

  /** Calls `onReady` or `onLost` when `isReady` has changed. */
  check(): void {
    const { isReady } = this
    if (isReady === this.#wasReady) return
    this.#wasReady = isReady
    if (isReady) return this.#host.onReady()
    this.lossCount += 1
    this.#host.onLost()
  }

  /**
   * Runs a command. In a cluster, it runs on the node of `key`.
   *
   * @throws {WebSocketError} when Redis is unavailable, replies with an error, or does not reply in time.
   */
  call(key: string, args: readonly RedisArgument[]): Promise<RedisReply> {
    return this.#ask(this.#link.isReady, () => this.#link.call(key, args))
  }

  /** @throws {WebSocketError} when `call` would throw it. */
  async subscribe(channels: string[]): Promise<void> {
    await this.#ask(this.#listener.isReady, () => this.#listener.subscribe(channels))
  }

  /** @throws {WebSocketError} when `call` would throw it. */
  async unsubscribe(channels: string[]): Promise<void> {
    await this.#ask(this.#listener.isReady, () => this.#listener.unsubscribe(channels))
  }

  /** Closes the second connection. The user's client stays open. */
  close(): void {
    this.#link.release()
    this.#listener.close()
  }

  // Clients without a connection queue commands, in some cases without a limit, so they must not get any.
  #ask<T>(isReady: boolean, command: () => Promise<T>): Promise<T> {
    if (!isReady) return Promise.reject(brokerError('redis is unavailable'))
    return answerWithin(command(), this.#timeout, 'redis')
  }
}

function openLink(recognized: Recognized, events: ConnectionEvents): RedisLink {
  switch (recognized.kind) {
    case 'ioredis':
    case 'ioredis cluster':
      return openIoLink(recognized.client, events)
    case 'node-redis':
      return openNodeLink(recognized.client, events)
    case 'node-redis cluster':
      return openNodeClusterLink(recognized.client, events)
    case 'node-redis sentinel':
      return openNodeSentinelLink(recognized.client, events)
  }
}

function openListener(recognized: Recognized, events: ConnectionEvents): RedisListener {
  switch (recognized.kind) {
    case 'ioredis':
      return openIoListener(recognized.client, events)
    case 'ioredis cluster':
      return new ClusterListener(async (own) => openIoListener(pickIoNode(recognized.client), own), events)
    case 'node-redis':
    case 'node-redis sentinel':
      return openNodeListener(recognized.client, events)
    case 'node-redis cluster':
      return new ClusterListener(async (own) => openNodeListener(await pickNode(recognized.client), own), events)
  }
}
