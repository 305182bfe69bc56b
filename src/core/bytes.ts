/** A typed array, a DataView or a buffer. */
export type ByteSource = ArrayBufferView | ArrayBufferLike

/**
 * Returns the bytes of `value` without a copy, or null when it has none. Accepts values from other realms, which occur
 * in Jest.
 */
export function bytesOf(value: unknown): Uint8Array | null {
  if (value instanceof Uint8Array) return value
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
  const kind = Object.prototype.toString.call(value)
  const isBuffer = kind === '[object ArrayBuffer]' || kind === '[object SharedArrayBuffer]'
  return isBuffer ? new Uint8Array(value as ArrayBufferLike) : null
}

/** Returns whether `value` is a Uint8Array or Buffer, from any realm. */
export function isUint8Array(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array || Object.prototype.toString.call(value) === '[object Uint8Array]'
}
