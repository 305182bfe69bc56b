import type { Duplex } from 'node:stream'

/**
 * Holds back the head of a response until `send`, or until something is written to the stream, so that the code in between
 * can still add fields to it.
 */
export class DeferredHead {
  readonly #stream: Duplex
  readonly #sendHead: () => void
  readonly #write: Duplex['write']
  #isSent = false

  /** @param sendHead Writes the head to the stream; called once. */
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
    // Not deleted: that would make the stream a slow object for the rest of its life.
    stream.write = this.#write
    if (!stream.destroyed && !stream.writableEnded) this.#sendHead()
  }
}
