import { isUtf8 } from 'node:buffer'
import { type ByteSource, bytesOf } from '../../core/bytes.ts'
import { Opcode } from '../../core/opcode.ts'
import { isLent } from '../lent-bytes.ts'
import { isBlob, isSource, type Source, unsupportedType } from './message-type.ts'
import { PreparedMessage } from './prepared-message.ts'

/** Data that can be sent. A string is sent as text; bytes are sent as binary. */
export type Sendable = string | ByteSource

/** Payloads of up to this size are copied when they must wait. Larger ones must not be changed by the caller. */
export const COPY_LIMIT = 16 * 1024

/** Memory in bytes that a waiting message or write needs in addition to its payload, so that empty ones also count. */
export const WAITING_OVERHEAD = 512

/** Options of one message. */
export interface SendOptions {
  /** Whether the message may be compressed when permessage-deflate was negotiated. Default true. */
  compress?: boolean | undefined
  /**
   * `false` sends bytes as a text message (RFC 6455 §5.6). They must be valid UTF-8. A string is always sent as text.
   * Default true.
   */
  binary?: boolean | undefined
  /** `false` drops the message if it would have to wait for an async iterable that is being sent. Default true. */
  wait?: boolean | undefined
}

/**
 * Checks bytes that are sent as text.
 *
 * @throws {TypeError} when they are not valid UTF-8 (RFC 6455 §8.1).
 */
export function checkText(data: unknown): void {
  const bytes = bytesOf(data)
  if (bytes !== null && !isUtf8(bytes)) throw new TypeError('bytes sent as text are not valid UTF-8')
}

/** Returns the opcode of a message of bytes. */
export function opcodeOf(options: SendOptions | undefined): number {
  return options?.binary === false ? Opcode.TEXT : Opcode.BINARY
}

/** The result of sending a message; see `Connection.send`. */
export type SendResult = 'sent' | 'backpressure' | 'dropped' | 'closed'

/**
 * Returns an upper bound on the payload size in bytes: 3 per UTF-16 code unit of a string, `Infinity` for a source.
 *
 * @throws {TypeError} when the type of `data` is not supported.
 */
export function sizeBound(data: Sendable | PreparedMessage | Blob | Source): number {
  if (typeof data === 'string') return data.length * 3
  return data instanceof Uint8Array ? data.length : sizeOfRareType(data)
}

function sizeOfRareType(data: Exclude<Parameters<typeof sizeBound>[0], string | Uint8Array>): number {
  if (data instanceof PreparedMessage) return data.frame.length
  if (isBlob(data)) return data.size
  const bytes = bytesOf(data)
  if (bytes !== null) return bytes.length
  if (isSource(data)) return Number.POSITIVE_INFINITY
  throw unsupportedType(data)
}

/** Returns bytes that do not change while they wait. */
export function ownCopy(bytes: Uint8Array): Uint8Array {
  return bytes.length <= COPY_LIMIT || isLent(bytes) ? Uint8Array.from(bytes) : bytes
}
