import type { Connection } from '../connection/connection.ts'
import type { Data } from '../connection/host.ts'
import { MessageStream } from './message-stream.ts'
import { PartQueue } from './part-queue.ts'

/** Unread bytes at which reading from the peer stops, and resumes. */
const HIGH_MARK = 256 * 1024
const LOW_MARK = 64 * 1024
/** What a message that waits counts as, besides its parts. */
const OVERHEAD = 1024

/** The messages of a session that are received in parts, in order, or else those who wait for one. */
export class IncomingStreams {
  readonly #connection: Connection
  #streams: MessageStream[] = []
  #waiting: ((stream: MessageStream | null) => void)[] = []
  #bytes = 0
  #isFull = false
  #hasEnded = false

  constructor(connection: Connection) {
    this.#connection = connection
    connection.streamMessages((isBinary) => this.#begin(isBinary ? 'binary' : 'text'))
    this.#hasEnded = connection.closeInfo !== null
  }

  /** Bytes that wait for a reader. */
  get bytes(): number {
    return this.#bytes
  }

  /** The oldest message that nobody has, when it begins; null when the connection is closed. */
  take(): Promise<MessageStream | null> {
    const stream = this.#streams.shift()
    if (stream !== undefined) {
      this.#count(-OVERHEAD)
      return Promise.resolve(stream)
    }
    if (this.#hasEnded) return Promise.resolve(null)
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  /** Adds a message that was received whole. */
  add(message: Data): void {
    const parts = this.#begin(typeof message === 'string' ? 'text' : 'binary')
    if (message.length > 0) parts.onPart(message)
    parts.onEnd()
  }

  end(): void {
    this.#hasEnded = true
    for (const resolve of this.#waiting.splice(0)) resolve(null)
  }

  /** So many more bytes wait; negative when they are read. */
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
    const parts = new PartQueue((change) => this.#count(change))
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
