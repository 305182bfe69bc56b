const SIZE = 64 * 1024
const LONGEST_HEADER = 14

/**
 * The output buffer of the process, in which frames are gathered before one write. The outbox that sends first in a
 * tick owns `[start, end)` until it flushes; others use buffers of their own meanwhile. A range that the kernel has
 * accepted at once is used again; one that the stream still holds is left to it, and the next range begins after it.
 */
class CorkBuffer {
  bytes = Buffer.allocUnsafeSlow(SIZE)
  start = 0
  end = 0
  owner: object | null = null
  /** `writableLength` of the owner's stream when it became the owner: since then it can only have shrunk. */
  ownerBacklog = 0

  /** Whether a frame with a payload of `length` bytes fits. */
  hasRoom(length: number): boolean {
    return this.end + length + LONGEST_HEADER <= SIZE
  }

  /** Returns the gathered range to use it once, during the call; the buffer has no owner then. */
  take(): Buffer {
    const range = this.bytes.subarray(this.start, this.end)
    this.owner = null
    this.end = this.start
    return range
  }

  /** Leaves a range returned by `take` to the stream that still holds it. */
  skip(range: Buffer): void {
    this.start += range.length
    this.end = this.start
    // In what is left, the frames of a burst would leave in many writes.
    if (this.start > SIZE / 2) this.replace()
  }

  /** Begins a new buffer; streams may still hold ranges of the old one. */
  replace(): void {
    this.bytes = Buffer.allocUnsafeSlow(SIZE)
    this.start = 0
    this.end = 0
  }
}

/** The one of this process. */
export const corkBuffer = new CorkBuffer()
