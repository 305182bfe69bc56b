import { Buffer } from 'node:buffer'
import { markAsUntransferable } from 'node:worker_threads'
import { BufferView } from '../../fast/buffer-view.ts'
import { copyBytes } from '../../fast/copy-bytes.ts'
import { countCopied } from '../../fast/freed-memory.ts'
import type { DeliveredRun } from '../../fast/message-run.ts'

/** Messages of up to this size share a slab, which stays alive as long as the application keeps any of them. */
const MOST_SHARED = 1024
/** Twice the size of the pool that small Buffers of Node share, because creating a slab costs as much as filling it. */
const SLAB_SIZE = 16 * 1024

/**
 * Copies messages out of memory that is about to be reused. With a small message, it also copies all later messages in
 * the same run, and returns them when they are requested. Copying a run once costs a quarter of copying each message
 * separately.
 */
export class MessageSlab {
  readonly #run: DeliveredRun
  #slab = makeSlab()
  /** `#slab.buffer`, cached because reading it is slow. */
  #memory = this.#slab.buffer
  #used = 0
  /**
   * The generation of the run that was copied, the range of it that is in the slab, and the offset from window to slab.
   */
  #generation = -1
  #start = 0
  #end = 0
  #shift = 0

  constructor(run: DeliveredRun) {
    this.#run = run
  }

  /** Returns a copy of `bytes[start, end)` that belongs to the caller. */
  copy(bytes: Buffer, start: number, end: number): Buffer {
    const { generation, window } = this.#run
    const isCopied = generation === this.#generation && bytes === window && start >= this.#start && end <= this.#end
    return isCopied ? this.#view(start + this.#shift, end - start) : this.#copyAnew(bytes, start, end)
  }

  #copyAnew(bytes: Buffer, start: number, end: number): Buffer {
    const size = end - start
    if (size > MOST_SHARED) {
      countCopied(size)
      return Buffer.from(bytes.subarray(start, end))
    }
    const run = this.#run
    if (end > run.end || bytes !== run.window) return this.#view(this.#add(bytes, start, end), size)
    this.#addRun(start, end)
    return this.#view(start + this.#shift, size)
  }

  /** Copies the requested message and as much of the rest of the run as fits into the slab. */
  #addRun(start: number, end: number): void {
    const { window, end: runEnd, generation } = this.#run
    this.#makeRoom(end - start)
    const copied = Math.min(runEnd, start + SLAB_SIZE - this.#used)
    this.#shift = this.#add(window, start, copied) - start
    this.#generation = generation
    this.#start = start
    this.#end = copied
  }

  #add(bytes: Buffer, start: number, end: number): number {
    this.#makeRoom(end - start)
    const at = this.#used
    copyBytes(this.#slab, bytes.subarray(start, end), at)
    this.#used += end - start
    return at
  }

  #makeRoom(size: number): void {
    if (this.#used + size <= SLAB_SIZE) return
    this.#slab = makeSlab()
    this.#memory = this.#slab.buffer
    this.#used = 0
  }

  #view(at: number, size: number): Buffer {
    return new BufferView(this.#memory, at, size)
  }
}

/**
 * Allocates a slab outside of Node's pool: transferring a message to a worker must not transfer the memory of other
 * messages.
 */
function makeSlab(): Buffer<ArrayBuffer> {
  const bytes = Buffer.allocUnsafeSlow(SLAB_SIZE)
  markAsUntransferable(bytes.buffer)
  return bytes
}
