import { inflateRawSync, type ZlibOptions } from 'node:zlib'

/** What ends every compressed message on the wire and is left out there (RFC 7692 §7.2.2). */
export const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])
/** An empty final block: behind data that ends between two blocks it ends the stream, else it is an error. */
const LAST_BLOCK = Buffer.from([0x01, 0x00, 0x00, 0xff, 0xff])
/** A message that inflates above this is not read on. */
const MAX_OUTPUT = 512 * 1024 * 1024
/** What a server may hold at most of what went before (RFC 7692 §7.1.2). */
export const WINDOW_BITS = 15

/** With `info` zlib tells as well how much of the input it took; the types do not know it. */
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
    // A block with BFINAL ends the stream of zlib; what follows it is a stream of its own with the window kept.
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

/** The last bytes of what was, followed by what came: as many as the window holds (RFC 7692 §7.1.2). */
export function slide(window: Buffer, added: Buffer, windowBits: number): Buffer {
  const size = 2 ** windowBits
  if (added.length >= size) return Buffer.from(added.subarray(-size))
  return Buffer.concat([window.subarray(-(size - added.length)), added])
}
