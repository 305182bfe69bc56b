/*
 * Reuses large buffers in which texts were collected, because copying 1 MiB into memory that is new from the system
 * costs 8 times as much as copying it into memory that was used before. The buffers are referenced weakly, so that
 * garbage collection can free them.
 */

/**
 * Sizes of stored buffers in bytes. Smaller ones rarely need new memory from the system; larger ones are too large to
 * keep.
 */
const SMALLEST = 64 * 1024
const LARGEST = 1024 * 1024
/** Maximum number of stored buffers. */
const COUNT = 8

let stored = new WeakRef<Buffer[]>([])

/** Removes and returns the newest stored buffer of `size` to `2 * size` bytes; null when there is none. */
export function takeBuffer(size: number): Buffer | null {
  const buffers = stored.deref() ?? []
  const found = buffers.findLastIndex(({ length }) => length >= size && length <= 2 * size)
  return found < 0 ? null : buffers.splice(found, 1)[0]
}

/** Stores a buffer that is no longer read. When there are too many, it replaces the oldest one. */
export function keepBuffer(buffer: Buffer): void {
  if (buffer.length < SMALLEST || buffer.length > LARGEST) return
  const buffers = [...(stored.deref() ?? []), buffer]
  stored = new WeakRef(buffers.slice(-COUNT))
}
