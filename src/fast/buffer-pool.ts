/*
 * Large buffers in which texts were gathered are reused for the next ones: copying 1 MiB into memory that is fresh from
 * the system costs 8 times as much as the copy alone. They are referenced weakly, so that garbage collection can free
 * them.
 */

/** Sizes of stored buffers in bytes: smaller ones are seldom fresh from the system, larger ones too much to retain. */
const SMALLEST = 64 * 1024
const LARGEST = 1024 * 1024
/** How many buffers are stored. */
const COUNT = 8

let stored = new WeakRef<Buffer[]>([])

/** Removes and returns a stored buffer of `size` to `2 * size` bytes, the newest first; null when there is none. */
export function takeBuffer(size: number): Buffer | null {
  const buffers = stored.deref() ?? []
  const found = buffers.findLastIndex(({ length }) => length >= size && length <= 2 * size)
  return found < 0 ? null : buffers.splice(found, 1)[0]
}

/** Stores a buffer that is no longer read; the oldest one makes room. */
export function keepBuffer(buffer: Buffer): void {
  if (buffer.length < SMALLEST || buffer.length > LARGEST) return
  const buffers = [...(stored.deref() ?? []), buffer]
  stored = new WeakRef(buffers.slice(-COUNT))
}
