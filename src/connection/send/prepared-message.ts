import { encodeFrame } from '../../core/frame-encoder.ts'
import type { MessageCodec } from '../../core/message-codec.ts'
import { Opcode } from '../../core/opcode.ts'

/** A message framed once, to be sent to many connections of a server (RFC 6455 §5.2); compressed once, too. */
export class PreparedMessage {
  /** The frame as it goes on the wire: unmasked, uncompressed. */
  readonly frame: Buffer
  readonly #compress: (codec: MessageCodec) => Buffer
  /** What was compressed, by what it depends on. */
  #compressed: Map<string, Buffer> | null = null

  constructor(frame: Buffer, compress: (codec: MessageCodec) => Buffer = () => frame) {
    this.frame = frame
    this.#compress = compress
  }

  /** The frame for a connection with this codec: the compressed one where it can be shared (RFC 7692 §7.2.1). */
  frameFor(codec: MessageCodec): Buffer {
    const { sharing } = codec
    if (sharing === undefined || sharing === null) return this.frame
    this.#compressed ??= new Map()
    let frame = this.#compressed.get(sharing)
    if (frame === undefined) {
      frame = this.#compress(codec)
      this.#compressed.set(sharing, frame)
    }
    return frame
  }
}

/**
 * Frames a message once; the result is what `send` of any server connection takes. Where permessage-deflate was agreed
 * on without context takeover for the server it is compressed once for all of them, unless `compress` is false.
 * Throws a TypeError for other data.
 */
export function prepare(
  data: string | Uint8Array | ArrayBuffer,
  { compress = true }: { compress?: boolean | undefined } = {},
): PreparedMessage {
  const frame = encode(data)
  if (!compress) return new PreparedMessage(frame)
  return new PreparedMessage(frame, (codec) => {
    const payload = payloadOf(frame)
    const compressed = codec.compressShared?.(payload) ?? null
    return compressed === null ? frame : encodeFrame(frame[0] & 0x0f, compressed, { rsv1: true })
  })
}

/** Joins messages to one that is sent in one piece. */
export function joinMessages(messages: readonly PreparedMessage[]): PreparedMessage {
  if (messages.length === 1) return messages[0]
  return new PreparedMessage(Buffer.concat(messages.map(({ frame }) => frame)), (codec) =>
    Buffer.concat(messages.map((message) => message.frameFor(codec))),
  )
}

/** The payload of an unmasked frame: the second byte tells the size of the header (RFC 6455 §5.2). */
function payloadOf(frame: Buffer): Buffer {
  return frame.subarray(frame[1] < 126 ? 2 : frame[1] === 126 ? 4 : 10)
}

function encode(data: string | Uint8Array | ArrayBuffer): Buffer {
  if (typeof data === 'string') return encodeFrame(Opcode.TEXT, Buffer.from(data))
  if (data instanceof Uint8Array) return encodeFrame(Opcode.BINARY, data)
  if (data instanceof ArrayBuffer) return encodeFrame(Opcode.BINARY, new Uint8Array(data))
  throw new TypeError(`a message of type ${typeof data}; a string, Uint8Array or ArrayBuffer is allowed`)
}
