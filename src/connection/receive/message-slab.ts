import { Buffer } from 'node:buffer'
import { markAsUntransferable } from 'node:worker_threads'

/** Messages up to this size share the memory of a slab: a message that is kept keeps no more than the slab with it. */
const MOST_SHARED = 1024
/** Twice the pool that small Buffers of node share: making one costs as much as copying it full. */
const SLAB_SIZE = 16 * 1024

/** What makes a Buffer of an ArrayBuffer without the checks of `Buffer.from`: a third cheaper. */
type View = new (memory: ArrayBuffer, at: number, length: number) => Buffer
const View = (Buffer as unknown as Record<symbol, View>)[Symbol.species]

let slab = makeSlab()
/** `slab.buffer`, whose getter is not free. */
let slabMemory = slab.buffer
let slabUsed = 0

/** The range that the slab has a copy of, and where it has it. */
let copiedFrom: Buffer | null = null
let copiedStart = 0
let copiedEnd = 0
let copyAt = 0

/** The window is read into anew: what was copied of it is no copy any more. */
export function forgetCopies(): void {
  copiedFrom = null
}

/**
 * A copy of `bytes[start, end)` that belongs to whoever asked. With a small message those behind it up to `runEnd` are
 * copied too, and shown when they are asked for: one copy for a run costs a quarter of one for each message.
 */
export function copyMessage(bytes: Buffer, start: number, end: number, runEnd: number): Buffer {
  const size = end - start
  if (size > MOST_SHARED) return Buffer.from(bytes.subarray(start, end))
  if (bytes !== copiedFrom || start < copiedStart || end > copiedEnd) copyRun(bytes, start, end, runEnd)
  return new View(slabMemory, copyAt + start - copiedStart, size)
}

function copyRun(bytes: Buffer, start: number, end: number, runEnd: number): void {
  if (slabUsed + end - start > SLAB_SIZE) {
    slab = makeSlab()
    slabMemory = slab.buffer
    slabUsed = 0
  }
  const size = Math.min(runEnd - start, SLAB_SIZE - slabUsed)
  slab.set(bytes.subarray(start, start + size), slabUsed)
  copiedFrom = bytes
  copiedStart = start
  copiedEnd = start + size
  copyAt = slabUsed
  slabUsed += size
}

/** As for node's own pool: handing one message to a worker must not take the memory of the others along. */
function makeSlab(): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafeSlow(SLAB_SIZE)
  markAsUntransferable(bytes.buffer)
  return bytes
}
