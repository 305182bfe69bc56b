import type { PreparedMessage } from '../connection/send/prepared-message.ts'
import type { WebSocket } from '../session/websocket.ts'
import { ENTRY_OVERHEAD } from './broker/size.ts'
import { StoreMemory } from './broker/store-memory.ts'

/** A message that waits for slow members, and the members that do not get it. */
export interface BacklogEntry {
  readonly message: PreparedMessage
  readonly except: readonly WebSocket[]
}

/** The last messages of a room, stored once for all slow members; each member knows which message it needs next. */
export class Backlog {
  readonly #maxBytes: number
  #entries: (BacklogEntry | null)[] = []
  /** Dropped entries at the start of the list; they are removed many at a time. */
  #droppedCount = 0
  #start = 0
  readonly #memory = new StoreMemory((bytes) => this.#release(bytes))

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /** The number of the oldest message. */
  get start(): number {
    return this.#start
  }

  /** The number of the next message to be pushed. */
  get end(): number {
    return this.#start + this.#entries.length - this.#droppedCount
  }

  /** Bytes of all messages, with a fixed number for the objects of each. */
  get bytes(): number {
    return this.#memory.used
  }

  /** Returns the message with a number from `start` to below `end`. */
  at(number: number): BacklogEntry {
    return this.#entries[number - this.#start + this.#droppedCount]!
  }

  /** Appends a message; the oldest messages are dropped while there are too many bytes. */
  push({ message, except }: BacklogEntry): void {
    const entry = { message: message.detach(), except }
    this.#entries.push(entry)
    this.#memory.change(sizeOfEntry(entry))
    this.#release(this.#maxBytes)
    if (this.#droppedCount < 64 || this.#droppedCount * 2 < this.#entries.length) return
    this.#entries.splice(0, this.#droppedCount)
    this.#droppedCount = 0
  }

  /** Drops all messages: no member is slow. */
  clear(): void {
    this.#start = this.end
    this.#entries = []
    this.#droppedCount = 0
    this.#memory.change(-this.#memory.used)
  }

  /** Drops messages until at most `bytes` are left. */
  #release(bytes: number): void {
    while (this.#memory.used > bytes && this.#start < this.end) this.#drop()
  }

  #drop(): void {
    this.#memory.change(-sizeOfEntry(this.at(this.#start)))
    this.#entries[this.#droppedCount] = null
    this.#droppedCount += 1
    this.#start += 1
  }
}

function sizeOfEntry({ message, except }: BacklogEntry): number {
  return ENTRY_OVERHEAD + message.frame.length + 8 * except.length
}
