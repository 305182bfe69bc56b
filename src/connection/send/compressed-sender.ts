import { bytesOf } from '../../core/bytes.ts'
import type { MessageCodec, MessageDeflater } from '../../core/message-codec.ts'
import { Opcode } from '../../core/opcode.ts'
import type { Outbox } from './outbox.ts'
import { opcodeOf, ownCopy, type Sendable, type SendOptions, WAITING_OVERHEAD } from './outgoing.ts'
import { PreparedMessage, sendFrames } from './prepared-message.ts'

/** The callback of a compressed sender. */
export interface CompressedSenderSink {
  /** Called when the codec has finished a message and it is in the outbox. */
  onSent(): void
  /** Called when a message waits for the codec. */
  onWaiting(): void
}

/**
 * Sends the messages of a connection with permessage-deflate in order, compressed when that is worthwhile (RFC 7692
 * §6.1). While the codec compresses a message, later messages and the Close frame wait. Other control frames do not
 * (RFC 6455 §5.4).
 */
export class CompressedSender {
  readonly #outbox: Outbox
  readonly #codec: MessageCodec
  readonly #sink: CompressedSenderSink
  #isCompressing = false
  #waiting: (() => void)[] | null = null
  #waitingBytes = 0
  /** The payload of the Close frame that follows all waiting messages; null when there is none. */
  #close: Uint8Array | null = null

  constructor(outbox: Outbox, codec: MessageCodec, sink: CompressedSenderSink) {
    this.#outbox = outbox
    this.#codec = codec
    this.#sink = sink
  }

  /** Size in bytes of messages that wait for the codec, each including `WAITING_OVERHEAD`. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  send(data: Sendable | PreparedMessage, options: SendOptions | undefined): void {
    const compress = options?.compress !== false
    if (typeof data === 'string') this.#sendText(data, compress)
    else if (data instanceof Uint8Array) this.#send(opcodeOf(options), data, compress)
    else if (data instanceof PreparedMessage) this.#sendPrepared(data, compress)
    else this.#send(opcodeOf(options), bytesOf(data)!, compress)
  }

  #sendText(text: string, compress: boolean): void {
    // A UTF-16 code unit becomes at most 3 bytes, so most short texts need no counting.
    if (compress && this.#codec.wantsCompression(text.length * 3)) {
      this.#send(Opcode.TEXT, Buffer.from(text), true)
    } else if (this.#isCompressing) this.#send(Opcode.TEXT, Buffer.from(text), false)
    else this.#outbox.sendText(Opcode.TEXT, text)
  }

  /** Sends a prepared message, compressed when the compressed frame can be shared. */
  #sendPrepared(message: PreparedMessage, compress: boolean): void {
    const frame = compress ? message.frameFor(this.#codec) : message.frame
    if (this.#isCompressing) this.#wait(frame.length, () => sendFrames(this.#outbox, frame))
    else sendFrames(this.#outbox, frame)
  }

  /** Resolves when a streamed message may follow: to its compressor, or to null when the message is not compressed. */
  beginStream(options: SendOptions | undefined): Promise<MessageDeflater | null> {
    const begin = (): MessageDeflater | null => {
      return options?.compress === false ? null : (this.#codec.deflateStream?.() ?? null)
    }
    if (!this.#isCompressing) return Promise.resolve(begin())
    return new Promise((resolve) => this.#wait(0, () => resolve(begin())))
  }

  sendClose(payload: Uint8Array): void {
    if (this.#isCompressing) this.#close = payload
    else this.#outbox.sendBytes(Opcode.CLOSE, payload)
  }

  /** Discards waiting messages. The codec was released and does not call back. */
  drop(): void {
    this.#waiting = null
    this.#waitingBytes = 0
    this.#isCompressing = false
    this.#flushClose()
  }

  #send(opcode: number, bytes: Uint8Array, compress: boolean): void {
    if (this.#isCompressing) {
      const copy = ownCopy(bytes)
      this.#wait(copy.length, () => this.#send(opcode, copy, compress))
      return
    }
    const codec = this.#codec
    if (!compress || !codec.wantsCompression(bytes.length)) {
      this.#outbox.sendBytes(opcode, bytes)
      return
    }
    this.#isCompressing = true
    this.#waitingBytes += bytes.length
    let isLate = false
    let original = bytes
    codec.compress(bytes, (payload) => {
      this.#isCompressing = false
      this.#waitingBytes -= bytes.length
      this.#outbox.sendBytes(opcode, payload ?? original, payload !== null)
      if (isLate) this.#sendWaiting()
    })
    isLate = true
    if (!this.#isCompressing) return
    original = ownCopy(bytes)
    this.#sink.onWaiting()
  }

  #wait(length: number, send: () => void): void {
    const size = length + WAITING_OVERHEAD
    this.#waitingBytes += size
    this.#waiting ??= []
    this.#waiting.push(() => {
      this.#waitingBytes -= size
      send()
    })
  }

  #sendWaiting(): void {
    const waiting = this.#waiting ?? []
    let sent = 0
    while (!this.#isCompressing && sent < waiting.length) waiting[sent++]()
    waiting.splice(0, sent)
    if (!this.#isCompressing) this.#flushClose()
    this.#sink.onSent()
  }

  #flushClose(): void {
    if (this.#close !== null) this.#outbox.sendBytes(Opcode.CLOSE, this.#close)
    this.#close = null
  }
}
