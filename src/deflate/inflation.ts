import { CloseCode } from '../core/close-code.ts'
import { ProtocolError } from '../core/errors.ts'

/** What the padding consists of: bytes that no cut block decodes to by accident. */
const PADDING = Buffer.from('a53c96e15ac3691e', 'hex')
/** Bytes of the header of a stored block without its first byte. */
const HEADER = 4
const FINAL_BLOCK = Buffer.from([0x01, 0x00, 0x00, 0xff, 0xff])

/**
 * What is appended to a payload. A payload ends with the first byte of an empty stored block, the sender has removed the
 * other four (RFC 7692 §7.2.2): this completes the block, with a padding as its content, and adds an empty final block.
 * Only if the payload ends where a block ends does the output end with the padding, and the inflater at the last byte.
 *
 * A stored block that is cut short by just the length of header and padding reads both as its content. A whole message may
 * end like that as well, and only a second pass with another padding shows which it is. The length of the padding is
 * random, so that a sender cannot make each message cost two passes.
 */
function makeEnding(count: number): Buffer {
  const size = count * PADDING.length
  return Buffer.concat([Buffer.from([size, 0x00, ~size, 0xff]), Buffer.alloc(size, PADDING), FINAL_BLOCK])
}

/**
 * Sizes are multiples of 8: where no block is open, the first byte of the ending then reads as the header of a stored
 * block with a wrong length.
 */
const endings = Array.from({ length: 16 }, (_, index) => makeEnding(index + 1))

/** One of the endings at random, and the padding in it. */
export function randomEnding(): { ending: Buffer; padding: Buffer } {
  const ending = endings[Math.floor(Math.random() * endings.length)]
  return { ending, padding: ending.subarray(HEADER, -FINAL_BLOCK.length) }
}

/** Blocks with BFINAL 1 in one message: each costs two bytes to send and a new inflater here. */
export const MAX_FINAL_BLOCKS = 256

/** The largest distance of DEFLATE (RFC 7692 §7.1.2). */
export const LARGEST_WINDOW = 32_768

/** One message on its way through one or more DEFLATE streams; a block with BFINAL 1 ends a stream, not the message. */
export class Inflation {
  readonly chunks: Buffer[] = []
  /** Goes behind the payload. */
  readonly ending: Buffer
  /** Bytes of the output so far. */
  length = 0
  passes = 0
  #usedEnding = false
  /** What is not inflated yet, without the ending. */
  rest: Uint8Array
  readonly #payload: Uint8Array
  readonly #history: Buffer

  constructor(payload: Uint8Array, history: Buffer, ending = endings[Math.floor(Math.random() * endings.length)]) {
    this.rest = payload
    this.ending = ending
    this.#payload = payload
    this.#history = history
  }

  /** Bytes that the ending adds to the output of a whole message. */
  get padding(): number {
    return this.ending.length - HEADER - FINAL_BLOCK.length
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

  /** Notes the end of a stream after `consumed` bytes; returns whether it ended the message. */
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
    // A sender that ends its stream sends no empty block after it; nothing is missing, so nothing is refused.
    return this.rest.length === 0
  }

  /** Bytes of the message, as far as it is inflated; the ending counts only when it was used. */
  get messageLength(): number {
    return this.length - (this.#usedEnding ? this.padding : 0)
  }

  /**
   * Returns the message in the whole output; it must not retain a much larger chunk.
   *
   * @throws {ProtocolError} 1007 when the last block continues behind the payload.
   */
  messageIn(output: Buffer): Buffer {
    if (this.#usedEnding && !endsWith(output, this.#padding)) throw cutShort()
    const message = output.subarray(0, this.messageLength)
    const memory = message.buffer.byteLength
    return memory > 8192 && message.length * 2 < memory ? Buffer.from(message) : message
  }

  /** A second pass over the same payload with another padding; null where the output leaves no doubt. */
  makeProof(output: Buffer): Inflation | null {
    const stored = this.ending.subarray(0, -FINAL_BLOCK.length)
    if (!this.#usedEnding || !endsWith(output, stored)) return null
    const other = endings[(endings.indexOf(this.ending) + 1) % endings.length]
    return new Inflation(this.#payload, this.#history, other)
  }

  get #padding(): Buffer {
    return this.ending.subarray(HEADER, -FINAL_BLOCK.length)
  }
}

function endsWith(bytes: Buffer, end: Buffer): boolean {
  return bytes.subarray(-end.length).equals(end)
}

function lastBytes(bytes: Buffer, count: number): Buffer {
  return bytes.length > count ? bytes.subarray(bytes.length - count) : bytes
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

/** 1007: the last block continues behind the payload. */
export function cutShort(): ProtocolError {
  return corruptData('the last block is cut short')
}

/** 1008: each block with BFINAL 1 costs a new inflater. */
export function tooManyFinalBlocks(): ProtocolError {
  const message = `compressed message has more than ${MAX_FINAL_BLOCKS} blocks with BFINAL 1`
  return new ProtocolError(CloseCode.POLICY_VIOLATION, 'ERR_WS_INFLATE', message)
}

/** 1009: the message is longer than the receiver accepts (RFC 6455 §7.4.1). */
export function tooLong(limit: number): ProtocolError {
  const message = `compressed message inflates to more than ${limit} bytes`
  return new ProtocolError(CloseCode.MESSAGE_TOO_BIG, 'ERR_WS_MESSAGE_TOO_BIG', message)
}
