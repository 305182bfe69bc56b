import { CLOSE, type Frame, frameSizeAt, PING, PONG, readFrame } from '../wire/frame.ts'

/** Thrown when a server did not send the expected reply. */
export class WrongReplyError extends Error {
  override name = 'WrongReplyError'
}

/** The messages that a server must send, repeatedly in this order. */
export interface ExpectedReplies {
  /** The frames that the server should write, all of one size, concatenated. */
  bytes: Buffer
  /** The payload of each frame. */
  payloads: Buffer[]
  opcode: number
}

/**
 * Checks the order, length and content of all replies on one connection. Bytes are compared with memcmp, without
 * parsing. From the first difference on, frames are parsed, because a server may fragment or send a ping. Only a wrong
 * message fails.
 */
export class ReplyStream {
  readonly #expected: ExpectedReplies
  readonly #frameSize: number
  readonly #onPing: (payload: Buffer) => void
  #offset = 0
  #slow: SlowReplies | undefined

  constructor(expected: ExpectedReplies, onPing: (payload: Buffer) => void) {
    this.#expected = expected
    this.#frameSize = expected.bytes.length / expected.payloads.length
    this.#onPing = onPing
  }

  /**
   * Reads bytes and returns how many messages they complete.
   *
   * @throws {WrongReplyError} when a reply is not the expected one.
   */
  receive(bytes: Buffer, start: number, end: number): number {
    if (this.#slow) return this.#slow.receive(bytes.subarray(start, end))
    const { bytes: expected } = this.#expected
    let completed = 0
    for (let from = start; from < end; ) {
      const length = Math.min(end - from, expected.length - this.#offset)
      if (bytes.compare(expected, this.#offset, this.#offset + length, from, from + length) !== 0) {
        return completed + this.#goSlow(bytes.subarray(from, end))
      }
      completed += Math.floor(((this.#offset % this.#frameSize) + length) / this.#frameSize)
      this.#offset = (this.#offset + length) % expected.length
      from += length
    }
    return completed
  }

  #goSlow(rest: Buffer): number {
    const partial = this.#offset % this.#frameSize
    const begun = this.#expected.bytes.subarray(this.#offset - partial, this.#offset)
    this.#slow = new SlowReplies(this.#expected, Math.floor(this.#offset / this.#frameSize), this.#onPing)
    return this.#slow.receive(Buffer.concat([begun, rest]))
  }
}

class SlowReplies {
  readonly #expected: ExpectedReplies
  readonly #onPing: (payload: Buffer) => void
  #next: number
  #pending: Buffer = Buffer.alloc(0)
  #chunks: Buffer[] = []
  #chunkBytes = 0
  #needed = 0
  #parts: Frame[] = []

  constructor(expected: ExpectedReplies, next: number, onPing: (payload: Buffer) => void) {
    this.#expected = expected
    this.#next = next
    this.#onPing = onPing
  }

  receive(bytes: Buffer): number {
    // Concatenate only when a frame can be complete: a large frame in many chunks is copied once.
    this.#chunks.push(Buffer.from(bytes))
    this.#chunkBytes += bytes.length
    if (this.#pending.length + this.#chunkBytes < this.#needed) return 0
    this.#pending = Buffer.concat([this.#pending, ...this.#chunks])
    this.#chunks = []
    this.#chunkBytes = 0
    let completed = 0
    let at = 0
    for (let frame = readFrame(this.#pending, at); frame; frame = readFrame(this.#pending, at)) {
      at += frame.size
      completed += this.#accept(frame)
    }
    this.#pending = this.#pending.subarray(at)
    this.#needed = frameSizeAt(this.#pending, 0) ?? 0
    return completed
  }

  #accept(frame: Frame): number {
    if (frame.opcode === PING) this.#onPing(frame.payload)
    if (frame.opcode === PING || frame.opcode === PONG) return 0
    if (frame.opcode === CLOSE) throw new WrongReplyError(`the server closed the connection: ${describeClose(frame)}`)
    this.#parts.push(frame)
    if (!frame.fin) return 0
    this.#checkMessage()
    return 1
  }

  #checkMessage(): void {
    const { payloads, opcode } = this.#expected
    const wanted = payloads[this.#next]
    const parts = this.#parts
    const got = parts.length === 1 ? parts[0].payload : Buffer.concat(parts.map((part) => part.payload))
    if (parts[0].opcode !== opcode) {
      throw new WrongReplyError(`reply ${this.#next} has opcode ${parts[0].opcode}, expected ${opcode}`)
    }
    if (got.length !== wanted.length) {
      throw new WrongReplyError(`reply ${this.#next} has ${got.length} bytes, expected ${wanted.length}`)
    }
    if (!got.equals(wanted)) {
      const at = got.findIndex((byte, index) => byte !== wanted[index])
      throw new WrongReplyError(`reply ${this.#next} differs from the expected one at byte ${at} of ${wanted.length}`)
    }
    this.#parts = []
    this.#next = (this.#next + 1) % payloads.length
  }
}

/** Formats the code and reason of a Close (RFC 6455 §5.5.1). */
export function describeClose(frame: Frame): string {
  if (frame.payload.length < 2) return '1005 (no code)'
  const reason = frame.payload.toString('utf8', 2)
  return `${frame.payload.readUInt16BE(0)}${reason ? ` ${reason}` : ''}`
}
