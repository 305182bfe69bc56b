import { isBlob } from '../connection/send/message-type.ts'
import { isSendableCloseCode } from '../core/close-code.ts'
import { encodeCloseBody } from '../core/close-frame.ts'
import { EMPTY } from '../core/empty.ts'
import type { BinaryType } from './socket-options.ts'

/** Returns the bytes of what a program sends. */
export function toBytes(data: unknown): Buffer {
  if (Buffer.isBuffer(data)) return data
  if (data === undefined || data === null || data === false || data === '') return EMPTY
  if (data instanceof ArrayBuffer || data instanceof SharedArrayBuffer) return Buffer.from(data)
  if (ArrayBuffer.isView(data)) return Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  return Buffer.from((typeof data === 'number' ? String(data) : data) as string)
}

/** Bytes of what a program sends. */
export function sizeOf(data: unknown): number {
  if (typeof data === 'string') return Buffer.byteLength(data)
  return isBlob(data) ? data.size : toBytes(data).length
}

/** A binary message as `binaryType` wants it. */
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
 * The body of a Close frame.
 *
 * @throws {TypeError} when the code must not be sent, or the reason is not a string or Uint8Array.
 * @throws {RangeError} when the reason has more than 123 bytes.
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

/** Returns a source of masking keys that the user's function writes. */
export function keyFrom(generateMask: (key: Buffer) => void): () => Uint8Array {
  const key = Buffer.alloc(4)
  return () => {
    generateMask(key)
    return key
  }
}
