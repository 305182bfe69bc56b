import { createDeflateRaw, type DeflateRaw } from 'node:zlib'
import { abandon } from './abandon.ts'
import { type DeflateSettings, TAIL_LENGTH, zlibOptions } from './deflate.ts'
import type { Job } from './job-queue.ts'
import { joinChunks } from './join-chunks.ts'

/** Maximum size of a short message: compressing it takes about 6 ms. */
const MOST_SHORT = 256 * 1024

/** Compresses a message in the thread pool (RFC 7692 §7.2.1). Calls `done(null)` when zlib fails. */
export class DeflateJob implements Job {
  readonly #message: Uint8Array
  readonly #settings: DeflateSettings
  readonly #history: Buffer | null
  readonly #done: (payload: Buffer | null) => void
  #stream: DeflateRaw | null = null
  #isStopped = false

  constructor(
    message: Uint8Array,
    settings: DeflateSettings,
    history: Buffer | null,
    done: (payload: Buffer | null) => void,
  ) {
    this.#message = message
    this.#settings = settings
    this.#history = history
    this.#done = done
  }

  get isLong(): boolean {
    return this.#message.length > MOST_SHORT
  }

  start(finished: () => void): void {
    const settle = (payload: Buffer | null): void => {
      if (this.#isStopped) return
      this.#isStopped = true
      this.#stream?.destroy()
      this.#stream = null
      finished()
      this.#done(payload)
    }
    const options = zlibOptions(this.#settings, this.#message.length, this.#history)
    const chunks: Buffer[] = []
    let length = 0
    try {
      const stream = createDeflateRaw(options)
      this.#stream = stream
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk)
        length += chunk.length
      })
      stream.on('error', () => settle(null))
      stream.on('end', () => {
        const isStopped = () => this.#isStopped
        joinChunks(chunks, length, isStopped, (whole) => settle(whole?.subarray(0, whole.length - TAIL_LENGTH) ?? null))
      })
      stream.end(this.#message)
    } catch {
      settle(null)
    }
  }

  stop(released: () => void): void {
    this.#isStopped = true
    const stream = this.#stream
    this.#stream = null
    abandon(stream, released)
  }
}
