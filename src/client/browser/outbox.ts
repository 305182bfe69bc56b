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
        `${this.#messages.length} messages (${this.#byteCount} bytes) wait, and ${size} more bytes do not fit; ` +
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
  return 'size' in data ? data.size : data.byteLength
}

function utf8LengthOf(text: string): number {
  let length = 0
  for (const character of text) {
    const codePoint = character.codePointAt(0)!
    length += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4
  }
  return length
}

/** Copies a buffer, because the caller may change it. As in a `WebSocket`, values of other types become text. */
function copyOf(data: ClientData): ClientData {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
  const isBinary = typeof data === 'object' && data !== null && ('byteLength' in data || 'size' in data)
  return isBinary ? data.slice(0) : String(data)
}
