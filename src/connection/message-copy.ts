import { isPortable } from '../core/portable.ts'
import { wordsOf } from '../core/words.ts'

/** Messages up to this size share the memory of a slab: a message that is kept keeps no more than the slab with it. */
const MOST_SHARED = 1024
/** As large as the pool that node's own small Buffers share. */
const SLAB_SIZE = 8 * 1024
/** Above this, calling the copy of the runtime is worth it. */
const MOST_COPIED_BY_WORD = 256

let slab = Buffer.allocUnsafeSlow(SLAB_SIZE)
let slabWords = new Int32Array(slab.buffer)
let slabUsed = 0

/** A copy of `bytes[start, end)` that belongs to whoever asked. */
export function copyMessage(bytes: Buffer, start: number, end: number): Buffer {
  const size = end - start
  if (isPortable || size > MOST_SHARED) return Buffer.from(bytes.subarray(start, end))
  if (slabUsed + size + 4 > SLAB_SIZE) {
    slab = Buffer.allocUnsafeSlow(SLAB_SIZE)
    slabWords = new Int32Array(slab.buffer)
    slabUsed = 0
  }
  // As far from a word boundary as the original, so that whole words can be copied.
  const at = slabUsed + ((bytes.byteOffset + start) & 3)
  const stop = at + size
  if (size > MOST_COPIED_BY_WORD) bytes.copy(slab, at, start, end)
  else copyWords(wordsOf(bytes.buffer), (bytes.byteOffset + start) >> 2, slabUsed >> 2, stop)
  slabUsed = (stop + 3) & ~3
  return slab.subarray(at, stop)
}

/** Copies words to the slab up to the one that holds its byte `stop - 1`; bytes beside the message fall into gaps. */
function copyWords(from: Int32Array, source: number, target: number, stop: number): void {
  for (const last = (stop + 3) >> 2; target < last; ) slabWords[target++] = from[source++]
}
