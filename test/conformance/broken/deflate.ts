import { constants, deflateRawSync, inflateRawSync } from 'node:zlib'
import type { Defects } from './defects.ts'
import type { Agreement } from './extension.ts'
import { Violation } from './frame.ts'

const TAIL = Buffer.from([0x00, 0x00, 0xff, 0xff])
const WINDOW = 32_768

type InflateWithInfo = (data: Buffer, options: object) => { buffer: Buffer; engine: { bytesWritten: number } }

/**
 * Both directions of permessage-deflate, one message at a time (RFC 7692 §7.2). The window is stored here and passed to
 * zlib as a dictionary, because zlib's own stream ends at a block with BFINAL.
 */
export class Deflate {
  readonly #defects: Defects
  readonly #outBits: number
  readonly #keepsOut: boolean
  readonly #keepsIn: boolean
  #outWindow: Buffer = Buffer.alloc(0)
  #inWindow: Buffer = Buffer.alloc(0)

  constructor(agreement: Agreement, role: 'server' | 'client', defects: Defects) {
    const isServer = role === 'server'
    this.#defects = defects
    this.#outBits = (isServer ? agreement.serverBits : agreement.clientBits) ?? 15
    if (defects.has('pmd-ignores-window-bits')) this.#outBits = 15
    this.#keepsOut = !(isServer ? agreement.serverNoContext : agreement.clientNoContext)
    if (defects.has('pmd-keeps-window-against-agreement')) this.#keepsOut = true
    this.#keepsIn = !(isServer ? agreement.clientNoContext : agreement.serverNoContext)
    if (defects.has('pmd-forgets-window')) this.#keepsIn = false
  }

  /** Decompresses a message. Throws 1007 for invalid data, and 1009 above `limit` bytes. */
  inflate(compressed: Buffer, limit: number): Buffer {
    const parts: Buffer[] = []
    let window = this.#keepsIn ? this.#inWindow : Buffer.alloc(0)
    let rest = Buffer.concat([compressed, TAIL])
    let room = limit
    while (rest.length > 0) {
      const { buffer, engine } = this.#inflateStream(rest, window, room)
      parts.push(buffer)
      room -= buffer.length
      rest = rest.subarray(engine.bytesWritten)
      window = Buffer.concat([window, buffer]).subarray(
        this.#defects.has('pmd-keeps-half-the-window') ? -16_384 : -WINDOW,
      )
      if (rest.length > 0 && this.#defects.has('pmd-loses-window-after-bfinal')) window = Buffer.alloc(0)
      if (engine.bytesWritten === 0 || this.#defects.has('pmd-stops-at-bfinal')) break
    }
    this.#inWindow = window
    return Buffer.concat(parts)
  }

  /** Inflates one zlib stream, up to the end or to a block with BFINAL. */
  #inflateStream(bytes: Buffer, dictionary: Buffer, room: number): ReturnType<InflateWithInfo> {
    const inflate = inflateRawSync as unknown as InflateWithInfo
    const maxOutputLength = this.#defects.has('truncates-at-limit') ? undefined : room + 1
    const options = { finishFlush: constants.Z_SYNC_FLUSH, info: true, maxOutputLength, chunkSize: 65_536 }
    try {
      const { buffer, engine } = inflate(bytes, dictionary.length > 0 ? { ...options, dictionary } : options)
      if (maxOutputLength !== undefined && buffer.length > room) throw new RangeError()
      return { buffer: buffer.subarray(0, room), engine }
    } catch (error) {
      if (error instanceof RangeError) throw new Violation(1009, 'a message that inflates above the limit')
      if (this.#defects.has('pmd-takes-broken-data-for-empty'))
        return { buffer: Buffer.alloc(0), engine: { bytesWritten: 0 } }
      throw new Violation(1007, 'broken compressed data')
    }
  }

  /** Called for an uncompressed message, which does not change the window (RFC 7692 §7.2.3.4). */
  passPlain(): void {
    if (this.#defects.has('pmd-forgets-window-at-plain-message')) this.#inWindow = Buffer.alloc(0)
  }

  deflate(payload: Buffer): Buffer {
    // zlib does not support a window of 2^8. With one of 2^9 it refers back at most 250 bytes.
    const windowBits = Math.max(this.#outBits, 9)
    const dictionary = this.#outWindow
    // Level 1 is the fastest one, because some cases receive a thousand echoes.
    const options = { windowBits, level: 1, finishFlush: constants.Z_SYNC_FLUSH, chunkSize: 65_536 }
    const deflated = deflateRawSync(payload, dictionary.length > 0 ? { ...options, dictionary } : options)
    if (this.#keepsOut) this.#outWindow = Buffer.concat([dictionary, payload]).subarray(-WINDOW)
    return this.#defects.has('pmd-sends-tail') ? deflated : deflated.subarray(0, -TAIL.length)
  }
}
