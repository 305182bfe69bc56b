import { isFastEnabled } from './enabled.ts'

/*
 * Keeps freed memory in the process. The memory of messages soon becomes garbage, of which V8 frees 32 MiB at a time.
 * glibc then returns the free end of its heap to the system, and the next messages need a page fault for each page of
 * it. It does so when that end exceeds twice the size of the largest block (up to 32 MiB) that it has mapped separately
 * and freed; see M_MMAP_THRESHOLD in mallopt(3). So one such block is allocated and dropped. Its pages are never
 * touched, so it needs no memory. Other C libraries are not affected, nor is glibc when the environment has
 * MALLOC_TRIM_THRESHOLD_.
 */

/** Size in bytes of the block. The process then keeps up to twice as much freed memory. */
const BLOCK_SIZE = 24 * 1024 * 1024
/** Number of bytes after which the block is allocated, so that a process with few large messages returns its memory. */
const START = 64 * 1024 * 1024

let copied = 0

/** Counts bytes of a message that were copied into new memory. */
export function countCopied(size: number): void {
  if (copied > START) return
  copied += size
  if (copied > START && isFastEnabled) Buffer.allocUnsafeSlow(BLOCK_SIZE)
}
