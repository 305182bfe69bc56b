import { createInflateRaw, type InflateRaw } from 'node:zlib'
import { EMPTY } from '../core/empty.ts'
import type { ProtocolError } from '../core/errors.ts'
import { asProtocolError, compact, cutShort, Inflation, probe, tooLong } from './inflation.ts'
import type { Job } from './job-queue.ts'
import { joinChunks } from './join-chunks.ts'

const CHUNK = 65_536

/** Takes the outcome of an `InflateJob`: an error or the whole message. */
export type InflateDone = (error: ProtocolError | null, message: Buffer) => void

/** Inflates a message in the thread pool, a chunk of output at a time, and stops at the limit (RFC 7692 §7.2.2). */
export class InflateJob implements Job {
  readonly #payload: Uint8Array
  readonly #history: Buffer
  readonly #limit: number
  readonly #done: InflateDone
  #inflation: Inflation
  /** The message in question while it is inflated a second time. */
  #probed: Buffer | null = null
  #stream: InflateRaw | null = null
  #isStopped = false
  #finished: () => void = () => {}

  constructor(payload: Uint8Array, history: Buffer, limit: number, done: InflateDone) {
    this.#payload = payload
    this.#history = history
    this.#limit = limit
    this.#done = done
    this.#inflation = new Inflation(payload, history)
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
      const stream = createInflateRaw({ dictionary: inflation.dictionary, chunkSize: CHUNK })
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
    const limit = this.#probed === null ? this.#limit : this.#limit + 1
    if (this.#inflation.length > limit) this.#settle(tooLong(this.#limit))
    else this.#inflation.chunks.push(chunk)
  }

  #finishStream(consumed: number): void {
    this.#dropStream()
    let isWhole: boolean
    try {
      isWhole = this.#inflation.finishPass(consumed)
    } catch (error) {
      this.#settle(asProtocolError(error as Error))
      return
    }
    if (!isWhole) this.#inflateStream()
    else if (this.#probed === null) this.#join(this.#inflation)
    else if (this.#inflation.length === this.#probed.length + 1) this.#settle(null, this.#probed)
    else this.#settle(cutShort())
  }

  #join({ chunks, length }: Inflation): void {
    const isStopped = () => this.#isStopped
    joinChunks(chunks, length, isStopped, (message) => {
      if (message === null) this.#settle(asProtocolError(new RangeError(`no memory for ${length} bytes`)))
      else this.#finish(message)
    })
  }

  #finish(message: Buffer): void {
    if (this.#inflation.needsProbe(message)) {
      this.#probed = message
      this.#inflation = new Inflation(this.#payload, this.#history, probe)
      this.#inflateStream()
    } else this.#settle(null, compact(message))
  }

  #settle(error: ProtocolError | null, message: Buffer = EMPTY): void {
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
