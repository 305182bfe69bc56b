import fc, { type Arbitrary } from 'fast-check'

/** Returns an arbitrary of bytes of every length up to `maxLength`. */
export function bytes(maxLength: number): Arbitrary<Buffer> {
  return fc.uint8Array({ maxLength }).map((array) => Buffer.from(array))
}

/** Returns an arbitrary that is true in about `percent` of a hundred cases. */
export function chance(percent: number): Arbitrary<boolean> {
  return fc.nat(99).map((number) => number >= 100 - percent)
}

/** How to split bytes of any length into pieces. */
export interface Chunking {
  readonly longest: number
  readonly sizes: readonly number[]
}

/** Whole, byte by byte, or pieces of random sizes. */
export const chunking: Arbitrary<Chunking> = fc.record({
  longest: fc.constantFrom(1 << 30, 200, 20, 3, 1),
  sizes: fc.array(fc.nat(), { minLength: 1, maxLength: 20 }),
})

/** Returns the pieces of `bytes`. */
export function cut(bytes: Buffer, { longest, sizes }: Chunking): Buffer[] {
  const chunks: Buffer[] = []
  const next = cycle(sizes)
  for (let at = 0; at < bytes.length; ) {
    const size = 1 + (next() % Math.min(longest, bytes.length))
    chunks.push(bytes.subarray(at, at + size))
    at += size
  }
  return chunks
}

/** Returns the values one after the other, and begins again after the last. */
export function cycle<T>(values: readonly T[]): () => T {
  let index = 0
  return () => values[index++ % values.length]
}

/** A change to a few bytes. `at` is a position in bytes of any length. */
export interface Damage {
  readonly kind: 'flip' | 'set' | 'remove' | 'insert' | 'repeat'
  readonly at: number
  readonly size: number
  readonly bytes: Buffer
}

/** One to three changes. */
export const damages: Arbitrary<Damage[]> = fc.array(
  fc.record({
    kind: fc.constantFrom('flip', 'set', 'remove', 'insert', 'repeat'),
    at: fc.nat(),
    size: fc.integer({ min: 1, max: 9 }),
    bytes: bytes(9),
  }),
  { minLength: 1, maxLength: 3 },
)

/** Returns a copy of `source` with one change. */
export function damage(source: Buffer, { kind, at, size, bytes }: Damage): Buffer {
  if (source.length === 0) return source
  const position = at % source.length
  const [before, behind] = [source.subarray(0, position), source.subarray(position)]
  if (kind === 'remove') return Buffer.concat([before, behind.subarray(size)])
  if (kind === 'insert') return Buffer.concat([before, bytes, behind])
  if (kind === 'repeat') return Buffer.concat([before, behind.subarray(0, size), behind])
  const changed = Buffer.from(source)
  if (kind === 'flip') changed[position] ^= 1 << (size & 7)
  else changed[position] = bytes[0] ?? 0
  return changed
}

/** Returns an arbitrary of bytes of `source` with one to three changes. */
export function damaged(source: Arbitrary<Buffer>): Arbitrary<Buffer> {
  return fc.tuple(source, damages).map(([bytes, all]) => all.reduce(damage, bytes))
}

/** Like `damaged`, but only in about `percent` of a hundred cases. */
export function maybeDamaged(source: Arbitrary<Buffer>, percent: number): Arbitrary<Buffer> {
  return fc.oneof({ weight: 100 - percent, arbitrary: source }, { weight: percent, arbitrary: damaged(source) })
}
