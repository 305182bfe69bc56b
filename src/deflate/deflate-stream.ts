import { constants, createDeflateRaw, type DeflateRaw } from 'node:zlib'
import type { MessageDeflater } from '../core/message-codec.ts'
import type { DeflateSettings } from './deflate.ts'

/** An empty stored block without its last four bytes, which are removed from every message (RFC 7692 §7.2.3.6). */
const EMPTY_BLOCK = 0x00

/**
 * Compresses one message part by part in the thread pool (RFC 7692 §7.2.1). Each part ends with a sync flush, so that
 * the peer can read it at once. The message does not refer to other messages.
 */
export class DeflateStream implements MessageDeflater {
  readonly #stream: DeflateRaw
  readonly #onRelease: () => void
  #chunks: Buffer[] = []
  #reject: ((error: Error) => void) | null = null

  constructor({ level, memLevel, windowBits }: DeflateSettings, onRelease: () => void) {
    // zlib does not support a window of 8 bits; see `zlibOptions`.
    this.#stream = createDeflateRaw({ level, memLevel, windowBits: Math.max(9, windowBits) })
    this.#onRelease = onRelease
    this.#stream.on('data', (chunk: Buffer) => this.#chunks.push(chunk))
    this.#stream.on('error', (error) => this.#reject?.(error))
  }

  push(part: Uint8Array): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      this.#reject = reject
      this.#stream.write(part)
      this.#stream.flush(constants.Z_SYNC_FLUSH, () => {
        const chunks = this.#chunks
        this.#chunks = []
        resolve(Buffer.concat(chunks))
      })
    })
  }

  finish(): Buffer {
    return Buffer.of(EMPTY_BLOCK)
  }

  release(): void {
    this.#stream.destroy()
    this.#onRelease()
  }
}
