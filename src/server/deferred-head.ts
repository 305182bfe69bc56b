import type { Duplex } from 'node:stream'

/**
 * Holds back the head of a response until `send`, or until somebody writes to the stream, so that the code in between
 * can still add fields to it.
 */
export class DeferredHead {
  readonly #stream: Duplex
  readonly #format: () => string
  readonly #write: Duplex['write']
  #isSent = false

  /** @param format Makes the head, in latin1; called once. */
  constructor(stream: Duplex, format: () => string) {
    this.#stream = stream
    this.#format = format
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
    if (!stream.destroyed && !stream.writableEnded) stream.write(this.#format(), 'latin1')
  }
}
