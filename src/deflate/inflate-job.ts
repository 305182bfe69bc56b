import { createInflateRaw, type InflateRaw } from 'node:zlib'
import { EMPTY } from '../core/empty.ts'
import type { ProtocolError } from '../core/errors.ts'
import { abandon } from './abandon.ts'
import { asProtocolError, cutShort, Inflation, tooLong } from './inflation.ts'
import type { Job } from './job-queue.ts'
import { joinChunks } from './join-chunks.ts'

const CHUNK = 65_536
/**
 * Chunk size of later streams. A peer may send 256 blocks with BFINAL 1 without output, and each needs a new stream.
 */
const LATER_CHUNK = 16_384
/** Maximum size of a short payload: reading it takes 7 ms or less. */
const MOST_SHORT = 64 * 1024
/** Size in bytes of the objects of a waiting job. */
const OVERHEAD = 1024

/** Called with the result of an `InflateJob`: an error or the whole message. */
export type InflateDone = (error: ProtocolError | null, message: Buffer) => void

/** Decompresses a message in the thread pool, chunk by chunk, and stops at the limit (RFC 7692 §7.2.2). */
export class InflateJob implements Job {
  readonly #payloadSize: number
  readonly #limit: number
  readonly #done: InflateDone
  #inflation: Inflation
  /** The first result, while the message is inflated a second time to verify its end. */
  #doubtful: Buffer | null = null
  #stream: InflateRaw | null = null
  #isStopped = false
  #finished: () => void = () => {}

  constructor(payload: Uint8Array, history: Buffer, limit: number, done: InflateDone) {
    this.#payloadSize = payload.length
    this.#limit = limit
    this.#done = done
    this.#inflation = new Inflation(payload, history)
  }

  get isLong(): boolean {
    return this.#payloadSize > MOST_SHORT
  }

  /** Memory in use in bytes, without the context of zlib. */
  get memoryUsed(): number {
    return OVERHEAD + this.#payloadSize + this.#inflation.length + (this.#doubtful?.length ?? 0)
  }

  start(finished: () => void): void {
    this.#finished = finished
    this.#inflateStream()
  }

  stop(released: () => void): void {
    this.#isStopped = true
    const stream = this.#stream
    this.#stream = null
    abandon(stream, released)
  }

  #inflateStream(): void {
    const inflation = this.#inflation
    try {
      const chunkSize = inflation.passes === 0 ? CHUNK : LATER_CHUNK
      const stream = createInflateRaw({ dictionary: inflation.dictionary, chunkSize })
      this.#stream = stream
      stream.on('data', (chunk: Buffer) => {
        if (stream === this.#stream) this.#add(chunk)
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

  #add(chunk: Buffer): void {
    const inflation = this.#inflation
    inflation.length += chunk.length
    if (inflation.length > this.#limit + inflation.padding) this.#settle(tooLong(this.#limit))
    else inflation.chunks.push(chunk)
  }

  #finishStream(consumed: number): void {
    this.#dropStream()
    const inflation = this.#inflation
    let isWhole: boolean
    try {
      isWhole = inflation.finishPass(consumed)
    } catch (error) {
      this.#settle(asProtocolError(error as Error))
      return
    }
    if (!isWhole) this.#inflateStream()
    else if (inflation.messageLength > this.#limit) this.#settle(tooLong(this.#limit))
    else this.#join(inflation)
  }

  #join({ chunks, length }: Inflation): void {
    const isStopped = () => this.#isStopped
    joinChunks(chunks, length, isStopped, (output) => {
      if (output === null) this.#settle(asProtocolError(new RangeError(`no memory for ${length} bytes`)))
      else this.#finish(output)
    })
  }

  #finish(output: Buffer): void {
    let message: Buffer
    try {
      message = this.#inflation.messageIn(output)
      if (this.#doubtful !== null && this.#doubtful.length !== message.length) throw cutShort()
    } catch (error) {
      return this.#settle(asProtocolError(error as Error))
    }
    const proof = this.#doubtful === null ? this.#inflation.makeProof(output) : null
    if (proof === null) return this.#settle(null, message)
    this.#doubtful = message
    this.#inflation = proof
    this.#inflateStream()
  }

  #settle(error: ProtocolError | null, message: Buffer = EMPTY): void {
    this.#dropStream()
    this.#finished()
    this.#done(error, message)
  }

  #dropStream(): void {
    // The listeners stay attached, and ignore later events of the destroyed stream.
    this.#stream?.destroy()
    this.#stream = null
  }
}
