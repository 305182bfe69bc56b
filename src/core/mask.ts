/** Below this many bytes a plain loop beats the set-up of the word loop. */
const WORD_LOOP_MIN = 16

let cachedBuffer: ArrayBufferLike | null = null
let cachedWords: Int32Array = new Int32Array(0)

/** The 32-bit words of a buffer; the view of the buffer used last is kept, as chunks of one buffer come in runs. */
function wordsOf(buffer: ArrayBufferLike): Int32Array {
  if (buffer !== cachedBuffer) {
    cachedWords = new Int32Array(buffer, 0, buffer.byteLength >> 2)
    cachedBuffer = buffer
  }
  return cachedWords
}

/** Reads a masking key as one little-endian word, so that its low byte masks the first byte (RFC 6455 §5.3). */
export function readMaskingKey(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
}

/** The key as it stands after `count` bytes were masked with it. */
export function rotateKey(key: number, count: number): number {
  const shift = (count & 3) << 3
  return shift === 0 ? key : (key >>> shift) | (key << (32 - shift))
}

/**
 * Masks or unmasks `bytes[start, end)` in place with a key of `readMaskingKey` (RFC 6455 §5.3).
 * Returns the OR of the resulting bytes, spread over a word: `isAsciiOr` of it tells whether all were ASCII.
 */
export function applyMask(bytes: Uint8Array, start: number, end: number, key: number): number {
  let or = 0
  let at = start
  if (end - start >= WORD_LOOP_MIN) {
    const misaligned = (bytes.byteOffset + start) & 3
    if (misaligned !== 0) {
      const aligned = at + 4 - misaligned
      for (; at < aligned; at++) {
        bytes[at] ^= key
        or |= bytes[at]
        key = rotateKey(key, 1)
      }
    }
    const words = wordsOf(bytes.buffer)
    let word = (bytes.byteOffset + at) >> 2
    const wordEnd = (bytes.byteOffset + end) >> 2
    at += (wordEnd - word) << 2
    for (; word < wordEnd; word++) {
      words[word] ^= key
      or |= words[word]
    }
  }
  for (; at < end; at++) {
    bytes[at] ^= key
    or |= bytes[at]
    key = rotateKey(key, 1)
  }
  return or
}

/** Whether bytes with this OR (of `applyMask`) are all below 0x80. */
export function isAsciiOr(or: number): boolean {
  return (or & 0x80808080) === 0
}
