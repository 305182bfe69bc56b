/*
 * Memory in which long texts were gathered is used again for the next ones: to copy 1 MiB into memory that is fresh from
 * the system costs 8 times as much as the copy alone. It is kept weakly, so that garbage collection may have it.
 */

/** Bytes of what is kept: less is seldom fresh from the system, more is too much to keep. */
const LEAST = 64 * 1024
const MOST = 1024 * 1024
/** How many are kept. */
const COUNT = 8

let kept = new WeakRef<Buffer[]>([])

/** Memory of at least `size` bytes that was kept, or null; not more than twice as much, which others may need. */
export function takeMemory(size: number): Buffer | null {
  const spares = kept.deref() ?? []
  const found = spares.findLastIndex(({ length }) => length >= size && length <= 2 * size)
  return found < 0 ? null : spares.splice(found, 1)[0]
}

/** Keeps memory that nobody looks at any more; the oldest makes room. */
export function keepMemory(bytes: Buffer): void {
  if (bytes.length < LEAST || bytes.length > MOST) return
  const spares = [...(kept.deref() ?? []), bytes]
  kept = new WeakRef(spares.slice(-COUNT))
}
