import { isBlob } from '../connection/send/message-type.ts'
import { isSendableCloseCode } from '../core/close-code.ts'
import { encodeCloseBody } from '../core/close-frame.ts'
import { EMPTY } from '../core/empty.ts'
import { describe } from '../options/read-options.ts'
import type { BinaryType } from './socket-options.ts'

/**
 * Returns the callback of a `send`. As with npm ws, null means none. A value of another type throws at once, because it
 * would otherwise throw after the write, where nobody could catch the error.
 *
 * @throws {TypeError} when the callback is not a function.
 */
export function readCallback(callback: unknown): ((error?: Error) => void) | undefined {
  if (typeof callback === 'function') return callback as (error?: Error) => void
  if (!callback) return undefined
  throw new TypeError(`callback is ${describe(callback)}; allowed: a function`)
}

/** Converts the data of a `send` to bytes. */
export function toBytes(data: unknown): Buffer {
  if (Buffer.isBuffer(data)) return data
  if (data === undefined || data === null || data === false || data === '') return EMPTY
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) return Buffer.from(data)
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  return Buffer.from((typeof data === 'number' ? String(data) : data) as string)
}

/** Returns the size of the data of a `send` in bytes. */
export function sizeOf(data: unknown): number {
  if (typeof data === 'string') return Buffer.byteLength(data)
  return isBlob(data) ? data.size : toBytes(data).length
}

/** Converts a binary message to the type that `binaryType` names. */
export function toBinaryType(data: Buffer, type: BinaryType): unknown {
  switch (type) {
    case 'arraybuffer':
      return data.buffer.slice(data.byteOffset, data.byteOffset + data.length)
    case 'fragments':
      return [data]
    case 'blob':
      return new Blob([data as Buffer<ArrayBuffer>])
    default:
      return data
  }
}

/**
 * Encodes the body of a Close frame (RFC 6455 §5.5.1).
 *
 * @throws {TypeError} when the code must not be sent, or the reason is neither a string nor a Uint8Array.
 * @throws {RangeError} when the reason is longer than 123 bytes.
 */
export function closeBody(code?: number, reason?: string | Uint8Array): Buffer {
  if (code === undefined) return EMPTY
  if (typeof code !== 'number' || !isSendableCloseCode(code)) {
    throw new TypeError('First argument must be a valid error code number')
  }
  if (reason !== undefined && typeof reason !== 'string' && !(reason instanceof Uint8Array)) {
    throw new TypeError('Second argument must be a string or a Uint8Array')
  }
  if (reason !== undefined && Buffer.byteLength(reason) > 123) {
    throw new RangeError('The message must not be greater than 123 bytes')
  }
  return encodeCloseBody(code, reason ?? '')
}

/** Returns a source of masking keys that calls the user's function for each key. */
export function keyFrom(generateMask: (key: Buffer) => void): () => Uint8Array {
  const key = Buffer.alloc(4)
  return () => {
    generateMask(key)
    return key
  }
}
