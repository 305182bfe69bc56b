/** First in, first out, in constant time however many there are: an array's own `shift` moves all that is left. */
export class Queue<T> {
  #incoming: T[] = []
  /** In reverse order: the next one is the last. */
  #outgoing: T[] = []

  get length(): number {
    return this.#incoming.length + this.#outgoing.length
  }

  push(...items: readonly T[]): void {
    for (const item of items) this.#incoming.push(item)
  }

  /** Puts an item back in front. */
  unshift(item: T): void {
    this.#outgoing.push(item)
  }

  /** Removes the next item and returns it; undefined when empty. */
  shift(): T | undefined {
    if (this.#outgoing.length === 0) {
      this.#outgoing = this.#incoming.reverse()
      this.#incoming = []
    }
    return this.#outgoing.pop()
  }

  /** The items in their order, left where they are. */
  toArray(): T[] {
    return [...this.#outgoing].reverse().concat(this.#incoming)
  }
}
