import cluster, { type Worker } from 'node:cluster'
import type { TopicMessage } from '../broker.ts'
import { makeToken } from '../history.ts'
import { Hub, type HubClient, type HubOptions } from '../hub.ts'
import { sizeOf } from '../size.ts'
import { isClusterMessage, pack, type ToPrimary, type ToWorker, unpack } from './message.ts'

/**
 * Maximum number of bytes that wait for a worker that does not read. The worker misses further messages and detects a
 * gap.
 */
const MAX_WAITING_BYTES = 16 * 1024 * 1024

/** The channel to a worker: a `cluster.Worker`, or a replacement in tests. */
export interface WorkerLink {
  send(message: unknown, callback: (error: Error | null) => void): void
}

/**
 * Connects the rooms and users of all workers that use a `ClusterBroker`. Call it once in the primary process, before
 * or after the workers are forked. Returns a function that disconnects the workers from each other.
 *
 * @throws {TypeError} when an option is unknown or not a number.
 * @throws {RangeError} when the value of an option is not allowed.
 */
export function joinWorkers(options: HubOptions = {}): () => void {
  const primary = new ClusterPrimary(options)
  const onMessage = (worker: Worker, message: unknown): void => {
    const link = {
      send: (sent: unknown, done: (error: Error | null) => void) => void worker.send(sent as object, done),
    }
    primary.receive(worker.id, link, message)
  }
  const onExit = (worker: Worker): void => primary.remove(worker.id)
  cluster.on('message', onMessage)
  cluster.on('exit', onExit)
  return () => {
    cluster.off('message', onMessage)
    cluster.off('exit', onExit)
    primary.close()
  }
}

/** The primary's part of the broker. It numbers messages and passes them to the workers that have subscribed. */
export class ClusterPrimary {
  readonly #token = makeToken()
  readonly #hub: Hub
  /** The brokers of each worker, by their origins. */
  readonly #workers = new Map<number, Map<string, WorkerClient>>()

  constructor(options: HubOptions = {}) {
    this.#hub = new Hub(options)
  }

  /** Handles a message from a worker. The application's own messages are ignored. */
  receive(workerId: number, link: WorkerLink, message: unknown): void {
    if (!isClusterMessage(message) || message.dwebsocket !== 'to-primary') return
    const { origin } = message
    const clients = this.#workers.get(workerId) ?? new Map<string, WorkerClient>()
    this.#workers.set(workerId, clients)
    const client = clients.get(origin) ?? new WorkerClient(this.#token, origin, link)
    clients.set(origin, client)
    for (const item of message.items) this.#handle(client, item)
  }

  /** Removes a worker that has exited, and its presence. */
  remove(workerId: number): void {
    for (const client of this.#workers.get(workerId)?.values() ?? []) this.#hub.remove(client)
    this.#workers.delete(workerId)
  }

  close(): void {
    this.#hub.close()
    this.#workers.clear()
  }

  #handle(client: WorkerClient, item: ToPrimary): void {
    switch (item.type) {
      case 'reset':
        return this.#hub.remove(client)
      case 'hello':
        return client.answer(item.number, true)
      case 'publish':
        if (client.isNewBatch(item.batch)) {
          if (item.renewal) this.#hub.renew()
          for (const publication of item.publications) this.#hub.publish(client.origin, unpack(publication))
        }
        return client.answer(item.number, true)
      case 'subscribe':
        return client.answer(item.number, this.#hub.subscribe(client, item.topic))
      case 'unsubscribe':
        return this.#hub.unsubscribe(client, item.topic)
      case 'read': {
        const { messages, ...rest } = this.#hub.read(item.topic, item.after)
        return client.answer(item.number, { ...rest, messages: messages.map(pack) })
      }
      case 'announce':
        return this.#hub.announce(client, item.key, item.value)
      case 'presence':
        return client.answer(item.number, this.#hub.presence(client, item.key))
      case 'presenceKeys':
        return client.answer(item.number, this.#hub.presenceKeys(client, item.prefix))
    }
  }
}

/** The queue of one broker of a worker. Items added while a batch is being sent go into the next batch. */
class WorkerClient implements HubClient {
  readonly origin: string
  readonly #primary: string
  readonly #link: WorkerLink
  #newestBatch = 0
  #items: ToWorker[] = []
  #bytes = 0
  #isSending = false

  constructor(primary: string, origin: string, link: WorkerLink) {
    this.#primary = primary
    this.origin = origin
    this.#link = link
  }

  onMessage(topic: string, message: TopicMessage): void {
    // A worker that does not read must not exhaust the primary's memory. The worker detects the gap by the numbers of
    // messages.
    if (this.#bytes > MAX_WAITING_BYTES) return
    this.#bytes += sizeOf(message.payload)
    this.#push({ type: 'message', topic, message: pack(message) })
  }

  /** Returns whether a batch is newer than the previous ones, and stores its number. */
  isNewBatch(batch: number): boolean {
    if (batch <= this.#newestBatch) return false
    this.#newestBatch = batch
    return true
  }

  answer(number: number, value: unknown): void {
    this.#push({ type: 'answer', number, value })
  }

  #push(item: ToWorker): void {
    if (this.#items.push(item) === 1 && !this.#isSending) setImmediate(() => this.#flush())
  }

  #flush(): void {
    if (this.#isSending || this.#items.length === 0) return
    const items = this.#items
    const bytes = this.#bytes
    this.#items = []
    this.#isSending = true
    this.#link.send({ dwebsocket: 'to-worker', origin: this.origin, primary: this.#primary, items }, () => {
      this.#bytes -= bytes
      this.#isSending = false
      this.#flush()
    })
  }
}
