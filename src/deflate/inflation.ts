import { CloseCode } from '../core/close-code.ts'
import { ProtocolError } from '../core/errors.ts'

/**
 * Is appended to a payload: the four bytes that the sender removed (RFC 7692 §7.2.2) and an empty final block. The
 * inflater reaches that final block, at its last byte, only when the payload ends where a block ends: so a truncated
 * message is not mistaken for a whole one.
 */
const ending = Buffer.from([0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff])
/**
 * The same with one byte in the block whose header the payload ends with. A block cut short by just the length of what
 * is put behind it takes that for its own, and its output ends with the dropped bytes: then this one tells a whole
 * message, which gets one byte longer by it.
 */
export const probe = Buffer.from([0x01, 0x00, 0xfe, 0xff, 0x00, 0x01, 0x00, 0x00, 0xff, 0xff])
const dropped = ending.subarray(0, 4)

/** Blocks with BFINAL 1 in one message: each costs two bytes to send and a new inflater here. */
const MAX_FINAL_BLOCKS = 256

/** The largest distance of DEFLATE (RFC 7692 §7.1.2). */
const LARGEST_WINDOW = 32_768

/** One message on its way through one or more DEFLATE streams; a block with BFINAL 1 ends a stream, not the message. */
export class Inflation {
  readonly chunks: Buffer[] = []
  readonly ending: Buffer
  length = 0
  passes = 0
  #usedEnding = false
  /** What is still to be inflated, without the ending. */
  rest: Uint8Array
  readonly #history: Buffer

  constructor(payload: Uint8Array, history: Buffer, end = ending) {
    this.rest = payload
    this.ending = end
    this.#history = history
  }

  /** What the next stream may refer to: the window survives a block with BFINAL 1 (RFC 7692 §7.2.3.4). */
  get dictionary(): Buffer | undefined {
    if (this.length === 0) return this.#history.length > 0 ? this.#history : undefined
    const parts: Buffer[] = []
    let missing = LARGEST_WINDOW
    for (let index = this.chunks.length - 1; index >= 0 && missing > 0; index--) {
      const part = lastBytes(this.chunks[index], missing)
      parts.unshift(part)
      missing -= part.length
    }
    if (missing > 0) parts.unshift(lastBytes(this.#history, missing))
    return Buffer.concat(parts)
  }

  /** Takes note of the end of a stream after `consumed` bytes; true when it ended the message. */
  finishPass(consumed: number): boolean {
    const length = this.rest.length
    if (consumed === length + this.ending.length) {
      this.#usedEnding = true
      return true
    }
    if (consumed > length) throw cutShort()
    this.rest = this.rest.subarray(consumed)
    this.passes += 1
    if (this.passes > MAX_FINAL_BLOCKS) throw tooManyFinalBlocks()
    // A sender that ends its stream sends no empty block behind it; nothing is missing, so nothing is refused.
    return this.rest.length === 0
  }

  /** Whether the message ends with the dropped bytes: its own, or those put behind a block cut short. */
  needsProbe(message: Buffer): boolean {
    return this.#usedEnding && this.ending !== probe && lastBytes(message, dropped.length).equals(dropped)
  }
}

function lastBytes(bytes: Buffer, count: number): Buffer {
  return bytes.length > count ? bytes.subarray(bytes.length - count) : bytes
}

/** A small message must not retain a large chunk. */
export function compact(message: Buffer): Buffer {
  return message.buffer.byteLength > 8192 && message.length * 2 < message.buffer.byteLength
    ? Buffer.from(message)
    : message
}

/** What an error of zlib means for the connection: 1007 for bad data, 1011 for anything else. */
export function asProtocolError(error: Error): ProtocolError {
  if (error instanceof ProtocolError) return error
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'Z_DATA_ERROR') return corruptData(error.message)
  if (code === 'Z_BUF_ERROR') return corruptData('the data ends inside a block')
  return new ProtocolError(CloseCode.INTERNAL_ERROR, 'ERR_WS_INFLATE', `zlib failed: ${error.message}`)
}

function corruptData(what: string): ProtocolError {
  return new ProtocolError(CloseCode.INVALID_PAYLOAD, 'ERR_WS_INFLATE', `compressed message cannot be read: ${what}`)
}

/** 1007: the block took what was put behind the payload for its own. */
export function cutShort(): ProtocolError {
  return corruptData('the last block is cut short')
}

function tooManyFinalBlocks(): ProtocolError {
  const message = `compressed message has more than ${MAX_FINAL_BLOCKS} blocks with BFINAL 1`
  return new ProtocolError(CloseCode.POLICY_VIOLATION, 'ERR_WS_INFLATE', message)
}

/** 1009: the message is longer than the receiver accepts (RFC 6455 §7.4.1). */
export function tooLong(limit: number): ProtocolError {
  const message = `compressed message inflates to more than ${limit} bytes`
  return new ProtocolError(CloseCode.MESSAGE_TOO_BIG, 'ERR_WS_MESSAGE_TOO_BIG', message)
}
