import { WebSocketError } from '../../core/errors.ts'
import type { ClientData, ClientOptions } from './types.ts'

/** Thrown by `send` when the message does not fit into the outbox. The message is discarded. */
export class OutboxFullError extends WebSocketError {
  constructor(message: string) {
    super('ERR_WS_OUTBOX_FULL', message)
  }
}

type OutboxOptions = Required<Pick<ClientOptions, 'maxOutboxBytes' | 'maxOutboxCount'>>

/** Messages that wait for a connection. */
export class Outbox {
  readonly #options: OutboxOptions
  #messages: ClientData[] = []
  #byteCount = 0

  constructor(options: OutboxOptions) {
    this.#options = options
  }

  get byteCount(): number {
    return this.#byteCount
  }

  /** @throws {OutboxFullError} when the message does not fit. */
  add(data: ClientData): void {
    const { maxOutboxBytes, maxOutboxCount } = this.#options
    const message = copyOf(data)
    const size = byteLengthOf(message)
    if (this.#byteCount + size > maxOutboxBytes || this.#messages.length >= maxOutboxCount) {
      throw new OutboxFullError(
        `${this.#messages.length} messages (${this.#byteCount} bytes) wait, plus ${size} bytes; ` +
          `allowed: ${maxOutboxCount} messages, ${maxOutboxBytes} bytes`,
      )
    }
    this.#messages.push(message)
    this.#byteCount += size
  }

  /** Removes and returns all messages, the oldest first. */
  empty(): ClientData[] {
    const messages = this.#messages
    this.#messages = []
    this.#byteCount = 0
    return messages
  }
}

/**
 * Returns the size of a message in bytes, without creating a `Blob`, because the `Blob` of React Native does not accept
 * buffers.
 */
export function byteLengthOf(data: ClientData): number {
  if (typeof data === 'string') return utf8LengthOf(data)
  return binaryLengthOf(data)!
}

/** Returns the size of binary data, and undefined for a value of another type. */
function binaryLengthOf(data: unknown): number | undefined {
  return (data as Blob | null)?.size ?? (data as ArrayBuffer | null)?.byteLength
}

function utf8LengthOf(text: string): number {
  let length = 0
  // A character of two UTF-16 code units has four bytes, the others from U+0800 on have three.
  for (const character of text) length += character < '\x80' ? 1 : character < '\u0800' ? 2 : 2 + character.length
  return length
}

/** Copies a buffer, because the caller may change it. As in a `WebSocket`, values of other types become text. */
function copyOf(data: ClientData): ClientData {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
  return binaryLengthOf(data) === undefined ? String(data) : (data as Blob).slice(0)
}
