export { isUtf8 } from 'node:buffer'

/** Returns the UTF-8 bytes of a string; returns bytes unchanged. */
export function bytesOf(data: string | Uint8Array): Buffer {
  if (typeof data === 'string') return Buffer.from(data, 'utf8')
  return Buffer.isBuffer(data) ? data : Buffer.from(data.buffer, data.byteOffset, data.byteLength)
}

/** Parses hexadecimal digits; spaces are allowed: `hex('81 85')`. */
export function hex(text: string): Buffer {
  const digits = text.replace(/\s+/g, '')
  if (!/^([0-9a-f]{2})*$/i.test(digits)) throw new TypeError(`“${text}” is not hexadecimal`)
  return Buffer.from(digits, 'hex')
}

/** Formats data for messages: as quoted text when it is printable, otherwise in hex; at most 40 bytes. */
export function showBytes(bytes: Uint8Array): string {
  const head = Buffer.from(bytes.subarray(0, 40))
  const text = head.toString('latin1')
  const shown = /^[\x20-\x7e]*$/.test(text) ? JSON.stringify(text) : head.toString('hex')
  return bytes.length > 40 ? `${shown}… (${bytes.length} bytes)` : shown
}
