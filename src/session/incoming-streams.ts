import type { Connection } from '../connection/connection.ts'
import type { Data } from '../connection/host.ts'
import { MessageStream } from './message-stream.ts'
import { PartQueue } from './part-queue.ts'

/** Number of unread bytes at which reading from the peer is paused, and at which it is resumed. */
const HIGH_MARK = 256 * 1024
const LOW_MARK = 64 * 1024
/** Memory in bytes that a waiting message needs in addition to its parts. */
const OVERHEAD = 1024

/** The messages of a session that are received in parts, in order, and the callers that wait for the next one. */
export class IncomingStreams {
  /** Called when a message has arrived that was received in parts. */
  readonly #onMessage: () => unknown
  readonly #connection: Connection
  #streams: MessageStream[] = []
  #waiting: ((stream: MessageStream | null) => void)[] = []
  #bytes = 0
  #isFull = false
  #hasEnded = false

  constructor(connection: Connection, onMessage: () => unknown) {
    this.#onMessage = onMessage
    this.#connection = connection
  }

  /** Number of bytes that wait for a reader. */
  get bytes(): number {
    return this.#bytes
  }

  /** Resolves to the next message when it begins; null when the connection is closed. */
  take(): Promise<MessageStream | null> {
    const stream = this.#streams.shift()
    if (stream !== undefined) {
      this.#count(-OVERHEAD)
      return Promise.resolve(stream)
    }
    if (this.#hasEnded) return Promise.resolve(null)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /**
   * Begins to receive messages, after those that were added. If `isPaused`, the connection is paused, and is resumed as
   * soon as few enough bytes wait.
   */
  start(isPaused: boolean): void {
    this.#connection.streamMessages((isBinary) => this.#begin(isBinary ? 'binary' : 'text'))
    this.#hasEnded = this.#connection.closeInfo !== null
    this.#isFull ||= isPaused
    this.#count(0)
  }

  /** Adds a message that was received whole. */
  add(message: Data): void {
    const parts = this.#begin(typeof message === 'string' ? 'text' : 'binary')
    if (message.length > 0) parts.onPart(message)
    parts.complete()
  }

  end(): void {
    this.#hasEnded = true
    for (const resolve of this.#waiting.splice(0)) resolve(null)
  }

  /** Adds to the number of waiting bytes, and pauses or resumes the connection. `change` is negative for bytes read. */
  #count(change: number): void {
    this.#bytes += change
    if (!this.#isFull && this.#bytes >= HIGH_MARK) {
      this.#isFull = true
      this.#connection.pause()
    } else if (this.#isFull && this.#bytes <= LOW_MARK) {
      this.#isFull = false
      this.#connection.resume()
    }
  }

  #begin(kind: 'text' | 'binary'): PartQueue {
    const parts = new PartQueue((change) => this.#count(change), this.#onMessage)
    const stream = new MessageStream(kind, parts, this.#connection)
    const resolve = this.#waiting.shift()
    if (resolve !== undefined) resolve(stream)
    else {
      this.#streams.push(stream)
      this.#count(OVERHEAD)
    }
    return parts
  }
}
