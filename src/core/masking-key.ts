/** Reads a masking key as a little-endian 32-bit integer, whose low byte masks the first byte (RFC 6455 §5.3). */
export function readMaskingKey(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
}

/** Returns the key for the bytes that follow the first `count` bytes of a payload (RFC 6455 §5.3). */
export function rotateKey(key: number, count: number): number {
  const shift = (count & 3) << 3
  return shift === 0 ? key : (key >>> shift) | (key << (32 - shift))
}
