import { StoreMemory } from './broker/store-memory.ts'

/** The limits of a store, and the size in bytes of an entry. */
export interface NumberedStoreOptions<T> {
  readonly maxBytes: number
  /** Default: any number of entries. */
  readonly maxCount?: number | undefined
  /** Must return the same size each time. */
  sizeOf(entry: T): number
}

/** The last messages of a room, stored once for all members that wait for them. They have consecutive numbers. */
export class NumberedStore<T> {
  readonly #options: NumberedStoreOptions<T>
  #entries: (T | null)[] = []
  /** Number of dropped entries at the start of the array, which are removed many at a time. */
  #droppedCount = 0
  #start = 0
  readonly #memory = new StoreMemory((bytes) => this.#release(bytes))

  constructor(options: NumberedStoreOptions<T>) {
    this.#options = options
  }

  /** The number of the oldest entry. */
  get start(): number {
    return this.#start
  }

  /** The number of the next entry to be pushed. */
  get end(): number {
    return this.#start + this.#entries.length - this.#droppedCount
  }

  /** Size of all entries in bytes, with a fixed overhead for each. */
  get bytes(): number {
    return this.#memory.used
  }

  /** Returns an entry by its number, from `start` to `end`, excluding `end`. */
  at(number: number): T {
    return this.#entries[number - this.#start + this.#droppedCount]!
  }

  /** Returns the entries from a number on, without those that were dropped. */
  from(number: number): T[] {
    return this.#entries.slice(this.#droppedCount + Math.max(number - this.#start, 0)) as T[]
  }

  /** Appends an entry. Drops the oldest entries while there are too many, or too many bytes. */
  push(entry: T): void {
    const { maxBytes, maxCount = Number.POSITIVE_INFINITY, sizeOf } = this.#options
    this.#entries.push(entry)
    this.#memory.change(sizeOf(entry))
    this.dropBefore(this.end - maxCount)
    this.#release(maxBytes)
  }

  /** Drops the entries before a number. */
  dropBefore(number: number): void {
    while (this.#start < number && this.#start < this.end) this.#drop()
  }

  /** Drops all entries. */
  clear(): void {
    this.#start = this.end
    this.#entries = []
    this.#droppedCount = 0
    this.#memory.change(-this.#memory.used)
  }

  /** Drops entries until at most `bytes` are left. */
  #release(bytes: number): void {
    while (this.#memory.used > bytes && this.#start < this.end) this.#drop()
  }

  #drop(): void {
    this.#memory.change(-this.#options.sizeOf(this.at(this.#start)))
    this.#entries[this.#droppedCount] = null
    this.#droppedCount += 1
    this.#start += 1
    if (this.#droppedCount < 64 || this.#droppedCount * 2 < this.#entries.length) return
    this.#entries.splice(0, this.#droppedCount)
    this.#droppedCount = 0
  }
}
