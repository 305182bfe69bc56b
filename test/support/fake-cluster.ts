import { ClusterBroker, type ClusterBrokerOptions } from '../../src/room/broker/cluster/broker.ts'
import type { PrimaryLink } from '../../src/room/broker/cluster/link.ts'
import { ClusterPrimary } from '../../src/room/broker/cluster/primary.ts'

/** A primary without processes. Its messages are serialized as JSON, the default of Node's IPC. */
export class FakePrimary {
  readonly primary = new ClusterPrimary()
  #lastId = 0

  addWorker(options: ClusterBrokerOptions = {}): FakeWorker {
    this.#lastId += 1
    return new FakeWorker(this.primary, this.#lastId, options)
  }
}

/** A worker of `FakePrimary`. The test decides when messages arrive, and when either side exits. */
export class FakeWorker {
  readonly broker: ClusterBroker
  /** Whether messages to the worker wait until `goOn`. */
  isStalled = false
  /** Whether messages from the worker wait until `goOn`. */
  isStalledOutgoing = false
  readonly #primary: ClusterPrimary
  readonly #id: number
  readonly #receivers: ((message: unknown) => void)[] = []
  readonly #disconnectListeners: (() => void)[] = []
  #isConnected = true
  readonly #waiting: (() => void)[] = []

  constructor(primary: ClusterPrimary, id: number, options: ClusterBrokerOptions) {
    this.#primary = primary
    this.#id = id
    this.broker = new ClusterBroker(options, this.#makeLink())
  }

  /** Creates a second broker in this worker. */
  addBroker(options: ClusterBrokerOptions = {}): ClusterBroker {
    return new ClusterBroker(options, this.#makeLink())
  }

  /** Makes the worker exit. */
  die(): void {
    this.#primary.remove(this.#id)
  }

  /** Makes the primary exit. */
  losePrimary(): void {
    this.#isConnected = false
    for (const disconnect of this.#disconnectListeners) disconnect()
  }

  /** Delivers the waiting messages, and from now on every message at once. */
  goOn(): void {
    this.isStalled = false
    this.isStalledOutgoing = false
    for (const deliver of this.#waiting.splice(0)) deliver()
  }

  /** Discards the waiting messages, and from now on delivers every message at once. */
  dropStalled(): void {
    this.#waiting.length = 0
    this.goOn()
  }

  #makeLink(): PrimaryLink {
    const isConnected = (): boolean => this.#isConnected
    return {
      get connected() {
        return isConnected()
      },
      send: (message, callback) => this.#sendToPrimary(message, callback),
      onMessage: (listener) => void this.#receivers.push(listener),
      onDisconnect: (listener) => void this.#disconnectListeners.push(listener),
      close: () => {},
    }
  }

  #sendToPrimary(message: unknown, callback: (error: Error | null) => void): void {
    const text = JSON.stringify(message)
    const toWorker = { send: this.#sendToWorker.bind(this) }
    this.#deliver(this.isStalledOutgoing, () => {
      this.#primary.receive(this.#id, toWorker, JSON.parse(text))
      callback(null)
    })
  }

  #sendToWorker(message: unknown, callback: (error: Error | null) => void): void {
    const text = JSON.stringify(message)
    this.#deliver(this.isStalled, () => {
      for (const receive of this.#receivers) receive(JSON.parse(text))
      callback(null)
    })
  }

  #deliver(isStalled: boolean, deliver: () => void): void {
    if (isStalled) this.#waiting.push(deliver)
    else setImmediate(deliver)
  }
}
