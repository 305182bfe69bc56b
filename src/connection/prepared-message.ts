import { encodeFrame } from '../core/frame-encoder.ts'
import { Opcode } from '../core/opcode.ts'

/** A message framed once, to be sent to many connections of a server (RFC 6455 §5.2). */
export class PreparedMessage {
  /** The frame as it goes on the wire: unmasked, uncompressed. */
  readonly frame: Buffer

  constructor(frame: Buffer) {
    this.frame = frame
  }
}

/** Frames a message once; the result is what `send` of any server connection takes. Throws a TypeError for other data. */
export function prepare(data: string | Uint8Array | ArrayBuffer): PreparedMessage {
  if (typeof data === 'string') return new PreparedMessage(encodeFrame(Opcode.TEXT, Buffer.from(data)))
  if (data instanceof Uint8Array) return new PreparedMessage(encodeFrame(Opcode.BINARY, data))
  if (data instanceof ArrayBuffer) return new PreparedMessage(encodeFrame(Opcode.BINARY, new Uint8Array(data)))
  throw new TypeError(`a message of type ${typeof data}; a string, Uint8Array or ArrayBuffer is allowed`)
}
