import { hash, randomBytes } from 'node:crypto'

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'

/** Length in characters of a key: 16 bytes in base64. */
const KEY_LENGTH = 24

/** Returns the `Sec-WebSocket-Accept` value for a key (RFC 6455 §4.2.2). */
export function acceptKey(key: string): string {
  return hash('sha1', key + GUID, 'base64')
}

/**
 * Returns whether a `Sec-WebSocket-Key` is the base64 encoding of 16 bytes (RFC 6455 §4.2.1). The four padding bits in
 * the 22nd character may have any value: in the example key of §4.1 they are not zero, and RFC 4648 §3.5 makes the
 * check optional.
 */
export function isValidKey(key: string): boolean {
  if (key.length !== KEY_LENGTH || !key.endsWith('==')) return false
  for (let i = 0; i < KEY_LENGTH - 2; i++) {
    if (!isBase64Code(key.charCodeAt(i))) return false
  }
  return true
}

function isBase64Code(code: number): boolean {
  if (code >= 0x30 && code <= 0x39) return true
  if (code === 0x2b || code === 0x2f) return true
  const lower = code | 0x20
  return lower >= 0x61 && lower <= 0x7a
}

/** Returns a new random `Sec-WebSocket-Key` (RFC 6455 §4.1). */
export function makeKey(): string {
  return randomBytes(16).toString('base64')
}
