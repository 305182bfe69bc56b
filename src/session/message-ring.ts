import type { Data } from '../connection/host.ts'

/** A ring of up to this length is retained when it becomes empty. */
const SMALL_LENGTH = 64

/** Messages in order of arrival. Every operation is O(1) on average. */
export class MessageRing {
  /** The length is a power of two, so that a bit mask wraps the indices. */
  #items: (Data | undefined)[] = []
  #first = 0
  /** Number of messages. Only the ring changes it. */
  count = 0
  /** Size of the messages in bytes. Each UTF-16 code unit of a text counts as two bytes. Only the ring changes it. */
  bytes = 0

  push(message: Data): void {
    if (this.count === this.#items.length) this.#grow()
    this.#items[(this.#first + this.count) & (this.#items.length - 1)] = message
    this.count++
    this.bytes += sizeOf(message)
  }

  /** Removes and returns the oldest message. Call it only while there is one. */
  shift(): Data {
    const message = this.#items[this.#first]!
    this.#items[this.#first] = undefined
    this.#first = (this.#first + 1) & (this.#items.length - 1)
    this.count--
    this.bytes -= sizeOf(message)
    if (this.count === 0 && this.#items.length > SMALL_LENGTH) this.#items = []
    return message
  }

  #grow(): void {
    const { length } = this.#items
    const items = new Array<Data | undefined>(length === 0 ? 4 : length * 2)
    for (let i = 0; i < length; i++) items[i] = this.#items[(this.#first + i) & (length - 1)]
    this.#items = items
    this.#first = 0
  }
}

function sizeOf(message: Data): number {
  return typeof message === 'string' ? message.length * 2 : message.length
}
