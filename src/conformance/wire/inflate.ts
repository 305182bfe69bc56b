import { inflateRawSync, type ZlibOptions } from 'node:zlib'

/** The last bytes of every compressed message, which are not sent (RFC 7692 §7.2.2). */
export const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])
/** An empty final block. After data that ends between two blocks it ends the stream; otherwise it causes an error. */
const LAST_BLOCK = Buffer.from([0x01, 0x00, 0x00, 0xff, 0xff])
/** The largest decompressed message, in bytes. */
const MAX_OUTPUT = 512 * 1024 * 1024
/** The largest window of earlier messages (RFC 7692 §7.1.2). */
export const WINDOW_BITS = 15

/** With the option `info`, zlib also returns how much input it consumed, which the types do not declare. */
type InflateWithInfo = (bytes: Buffer, options: ZlibOptions) => { buffer: Buffer; engine: { bytesWritten: number } }

/** Decompresses the messages of one connection in order, and retains the window between them (RFC 7692 §7.2.2). */
export class Inflater {
  readonly #windowBits: number
  readonly #keepsWindow: boolean
  #window: Buffer = Buffer.alloc(0)

  /** @param windowBits as agreed; default 15. @param keepsWindow whether the window is retained between messages. */
  constructor(windowBits = WINDOW_BITS, keepsWindow = true) {
    this.#windowBits = windowBits
    this.#keepsWindow = keepsWindow
  }

  /**
   * Decompresses the payload of a message (RFC 7692 §7.2.1).
   * @throws {Error} when the payload is not DEFLATE data, or does not end between two blocks after the tail was
   * appended.
   */
  inflate(payload: Uint8Array): Buffer {
    const parts: Buffer[] = []
    let window = this.#window
    // A block with BFINAL ends the stream of zlib. The bytes after it are a new stream that retains the window.
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

/** Appends bytes to a window and returns the last ones that fit (RFC 7692 §7.1.2). */
export function slide(window: Buffer, added: Buffer, windowBits: number): Buffer {
  const size = 2 ** windowBits
  if (added.length >= size) return Buffer.from(added.subarray(-size))
  return Buffer.concat([window.subarray(-(size - added.length)), added])
}
