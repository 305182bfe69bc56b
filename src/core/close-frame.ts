import { isUint8Array } from './bytes.ts'
import { CloseCode, isSendableCloseCode } from './close-code.ts'
import { ProtocolError } from './errors.ts'
import { isValidUtf8 } from './text.ts'

/** A control frame carries at most 125 bytes (§5.5), and the code needs two of them. */
const LONGEST_REASON = 123
const ALLOWED_CODES = '1000–1003, 1007–1014 and 3000–4999'

/**
 * Encodes the body of a Close frame (RFC 6455 §5.5.1).
 *
 * @throws {RangeError} when the code must not be sent, or the reason is longer than 123 bytes.
 * @throws {TypeError} when the reason is neither a string nor a Uint8Array, or is not valid UTF-8.
 */
export function encodeCloseBody(code: number, reason: string | Uint8Array): Buffer {
  if (!isSendableCloseCode(code)) {
    const found = typeof code === 'object' && code !== null ? 'an object' : String(code)
    throw new RangeError(`close code is ${found}; allowed: ${ALLOWED_CODES}`)
  }
  if (typeof reason !== 'string' && !isUint8Array(reason)) {
    throw new TypeError(`close reason is of type ${typeof reason}; allowed: a string or a Uint8Array of UTF-8`)
  }
  const text = Buffer.from(reason)
  if (text.length > LONGEST_REASON) {
    throw new RangeError(`close reason has ${text.length} bytes; allowed: at most ${LONGEST_REASON}`)
  }
  if (!isValidUtf8(text, 0, text.length)) throw new TypeError('close reason is not valid UTF-8')
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), text])
}

/**
 * Parses the body of a Close frame (RFC 6455 §5.5.1, §7.4). An empty body returns code 1005.
 *
 * @throws {ProtocolError} 1002 when the body has 1 byte or its code must not be sent, 1007 when the reason is not valid
 *   UTF-8.
 */
export function readCloseBody(bytes: Buffer, start: number, end: number): { code: number; reason: string } {
  if (end === start) return { code: CloseCode.NO_STATUS_RECEIVED, reason: '' }
  if (end - start === 1) {
    throw new ProtocolError(
      CloseCode.PROTOCOL_ERROR,
      'ERR_WS_CLOSE_TOO_SHORT',
      'Close frame has a body of 1 byte; allowed: 0 or at least 2 bytes',
      1,
    )
  }
  const code = bytes.readUInt16BE(start)
  if (!isSendableCloseCode(code)) {
    throw new ProtocolError(
      CloseCode.PROTOCOL_ERROR,
      'ERR_WS_CLOSE_CODE_INVALID',
      `Close frame has code ${code}; allowed: ${ALLOWED_CODES}`,
      code,
    )
  }
  if (!isValidUtf8(bytes, start + 2, end)) {
    throw new ProtocolError(
      CloseCode.INVALID_PAYLOAD,
      'ERR_WS_INVALID_UTF8',
      'Close frame has a reason that is not valid UTF-8',
    )
  }
  return { code, reason: bytes.toString('utf8', start + 2, end) }
}

/** Truncates a reason to the 123 bytes that fit into a Close frame, at a character boundary (RFC 6455 §5.5). */
export function truncateReason(reason: string): string {
  const bytes = Buffer.from(reason)
  if (bytes.length <= LONGEST_REASON) return reason
  return bytes.toString('utf8', 0, LONGEST_REASON).replace(/\ufffd+$/, '')
}
