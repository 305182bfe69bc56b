import { seededRandom } from '../support/random.ts'

/** Choices that repeat for a seed. */
export class Random {
  readonly #next: () => number

  constructor(seed: number) {
    this.#next = seededRandom(seed)
  }

  /** A whole number below `end`. */
  below(end: number): number {
    return Math.floor(this.#next() * end)
  }

  chance(probability: number): boolean {
    return this.#next() < probability
  }

  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]
  }

  /** Mostly small, at times up to `most`. */
  size(most: number): number {
    return Math.floor(this.#next() ** 3 * (most + 1))
  }

  bytes(size: number): Buffer {
    const bytes = Buffer.allocUnsafe(size)
    for (let i = 0; i < size; i++) bytes[i] = this.below(256)
    return bytes
  }

  /** Changes, cuts, doubles, removes or inserts a few bytes. */
  mutate(bytes: Buffer): Buffer {
    let result = Buffer.from(bytes)
    for (let i = this.below(3); i >= 0 && result.length > 0; i--) {
      const at = this.below(result.length)
      const size = 1 + this.size(8)
      const [before, behind] = [result.subarray(0, at), result.subarray(at)]
      const kind = this.below(5)
      if (kind === 0) result[at] ^= 1 << this.below(8)
      else if (kind === 1) result[at] = this.below(256)
      else if (kind === 2) result = Buffer.concat([before, behind.subarray(size)])
      else if (kind === 3) result = Buffer.concat([before, this.bytes(size), behind])
      else result = Buffer.concat([before, behind.subarray(0, size), behind])
    }
    return result
  }

  /** The bytes in pieces: whole, byte by byte, or at random. */
  chunks(bytes: Buffer): Buffer[] {
    const longest = this.pick([1, 3, 20, 200, Math.max(1, bytes.length)])
    const chunks: Buffer[] = []
    for (let at = 0; at < bytes.length; ) {
      const size = 1 + this.below(longest)
      chunks.push(bytes.subarray(at, at + size))
      at += size
    }
    return chunks
  }
}
