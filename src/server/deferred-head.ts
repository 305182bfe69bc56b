import type { Duplex } from 'node:stream'

/**
 * Delays the head of a response until `send` or the first write to the stream, so that the application can add header
 * fields until then.
 */
export class DeferredHead {
  readonly #stream: Duplex
  readonly #sendHead: () => void
  readonly #write: Duplex['write']
  #isSent = false

  /** @param sendHead Writes the head to the stream. Called once. */
  constructor(stream: Duplex, sendHead: () => void) {
    this.#stream = stream
    this.#sendHead = sendHead
    this.#write = stream.write
    stream.write = ((...args: Parameters<Duplex['write']>) => {
      this.send()
      return stream.write(...args)
    }) as Duplex['write']
  }

  send(): void {
    if (this.#isSent) return
    this.#isSent = true
    const stream = this.#stream
    // Not deleted, because V8 would then store the properties of the stream in a slow dictionary.
    stream.write = this.#write
    if (!stream.destroyed && !stream.writableEnded) this.#sendHead()
  }
}
