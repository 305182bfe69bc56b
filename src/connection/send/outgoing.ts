import { type ByteSource, bytesOf } from '../../core/bytes.ts'
import { isBlob, unsupportedType } from './message-type.ts'
import { PreparedMessage } from './prepared-message.ts'

/** What can be sent: a string goes as text, bytes go as binary. */
export type Sendable = string | ByteSource

/** Payloads up to this size are copied when they must wait; larger ones the caller leaves unchanged. */
export const COPY_LIMIT = 16 * 1024

/** Bytes of memory that a waiting message or write uses besides its own: empty ones must count as well. */
export const WAITING_OVERHEAD = 512

/** How one message is sent. */
export interface SendOptions {
  /** Whether the message may be compressed, when permessage-deflate was negotiated. Default: true. */
  compress?: boolean | undefined
}

/** What happened to a message; see `Connection.send`. */
export type SendResult = 'sent' | 'backpressure' | 'dropped' | 'closed'

/**
 * Upper bound of the payload in bytes: 3 per UTF-16 unit of a string.
 *
 * @throws {TypeError} when the type of `data` is not supported.
 */
export function sizeBound(data: Sendable | PreparedMessage | Blob): number {
  if (typeof data === 'string') return data.length * 3
  if (data instanceof Uint8Array) return data.length
  if (data instanceof PreparedMessage) return data.frame.length
  if (isBlob(data)) return data.size
  const bytes = bytesOf(data)
  if (bytes === null) throw unsupportedType(data)
  return bytes.length
}

/** Returns bytes that do not change while they wait. */
export function ownCopy(bytes: Uint8Array): Uint8Array {
  return bytes.length <= COPY_LIMIT ? Uint8Array.from(bytes) : bytes
}
