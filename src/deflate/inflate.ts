import { createInflateRaw, type InflateRaw, inflateRawSync } from 'node:zlib'
import { CloseCode } from '../core/close-code.ts'
import { ProtocolError } from '../core/errors.ts'
import { gather } from './gather.ts'
import type { Job } from './job-queue.ts'

/**
 * What is put behind a payload: the four bytes the sender dropped (RFC 7692 §7.2.2) and an empty final block. Only
 * when the payload ends where a block ends does the inflater come to that final block, at the last byte: a message cut
 * short cannot pass for a whole one.
 */
const ending = Buffer.from([0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff])
/** The same in another length, see `mayHaveSwallowed`. */
const longEnding = Buffer.from([0x00, 0x00, 0xff, 0xff, 0x00, 0x00, 0x00, 0xff, 0xff, 0x01, 0x00, 0x00, 0xff, 0xff])

/** Blocks with BFINAL 1 in one message: each costs two bytes to send and a new inflater here. */
const MAX_FINAL_BLOCKS = 256
/** Those that are worth no detour over the thread pool. */
const FEW_FINAL_BLOCKS = 8

/** The largest distance of DEFLATE (RFC 7692 §7.1.2). */
const LARGEST_WINDOW = 32_768
const SMALLEST_CHUNK = 2048
const LARGEST_CHUNK = 65_536

interface SyncPass {
  buffer: Buffer
  engine: { bytesWritten: number }
}

/** One message on its way through one or more DEFLATE streams; a block with BFINAL 1 ends a stream, not the message. */
class Inflation {
  readonly chunks: Buffer[] = []
  readonly ending: Buffer
  length = 0
  passes = 0
  /** What is still to be inflated, without the ending. */
  rest: Uint8Array
  readonly #history: Buffer

  constructor(payload: Uint8Array, history: Buffer, end: Buffer) {
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
    if (consumed === length + this.ending.length) return true
    if (consumed > length) throw corruptData('the last block is cut short')
    this.rest = this.rest.subarray(consumed)
    this.passes += 1
    if (this.passes > MAX_FINAL_BLOCKS) throw tooManyFinalBlocks()
    // A sender that ends its stream sends no empty block behind it; nothing is missing, so nothing is refused.
    return this.rest.length === 0
  }

  /** A final block cut short by just the length of the ending would take it for its own; the other length tells. */
  mayHaveSwallowed(message: Buffer): boolean {
    if (this.ending !== ending || message.length < ending.length) return false
    return message.subarray(message.length - ending.length).equals(ending)
  }
}

function lastBytes(bytes: Buffer, count: number): Buffer {
  return bytes.length > count ? bytes.subarray(bytes.length - count) : bytes
}

/**
 * Inflates a message at once, on the event loop (RFC 7692 §7.2.2); `null` when it has more than `worth` bytes of
 * output and is better left to an `InflateJob`.
 *
 * @throws ProtocolError 1007 for bad data, 1009 for more than `limit` bytes of output.
 */
export function inflateNow(
  payload: Uint8Array,
  history: Buffer,
  limit: number,
  worth: number,
  end = ending,
): Buffer | null {
  const inflation = new Inflation(payload, history, end)
  const most = Math.min(limit, worth)
  try {
    while (inflation.passes < FEW_FINAL_BLOCKS) {
      const { buffer, engine } = inflateStream(inflation, most)
      inflation.chunks.push(buffer)
      inflation.length += buffer.length
      if (inflation.length > most) return overflow(limit, worth)
      if (!inflation.finishPass(engine.bytesWritten)) continue
      const message = inflation.chunks.length === 1 ? compact(buffer) : Buffer.concat(inflation.chunks)
      return inflation.mayHaveSwallowed(message) ? inflateNow(payload, history, limit, worth, longEnding) : message
    }
    return null
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return overflow(limit, worth)
    throw asProtocolError(error as Error)
  }
}

/** One stream of the message; `maxOutputLength` is checked by zlib after each chunk, so a chunk is no larger either. */
function inflateStream(inflation: Inflation, most: number): SyncPass {
  const missing = Math.max(most - inflation.length, 0)
  const guess = Math.min(Math.max(inflation.rest.length * 6, SMALLEST_CHUNK), LARGEST_CHUNK, missing + 1)
  const pass: unknown = inflateRawSync(Buffer.concat([inflation.rest, inflation.ending]), {
    info: true,
    dictionary: inflation.dictionary,
    chunkSize: Math.max(guess, 64),
    maxOutputLength: Math.max(missing, 1),
  })
  return pass as SyncPass
}

function overflow(limit: number, worth: number): null {
  if (limit <= worth) throw tooLong(limit)
  return null
}

/** A small message must not keep a large chunk alive. */
function compact(message: Buffer): Buffer {
  return message.buffer.byteLength > 8192 && message.length * 2 < message.buffer.byteLength
    ? Buffer.from(message)
    : message
}

export type InflateDone = (error: ProtocolError | null, message: Buffer) => void

/** Inflates a message in the thread pool, a chunk of output at a time, and stops at the limit (RFC 7692 §7.2.2). */
export class InflateJob implements Job {
  readonly #payload: Uint8Array
  readonly #history: Buffer
  readonly #limit: number
  readonly #done: InflateDone
  #inflation: Inflation
  #stream: InflateRaw | null = null
  #isStopped = false
  #finished: () => void = () => {}

  constructor(payload: Uint8Array, history: Buffer, limit: number, done: InflateDone) {
    this.#payload = payload
    this.#history = history
    this.#limit = limit
    this.#done = done
    this.#inflation = new Inflation(payload, history, ending)
  }

  start(finished: () => void): void {
    this.#finished = finished
    this.#inflateStream()
  }

  stop(): void {
    this.#isStopped = true
    this.#dropStream()
  }

  #inflateStream(): void {
    const inflation = this.#inflation
    try {
      const stream = createInflateRaw({ dictionary: inflation.dictionary, chunkSize: LARGEST_CHUNK })
      this.#stream = stream
      stream.on('data', (chunk: Buffer) => {
        if (stream === this.#stream) this.#take(chunk)
      })
      stream.on('error', (error) => {
        if (stream === this.#stream) this.#settle(asProtocolError(error))
      })
      stream.on('end', () => {
        if (stream === this.#stream) this.#finishStream(stream.bytesWritten)
      })
      if (inflation.rest.length > 0) stream.write(inflation.rest)
      stream.end(inflation.ending)
    } catch (error) {
      this.#settle(asProtocolError(error as Error))
    }
  }

  #take(chunk: Buffer): void {
    this.#inflation.length += chunk.length
    if (this.#inflation.length > this.#limit) this.#settle(tooLong(this.#limit))
    else this.#inflation.chunks.push(chunk)
  }

  #finishStream(consumed: number): void {
    this.#dropStream()
    try {
      if (this.#inflation.finishPass(consumed)) this.#gather(this.#inflation)
      else this.#inflateStream()
    } catch (error) {
      this.#settle(asProtocolError(error as Error))
    }
  }

  #gather({ chunks, length }: Inflation): void {
    const isStopped = () => this.#isStopped
    gather(chunks, length, isStopped, (message) => {
      if (this.#inflation.mayHaveSwallowed(message)) {
        this.#inflation = new Inflation(this.#payload, this.#history, longEnding)
        this.#inflateStream()
      } else this.#settle(null, compact(message))
    })
  }

  #settle(error: ProtocolError | null, message: Buffer = nothing): void {
    this.#dropStream()
    this.#finished()
    this.#done(error, message)
  }

  #dropStream(): void {
    // An error that comes after this is nobody's: the listener stays and sees that the stream is not ours any more.
    this.#stream?.destroy()
    this.#stream = null
  }
}

const nothing = Buffer.alloc(0)

function asProtocolError(error: Error): ProtocolError {
  if (error instanceof ProtocolError) return error
  const code = (error as NodeJS.ErrnoException).code
  if (code === 'Z_DATA_ERROR') return corruptData(error.message)
  if (code === 'Z_BUF_ERROR') return corruptData('the data ends inside a block')
  return new ProtocolError(CloseCode.INTERNAL_ERROR, 'ERR_WS_INFLATE', `zlib failed: ${error.message}`)
}

function corruptData(what: string): ProtocolError {
  return new ProtocolError(CloseCode.INVALID_PAYLOAD, 'ERR_WS_INFLATE', `compressed message cannot be read: ${what}`)
}

function tooManyFinalBlocks(): ProtocolError {
  const message = `compressed message has more than ${MAX_FINAL_BLOCKS} blocks with BFINAL 1`
  return new ProtocolError(CloseCode.POLICY_VIOLATION, 'ERR_WS_INFLATE', message)
}

function tooLong(limit: number): ProtocolError {
  const message = `compressed message inflates to more than ${limit} bytes`
  return new ProtocolError(CloseCode.MESSAGE_TOO_BIG, 'ERR_WS_MESSAGE_TOO_BIG', message)
}
