import type { Payload } from './broker/broker.ts'
import { ENTRY_OVERHEAD } from './broker/size.ts'
import { StoreMemory } from './broker/store-memory.ts'

/** Messages of a room that arrive while its history is read, stored once for all that wait. They have numbers. */
export class Arrivals<T> {
  readonly #maxBytes: number
  readonly #maxCount: number
  readonly #payloadOf: (entry: T) => Payload
  readonly #memory = new StoreMemory((bytes) => this.#release(bytes))
  #entries: T[] = []
  /** The number of the oldest entry. */
  #start = 0

  /** Above a limit, the oldest entries are dropped. */
  constructor(maxBytes: number, maxCount: number, payloadOf: (entry: T) => Payload) {
    this.#maxBytes = maxBytes
    this.#maxCount = maxCount
    this.#payloadOf = payloadOf
  }

  /** The number of the next entry. */
  get end(): number {
    return this.#start + this.#entries.length
  }

  /** Memory in use, in bytes. */
  get bytes(): number {
    return this.#memory.used
  }

  push(entry: T): void {
    this.#entries.push(entry)
    this.#memory.change(this.#sizeOf(entry))
    while (this.#entries.length > this.#maxCount) this.#drop()
    this.#release(this.#maxBytes)
  }

  /** Returns the entries from a number on, and whether all of them are still there. */
  from(number: number): { entries: T[]; isComplete: boolean } {
    return { entries: this.#entries.slice(Math.max(number - this.#start, 0)), isComplete: number >= this.#start }
  }

  /** Drops the entries before a number. */
  dropBefore(number: number): void {
    while (this.#start < number && this.#entries.length > 0) this.#drop()
  }

  /** Drops entries until at most `bytes` are left. */
  #release(bytes: number): void {
    while (this.#memory.used > bytes && this.#entries.length > 0) this.#drop()
  }

  #drop(): void {
    this.#memory.change(-this.#sizeOf(this.#entries.shift()!))
    this.#start += 1
  }

  /** Returns the size of an entry as if its text were not ASCII, because it is computed twice and must be cheap. */
  #sizeOf(entry: T): number {
    const payload = this.#payloadOf(entry)
    return ENTRY_OVERHEAD + (typeof payload === 'string' ? 2 * payload.length : payload.length)
  }
}
