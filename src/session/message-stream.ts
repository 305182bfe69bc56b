import type { Connection } from '../connection/connection.ts'
import type { Data } from '../connection/host.ts'
import { CloseCode } from '../core/close-code.ts'
import type { ProtocolError } from '../core/errors.ts'
import { messageTooBig } from '../core/message-order.ts'
import type { PartQueue } from './part-queue.ts'

/**
 * A message that can be read while it arrives: an async iterable of its parts (strings or Buffers) that can be iterated
 * only once (RFC 6455 §5.4). Reading from the peer is paused when 256 KiB are unread, and resumed at 64 KiB. Iteration
 * rejects with `ERR_WS_STREAM_CUT` when the connection closes before the end of the message. Leaving the loop early
 * discards the rest of the message.
 */
export class MessageStream implements AsyncIterable<Data> {
  /** `'text'` when the parts are strings, `'binary'` when they are Buffers (RFC 6455 §5.6). */
  readonly kind: 'text' | 'binary'
  readonly #parts: PartQueue
  readonly #connection: Connection

  constructor(kind: 'text' | 'binary', parts: PartQueue, connection: Connection) {
    this.kind = kind
    this.#parts = parts
    this.#connection = connection
  }

  /** Discards the rest of the message, including parts that have not arrived yet. */
  skip(): void {
    this.#parts.skip()
  }

  /**
   * Refuses the message by closing the connection with 1008 (RFC 6455 §7.4.1).
   *
   * @param reason The close reason, at most 123 bytes of UTF-8. Default `message refused`.
   * @throws {RangeError} when the reason has more than 123 bytes.
   * @throws {TypeError} when the reason is not a string.
   */
  cancel(reason = 'message refused'): void {
    this.#connection.close(CloseCode.POLICY_VIOLATION, reason)
    this.skip()
  }

  /**
   * Resolves to the rest of the message as one string or Buffer. Rejects with `ERR_WS_STREAM_CUT` when the connection
   * closes before the end of the message.
   *
   * @param maxSize Maximum size in bytes. If the rest is longer, the connection is closed with 1009, and the promise
   *   rejects with `ERR_WS_MESSAGE_TOO_BIG`. Default 1 MiB.
   */
  async whole(maxSize: number = 1024 * 1024): Promise<Data> {
    const parts: Data[] = []
    let size = 0
    for await (const part of this) {
      size += Buffer.byteLength(part)
      if (size > maxSize) throw this.#refuse(size, maxSize)
      parts.push(part)
    }
    return this.kind === 'text' ? parts.join('') : Buffer.concat(parts as Buffer[])
  }

  #refuse(size: number, maxSize: number): ProtocolError {
    const error = messageTooBig(size, maxSize, 'maxSize of whole')
    this.#connection.fail(error.closeCode, error.code, error.message)
    return error
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<Data> {
    const parts = this.#parts
    return {
      next: () => parts.next(),
      return: async () => {
        parts.skip()
        return { value: undefined, done: true }
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }
}
