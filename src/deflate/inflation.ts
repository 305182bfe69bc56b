import { CloseCode } from '../core/close-code.ts'
import { ProtocolError } from '../core/errors.ts'

/** The pattern of the padding: bytes that a truncated block does not produce by accident. */
const PADDING = Buffer.from('a53c96e15ac3691e', 'hex')
/** Size in bytes of the header of a stored block without its first byte. */
const HEADER = 4
const FINAL_BLOCK = Buffer.from([0x01, 0x00, 0x00, 0xff, 0xff])

/**
 * Creates the bytes that are appended to a payload. A payload ends with the first byte of an empty stored block, whose
 * other four bytes the sender has removed (RFC 7692 §7.2.2). The ending turns it into a stored block that contains a
 * padding, and adds an empty final block. If the payload ends at the end of a block, the output ends with the padding
 * and the inflater reads all of the ending. Otherwise the payload is truncated.
 *
 * There is one exception: when a stored block lacks exactly as many bytes as the header and the padding have, the
 * inflater reads them as the content of that block. A complete message may end with the same bytes, so a second pass
 * with another padding tells the two cases apart. The length of the padding is random, so that a sender cannot force a
 * second pass for each message.
 */
function makeEnding(count: number): Buffer {
  const size = count * PADDING.length
  return Buffer.concat([Buffer.from([size, 0x00, ~size, 0xff]), Buffer.alloc(size, PADDING), FINAL_BLOCK])
}

/**
 * Sizes are multiples of 8. When no block is open, the first byte of the ending then reads as the header of a stored
 * block with an invalid length.
 */
const endings = Array.from({ length: 16 }, (_, index) => makeEnding(index + 1))

/** Returns a random ending and its padding. */
export function randomEnding(): { ending: Buffer; padding: Buffer } {
  const ending = endings[Math.floor(Math.random() * endings.length)]
  return { ending, padding: ending.subarray(HEADER, -FINAL_BLOCK.length) }
}

/** Maximum number of blocks with BFINAL 1 in one message. Each takes two bytes to send and needs a new inflater. */
export const MAX_FINAL_BLOCKS = 256

/** The maximum distance of DEFLATE (RFC 7692 §7.1.2). */
export const LARGEST_WINDOW = 32_768

/**
 * The state of one message that consists of one or more DEFLATE streams. A block with BFINAL 1 ends a stream, not the
 * message.
 */
export class Inflation {
  readonly chunks: Buffer[] = []
  /** The bytes to append to the payload. */
  readonly ending: Buffer
  /** Number of bytes of output so far. */
  length = 0
  passes = 0
  #usedEnding = false
  /** The input not yet inflated, without the ending. */
  rest: Uint8Array
  readonly #payload: Uint8Array
  readonly #history: Buffer

  constructor(payload: Uint8Array, history: Buffer, ending = endings[Math.floor(Math.random() * endings.length)]) {
    this.rest = payload
    this.ending = ending
    this.#payload = payload
    this.#history = history
  }

  /** Number of bytes that the ending adds to the output of a complete message. */
  get padding(): number {
    return this.ending.length - HEADER - FINAL_BLOCK.length
  }

  /** The bytes that the next stream may refer to. The window survives a block with BFINAL 1 (RFC 7692 §7.2.3.4). */
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

  /** Called when a stream has ended after `consumed` bytes. Returns whether the message has ended. */
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
    // A sender may omit the empty block after a block with BFINAL 1. Nothing is missing then, so it is accepted.
    return this.rest.length === 0
  }

  /** Number of bytes of the message inflated so far, without the padding of the ending. */
  get messageLength(): number {
    return this.length - (this.#usedEnding ? this.padding : 0)
  }

  /**
   * Returns the message in the whole output. It is copied when it would keep a much larger chunk alive.
   *
   * @throws {ProtocolError} 1007 when the last block is truncated.
   */
  messageIn(output: Buffer): Buffer {
    if (this.#usedEnding && !endsWith(output, this.#padding)) throw cutShort()
    const message = output.subarray(0, this.messageLength)
    const memory = message.buffer.byteLength
    return memory > 8192 && message.length * 2 < memory ? Buffer.from(message) : message
  }

  /** Returns a second pass over the payload with another padding; null when the output is unambiguous. */
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

/** Converts an error of zlib to a violation: 1007 for invalid data, 1011 for any other error. */
export function asProtocolError(error: Error): ProtocolError {
  if (error instanceof ProtocolError) return error
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'Z_DATA_ERROR') return corruptData(error.message)
  if (code === 'Z_BUF_ERROR') return corruptData('the data ends inside a block')
  return new ProtocolError(CloseCode.INTERNAL_ERROR, 'ERR_WS_INFLATE', `zlib failed: ${error.message}`)
}

function corruptData(what: string): ProtocolError {
  return new ProtocolError(CloseCode.INVALID_PAYLOAD, 'ERR_WS_INFLATE', `compressed message is invalid: ${what}`)
}

/** Returns the violation of a truncated last block: 1007. */
export function cutShort(): ProtocolError {
  return corruptData('the last block is truncated')
}

/** Returns the violation of too many blocks with BFINAL 1, each of which needs a new inflater: 1008. */
export function tooManyFinalBlocks(): ProtocolError {
  const message = `compressed message has more than ${MAX_FINAL_BLOCKS} blocks with BFINAL 1`
  return new ProtocolError(CloseCode.POLICY_VIOLATION, 'ERR_WS_INFLATE', message)
}

/** Returns the violation of a message that is too long: 1009 (RFC 6455 §7.4.1). */
export function tooLong(limit: number): ProtocolError {
  const message = `compressed message inflates to more than ${limit} bytes`
  return new ProtocolError(CloseCode.MESSAGE_TOO_BIG, 'ERR_WS_MESSAGE_TOO_BIG', message)
}
