import type { PreparedMessage } from '../connection/send/prepared-message.ts'
import type { WebSocket } from '../session/websocket.ts'

/** A message that waits for slow members, and who does not get it. */
export interface BacklogEntry {
  readonly message: PreparedMessage
  readonly except: readonly WebSocket[]
}

/** The last messages of a room, once for all members that are behind; each of them knows which it needs next. */
export class Backlog {
  readonly #maxBytes: number
  #entries: (BacklogEntry | null)[] = []
  /** Entries at the beginning of the list that are gone; they are cut off many at a time. */
  #goneCount = 0
  #start = 0
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The number of the first message that is kept. */
  get start(): number {
    return this.#start
  }

  /** The number that the next message gets. */
  get end(): number {
    return this.#start + this.#entries.length - this.#goneCount
  }

  /** Bytes of the messages that are kept. */
  get bytes(): number {
    return this.#bytes
  }

  /** The message with a number from `start` to below `end`. */
  at(number: number): BacklogEntry {
    return this.#entries[number - this.#start + this.#goneCount]!
  }

  /** Keeps a message; the oldest ones go when there are too many bytes. */
  push(entry: BacklogEntry): void {
    this.#entries.push(entry)
    this.#bytes += entry.message.frame.length
    while (this.#bytes > this.#maxBytes) this.#drop()
    if (this.#goneCount < 64 || this.#goneCount * 2 < this.#entries.length) return
    this.#entries.splice(0, this.#goneCount)
    this.#goneCount = 0
  }

  /** Lets everything go: nobody is behind. */
  clear(): void {
    this.#start = this.end
    this.#entries = []
    this.#goneCount = 0
    this.#bytes = 0
  }

  #drop(): void {
    this.#bytes -= this.at(this.#start).message.frame.length
    this.#entries[this.#goneCount] = null
    this.#goneCount += 1
    this.#start += 1
  }
}
