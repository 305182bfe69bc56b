import { type ByteSource, bytesOf } from '../../core/bytes.ts'
import { encodeFrame, unmaskedFrameAt } from '../../core/frame-encoder.ts'
import type { MessageCodec } from '../../core/message-codec.ts'
import { Opcode } from '../../core/opcode.ts'
import { unframableType } from './message-type.ts'

/** A message that is framed, and compressed, once for many connections (RFC 6455 §5.2). A client still masks it. */
export class PreparedMessage {
  /** The frame, unmasked and uncompressed. */
  readonly frame: Buffer
  /** The number of messages in `frame`, which are sent together. */
  readonly count: number
  readonly #compress: (codec: MessageCodec, frame: Buffer) => Buffer
  /** Compressed frames by the `sharing` of their codec. */
  #compressed: Map<string, Buffer> | null = null

  constructor(
    frame: Buffer,
    compress: (codec: MessageCodec, frame: Buffer) => Buffer = (_, frame) => frame,
    count = 1,
  ) {
    this.frame = frame
    this.count = count
    this.#compress = compress
  }

  /**
   * Returns the frame for a connection with this codec, compressed when the compressed frame can be shared (RFC 7692
   * §7.2.1).
   */
  frameFor(codec: MessageCodec): Buffer {
    const { sharing } = codec
    if (sharing === undefined || sharing === null) return this.frame
    this.#compressed ??= new Map()
    let frame = this.#compressed.get(sharing)
    if (frame === undefined) {
      frame = this.#compress(codec, this.frame)
      this.#compressed.set(sharing, frame)
    }
    return frame
  }

  /**
   * Returns a message that can be stored without keeping other memory alive. A short frame is a slice of a larger
   * buffer.
   */
  detach(): PreparedMessage {
    const { frame } = this
    if (frame.buffer.byteLength === frame.length) return this
    return new PreparedMessage(copyAlone(frame), this.#compress, this.count)
  }
}

/** Copies bytes into memory of their own. */
export function copyAlone(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length)
  copy.set(bytes)
  return copy
}

/**
 * Frames a message once for many connections. Pass the result to `send` of each of them. Unless `compress` is false,
 * the message is also compressed once for all connections that use permessage-deflate without context takeover of this
 * side. A message of more than 64 KiB is sent uncompressed.
 *
 * @throws {TypeError} when `data` is neither a string nor bytes, for example a Blob.
 */
export function prepare(
  data: string | ByteSource,
  { compress = true }: { compress?: boolean | undefined } = {},
): PreparedMessage {
  const frame = encode(data)
  return compress ? new PreparedMessage(frame, compressFrame) : new PreparedMessage(frame)
}

function compressFrame(codec: MessageCodec, frame: Buffer): Buffer {
  const payload = frame.subarray(unmaskedFrameAt(frame, 0).payload)
  const compressed = codec.compressShared?.(payload) ?? null
  return compressed === null ? frame : encodeFrame(frame[0] & 0x0f, compressed, { rsv1: true })
}

/** The members of an outbox that send prepared messages. */
interface FrameOutbox {
  readonly masksFrames: boolean
  sendEncoded(frames: Buffer): void
  sendFrame(first: number, payload: Uint8Array): void
}

/** Sends the frames of a prepared message. A client masks each of them. */
export function sendFrames(outbox: FrameOutbox, frames: Buffer): void {
  if (!outbox.masksFrames) return outbox.sendEncoded(frames)
  for (let at = 0; at < frames.length; ) {
    const { payload, end } = unmaskedFrameAt(frames, at)
    outbox.sendFrame(frames[at], frames.subarray(payload, end))
    at = end
  }
}

/** Joins the frames of messages, so that they are sent together. */
export function joinMessages(messages: readonly PreparedMessage[]): PreparedMessage {
  if (messages.length === 1) return messages[0]
  const compress = (codec: MessageCodec): Buffer => Buffer.concat(messages.map((message) => message.frameFor(codec)))
  return new PreparedMessage(Buffer.concat(messages.map(({ frame }) => frame)), compress, messages.length)
}

function encode(data: string | ByteSource): Buffer {
  if (typeof data === 'string') return encodeFrame(Opcode.TEXT, Buffer.from(data))
  const bytes = bytesOf(data)
  if (bytes !== null) return encodeFrame(Opcode.BINARY, bytes)
  throw unframableType(data)
}
