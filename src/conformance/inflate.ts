import { createInflateRaw, type InflateRaw } from 'node:zlib'

/** What ends every compressed message on the wire and is left out there (RFC 7692 §7.2.2). */
const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])

/** Inflates the messages of one connection in order, keeping the window from one to the next (RFC 7692 §7.2.2). */
export class Inflater {
  #inflate: InflateRaw | null = null
  readonly #windowBits: number
  readonly #keepsWindow: boolean

  /** `windowBits` as agreed, default 15; without `keepsWindow` every message begins with an empty window. */
  constructor(windowBits = 15, keepsWindow = true) {
    this.#windowBits = windowBits
    this.#keepsWindow = keepsWindow
  }

  /** The message that this payload carries; rejects when the payload is no DEFLATE data. */
  inflate(payload: Uint8Array): Promise<Buffer> {
    const inflate = this.#inflate ?? createInflateRaw({ windowBits: this.#windowBits })
    this.#inflate = this.#keepsWindow ? inflate : null
    return new Promise((resolve, reject) => {
      const parts: Buffer[] = []
      const onData = (part: Buffer): void => void parts.push(part)
      const settle = (act: () => void): void => {
        inflate.off('data', onData)
        inflate.off('error', onError)
        inflate.off('end', onEnd)
        act()
      }
      const onError = (error: Error): void => settle(() => reject(error))
      // A final block ends the stream of zlib; the next message begins a new one.
      const onEnd = (): void => {
        this.#inflate = null
        settle(() => resolve(Buffer.concat(parts)))
      }
      inflate.on('data', onData)
      inflate.once('error', onError)
      inflate.once('end', onEnd)
      inflate.write(payload)
      inflate.write(TAIL)
      inflate.flush(() => settle(() => resolve(Buffer.concat(parts))))
    })
  }
}
