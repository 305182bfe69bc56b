/** A queue with operations in constant time, unlike `Array.shift`, which moves all remaining items. */
export class Queue<T> {
  #incoming: T[] = []
  /** In reverse order: the next item is the last one. */
  #outgoing: T[] = []

  get length(): number {
    return this.#incoming.length + this.#outgoing.length
  }

  push(...items: readonly T[]): void {
    for (const item of items) this.#incoming.push(item)
  }

  /** Puts an item back at the front. */
  unshift(item: T): void {
    this.#outgoing.push(item)
  }

  /** Removes and returns the next item, or undefined when the queue is empty. */
  shift(): T | undefined {
    if (this.#outgoing.length === 0) {
      this.#outgoing = this.#incoming.reverse()
      this.#incoming = []
    }
    return this.#outgoing.pop()
  }

  /** Returns the items in order without removing them. */
  toArray(): T[] {
    return [...this.#outgoing].reverse().concat(this.#incoming)
  }
}
