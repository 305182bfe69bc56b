import { isUint8Array } from './bytes.ts'
import { CloseCode, isSendableCloseCode } from './close-code.ts'
import { ProtocolError } from './errors.ts'
import { isValidUtf8 } from './text.ts'

/** §5.5: a control frame carries at most 125 bytes, and the code needs two of them. */
const LONGEST_REASON = 123
const ALLOWED_CODES = '1000–1003, 1007–1014 and 3000–4999'

/**
 * Encodes the body of a Close frame (RFC 6455 §5.5.1).
 *
 * @throws {RangeError} when the code must not be sent, or the reason has more than 123 bytes.
 * @throws {TypeError} when the reason is not a string or a Uint8Array of UTF-8.
 */
export function encodeCloseBody(code: number, reason: string | Uint8Array): Buffer {
  if (!isSendableCloseCode(code)) throw new RangeError(`close code ${String(code)}; allowed: ${ALLOWED_CODES}`)
  if (typeof reason !== 'string' && !isUint8Array(reason)) {
    throw new TypeError(`a close reason of type ${typeof reason}; allowed: a string or a Uint8Array of UTF-8`)
  }
  const text = Buffer.from(reason)
  if (text.length > LONGEST_REASON) {
    throw new RangeError(`a close reason of ${text.length} bytes; allowed: at most ${LONGEST_REASON}`)
  }
  if (!isValidUtf8(text, 0, text.length)) throw new TypeError('a close reason that is not valid UTF-8')
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), text])
}

/**
 * Reads the body of a Close frame (RFC 6455 §5.5.1, §7.4). No body is code 1005.
 *
 * @throws {ProtocolError} 1002 when the body is 1 byte or its code must not be sent, 1007 when the reason is not UTF-8.
 */
export function readCloseBody(bytes: Buffer, start: number, end: number): { code: number; reason: string } {
  if (end === start) return { code: CloseCode.NO_STATUS_RECEIVED, reason: '' }
  if (end - start === 1) {
    throw new ProtocolError(
      CloseCode.PROTOCOL_ERROR,
      'ERR_WS_CLOSE_TOO_SHORT',
      'a Close frame with a body of 1 byte; allowed: none or at least 2',
      1,
    )
  }
  const code = bytes.readUInt16BE(start)
  if (!isSendableCloseCode(code)) {
    throw new ProtocolError(
      CloseCode.PROTOCOL_ERROR,
      'ERR_WS_CLOSE_CODE_INVALID',
      `close code ${code} in a Close frame; allowed: ${ALLOWED_CODES}`,
      code,
    )
  }
  if (!isValidUtf8(bytes, start + 2, end)) {
    throw new ProtocolError(
      CloseCode.INVALID_PAYLOAD,
      'ERR_WS_INVALID_UTF8',
      'invalid UTF-8 in the reason of a Close frame',
    )
  }
  return { code, reason: bytes.toString('utf8', start + 2, end) }
}

/** Cuts a reason to the 123 bytes that fit into a Close frame, between two characters (RFC 6455 §5.5). */
export function truncateReason(reason: string): string {
  const bytes = Buffer.from(reason)
  if (bytes.length <= LONGEST_REASON) return reason
  return bytes.toString('utf8', 0, LONGEST_REASON).replace(/\ufffd+$/, '')
}
