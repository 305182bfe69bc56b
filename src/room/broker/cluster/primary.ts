import cluster, { type Worker } from 'node:cluster'
import type { TopicMessage } from '../broker.ts'
import { Hub, type HubClient } from '../hub.ts'
import { isClusterMessage, packMessage, type ToPrimary, type ToWorker, unpackPayload } from './message.ts'

/** Bytes that may wait for a worker that does not take them; then it misses messages and counts a gap. */
const MAX_WAITING_BYTES = 16 * 1024 * 1024

/** What a primary needs of a worker: `cluster.Worker`, or what a test puts in its place. */
export interface WorkerLink {
  send(message: unknown, callback: (error: Error | null) => void): void
}

/**
 * Joins the rooms of all workers: call it once in the primary, before or after the workers are forked. Returns what
 * ends it.
 */
export function joinWorkers(): () => void {
  const office = new Office()
  const onMessage = (worker: Worker, message: unknown): void => {
    const link = {
      send: (sent: unknown, done: (error: Error | null) => void) => void worker.send(sent as object, done),
    }
    office.receive(worker.id, link, message)
  }
  const onExit = (worker: Worker): void => office.remove(worker.id)
  cluster.on('message', onMessage)
  cluster.on('exit', onExit)
  return () => {
    cluster.off('message', onMessage)
    cluster.off('exit', onExit)
    office.close()
  }
}

/** The primary's side: numbers messages and hands them to the workers that listen. */
export class Office {
  readonly #hub = new Hub()
  readonly #clients = new Map<number, WorkerClient>()

  /** Takes what a worker says; anything that is not for it is left alone. */
  receive(workerId: number, link: WorkerLink, message: unknown): void {
    if (!isClusterMessage(message) || message.dwebsocket !== 'to-primary') return
    let client = this.#clients.get(workerId)
    if (client === undefined) {
      client = new WorkerClient(message.origin, link)
      this.#clients.set(workerId, client)
    }
    for (const item of message.items) this.#take(client, item)
  }

  /** A worker has ended: its presence ends with it. */
  remove(workerId: number): void {
    const client = this.#clients.get(workerId)
    if (client === undefined) return
    this.#clients.delete(workerId)
    this.#hub.remove(client)
  }

  close(): void {
    this.#hub.close()
    this.#clients.clear()
  }

  #take(client: WorkerClient, item: ToPrimary): void {
    switch (item.type) {
      case 'publish':
        for (const { topic, sequence, compress, history, skipped, ...wire } of item.publications) {
          const publication = { sequence, compress, payload: unpackPayload(wire) }
          this.#hub.publish(client.origin, topic, publication, history, skipped)
        }
        return
      case 'subscribe':
        return client.answer(item.number, this.#hub.subscribe(client, item.topic))
      case 'unsubscribe':
        return this.#hub.unsubscribe(client, item.topic)
      case 'read': {
        const { messages, ...rest } = this.#hub.read(item.topic, item.after)
        return client.answer(item.number, { ...rest, messages: messages.map(packMessage) })
      }
      case 'announce':
        return this.#hub.announce(client, item.key, item.value)
      case 'presence':
        return client.answer(item.number, this.#hub.presence(client, item.key))
      case 'presenceKeys':
        return client.answer(item.number, this.#hub.presenceKeys(client, item.beginning))
    }
  }
}

/** What waits for one worker; what comes while a batch is on its way goes with the next. */
class WorkerClient implements HubClient {
  readonly origin: string
  readonly #link: WorkerLink
  #items: ToWorker[] = []
  #bytes = 0
  #isSending = false

  constructor(origin: string, link: WorkerLink) {
    this.origin = origin
    this.#link = link
  }

  onMessage(topic: string, message: TopicMessage): void {
    // A worker that does not take its messages must not fill the primary: it sees by their numbers what is missing.
    if (this.#bytes > MAX_WAITING_BYTES) return
    this.#bytes += message.payload.length
    this.#push({ type: 'message', topic, message: packMessage(message) })
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
    this.#link.send({ dwebsocket: 'to-worker', items }, () => {
      this.#bytes -= bytes
      this.#isSending = false
      this.#flush()
    })
  }
}
