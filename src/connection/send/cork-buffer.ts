const SIZE = 64 * 1024
const LONGEST_HEADER = 14

/**
 * The output buffer of the process, in which frames are collected for one write. The outbox that sends first in a tick
 * owns `[start, end)` until it flushes; meanwhile others use buffers of their own. A range that the kernel has accepted
 * at once is reused. A range that the stream still needs is left to it, and the next range begins after it.
 */
class CorkBuffer {
  bytes = Buffer.allocUnsafeSlow(SIZE)
  start = 0
  end = 0
  owner: object | null = null
  /** `writableLength` of the owner's stream when it became the owner. Since then it can only have decreased. */
  ownerBacklog = 0

  /** Returns whether a frame with a payload of `length` bytes fits. */
  hasRoom(length: number): boolean {
    return this.end + length + LONGEST_HEADER <= SIZE
  }

  /** Returns the collected range, which is valid during the call only, and removes the owner. */
  take(): Buffer {
    const range = this.bytes.subarray(this.start, this.end)
    this.owner = null
    this.end = this.start
    return range
  }

  /** Leaves a range returned by `take` to the stream that still needs it. */
  skip(range: Buffer): void {
    this.start += range.length
    this.end = this.start
    // The rest would be so small that the frames of a burst would need many writes.
    if (this.start > SIZE / 2) this.replace()
  }

  /** Creates a new buffer. Streams may still need ranges of the old one. */
  replace(): void {
    this.bytes = Buffer.allocUnsafeSlow(SIZE)
    this.start = 0
    this.end = 0
  }
}

/** The cork buffer of this process. */
export const corkBuffer = new CorkBuffer()
