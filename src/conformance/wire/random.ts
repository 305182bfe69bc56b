import { createHash } from 'node:crypto'

/** Seeded random numbers: the same seed and name give the same bytes on every machine. */
export class Random {
  #state: number

  constructor(seed: number, name: string) {
    this.#state = createHash('sha256').update(`${seed}/${name}`).digest().readUInt32LE(0)
  }

  /** Returns a number from 0 to 1, excluding 1 (mulberry32). */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }

  /** Returns an integer from `low` to `high`, both included. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.next() * (high - low + 1))
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length)
    for (let index = 0; index < length; index++) bytes[index] = Math.floor(this.next() * 256)
    return bytes
  }

  /** Returns printable ASCII of this length. */
  text(length: number): string {
    const bytes = Buffer.allocUnsafe(length)
    for (let index = 0; index < length; index++) bytes[index] = 0x20 + Math.floor(this.next() * 95)
    return bytes.toString('latin1')
  }

  /** Returns a shuffled copy. */
  shuffle<T>(items: readonly T[]): T[] {
    const copy = [...items]
    for (let index = copy.length - 1; index > 0; index--) {
      const other = this.integer(0, index)
      ;[copy[index], copy[other]] = [copy[other], copy[index]]
    }
    return copy
  }
}
