import { inflateRawSync, type ZlibOptions } from 'node:zlib'

/** The end of every compressed message, which is not transmitted (RFC 7692 §7.2.2). */
export const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])
/** An empty final block: behind data that ends between two blocks it ends the stream, else it is an error. */
const LAST_BLOCK = Buffer.from([0x01, 0x00, 0x00, 0xff, 0xff])
/** Inflating stops when a message exceeds this. */
const MAX_OUTPUT = 512 * 1024 * 1024
/** The largest window of earlier messages (RFC 7692 §7.1.2). */
export const WINDOW_BITS = 15

/** With `info` zlib also reports how much of the input it consumed; the types do not declare it. */
type InflateWithInfo = (bytes: Buffer, options: ZlibOptions) => { buffer: Buffer; engine: { bytesWritten: number } }

/** Inflates the messages of one connection in order, keeping the window from one to the next (RFC 7692 §7.2.2). */
export class Inflater {
  readonly #windowBits: number
  readonly #keepsWindow: boolean
  #window: Buffer = Buffer.alloc(0)

  /** `windowBits` as agreed, default 15; without `keepsWindow` every message begins with an empty window. */
  constructor(windowBits = WINDOW_BITS, keepsWindow = true) {
    this.#windowBits = windowBits
    this.#keepsWindow = keepsWindow
  }

  /**
   * The message that this payload carries; throws when the payload is no DEFLATE data, or when it does not end
   * between two blocks once its tail is put back (RFC 7692 §7.2.1).
   */
  inflate(payload: Uint8Array): Buffer {
    const parts: Buffer[] = []
    let window = this.#window
    // A block with BFINAL ends the stream of zlib; what follows it is a stream of its own that retains the window.
    for (let rest = Buffer.concat([payload, TAIL, LAST_BLOCK]); rest.length > 0; ) {
      const { buffer, engine } = this.#inflateStream(rest, window)
      if (buffer.length > 0) {
        parts.push(buffer)
        window = slide(window, buffer, this.#windowBits)
      }
      rest = rest.subarray(engine.bytesWritten)
    }
    if (this.#keepsWindow) this.#window = window
    return parts.length === 1 ? parts[0] : Buffer.concat(parts)
  }

  #inflateStream(bytes: Buffer, window: Buffer): ReturnType<InflateWithInfo> {
    const chunkSize = bytes.length < 4096 ? 16_384 : 65_536
    const options = { windowBits: this.#windowBits, info: true, maxOutputLength: MAX_OUTPUT, chunkSize }
    const inflate = inflateRawSync as unknown as InflateWithInfo
    return inflate(bytes, window.length > 0 ? { ...options, dictionary: window } : options)
  }
}

/** The end of the window followed by the bytes added: as many as fit (RFC 7692 §7.1.2). */
export function slide(window: Buffer, added: Buffer, windowBits: number): Buffer {
  const size = 2 ** windowBits
  if (added.length >= size) return Buffer.from(added.subarray(-size))
  return Buffer.concat([window.subarray(-(size - added.length)), added])
}
