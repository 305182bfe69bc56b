import type { Connection } from '../connection/connection.ts'
import type { PreparedMessage } from '../connection/send/prepared-message.ts'
import { ENTRY_OVERHEAD } from './broker/size.ts'
import { StoreMemory } from './broker/store-memory.ts'

/** A message that waits for slow members, and the members that do not get it. */
export interface BacklogEntry {
  readonly message: PreparedMessage
  readonly except: readonly Connection[]
}

/** The last messages of a room, stored once for all slow members. Each member has the number of its next message. */
export class Backlog {
  readonly #maxBytes: number
  #entries: (BacklogEntry | null)[] = []
  /** Number of dropped entries at the start of the array, which are removed many at a time. */
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

  /** Size of all messages in bytes, with a fixed overhead for each. */
  get bytes(): number {
    return this.#memory.used
  }

  /** Returns a message by its number, from `start` to `end`, excluding `end`. */
  at(number: number): BacklogEntry {
    return this.#entries[number - this.#start + this.#droppedCount]!
  }

  /** Appends a message. Drops the oldest messages while the backlog has too many bytes. */
  push({ message, except }: BacklogEntry): void {
    const entry = { message: message.detach(), except }
    this.#entries.push(entry)
    this.#memory.change(sizeOfEntry(entry))
    this.#release(this.#maxBytes)
    if (this.#droppedCount < 64 || this.#droppedCount * 2 < this.#entries.length) return
    this.#entries.splice(0, this.#droppedCount)
    this.#droppedCount = 0
  }

  /** Drops all messages, because no member is slow anymore. */
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
