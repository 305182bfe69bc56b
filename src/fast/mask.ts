import { simd } from './simd.ts'
import { wordsOf } from './word-view.ts'

/** Reads a masking key as one little-endian word, so that its low byte masks the first byte (RFC 6455 §5.3). */
export function readMaskingKey(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24)
}

/** The key as it stands after `count` bytes were masked with it. */
export function rotateKey(key: number, count: number): number {
  const shift = (count & 3) << 3
  return shift === 0 ? key : (key >>> shift) | (key << (32 - shift))
}

/** 1 where words in memory begin with their low byte, as the word loop needs, else 0. */
const isLittleEndian = new Uint8Array(new Uint32Array([1]).buffer)[0]

/**
 * Masks or unmasks `bytes[start, end)` in place with a key of `readMaskingKey` (RFC 6455 §5.3).
 * Returns a word that has the high bits of the resulting bytes ORed: `isAsciiOr` of it tells whether all were ASCII.
 */
export const applyMask: (bytes: Uint8Array, start: number, end: number, key: number) => number = [
  applyMaskBytewise,
  applyMaskWordwise,
][isLittleEndian]

/** The plain twin of the word loop, 8 times slower. */
export function applyMaskBytewise(bytes: Uint8Array, start: number, end: number, key: number): number {
  let or = 0
  for (let at = start; at < end; at++) {
    bytes[at] ^= key
    or |= bytes[at]
    key = rotateKey(key, 1)
  }
  return or
}

/** Below this many bytes the call into WebAssembly costs more than it saves. */
const SIMD_MIN = 32

const simdMemory = simd?.window.buffer

/** Four bytes at a time, or sixteen in the memory of WebAssembly; of the words at both ends only the bytes inside the range change. */
function applyMaskWordwise(bytes: Uint8Array, start: number, end: number, key: number): number {
  if (end === start) return 0
  const { buffer, words, start: viewStart } = wordsOf(bytes)
  const first = viewStart + start
  const last = viewStart + end
  if (end - start >= SIMD_MIN && buffer === simdMemory) return simd!.unmask(first, last, key)
  // The last bytes of a buffer whose size is no multiple of four are in no word.
  if (last > words.length << 2) return applyMaskBytewise(bytes, start, end, key)
  const lead = first & 3
  const wordKey = rotateKey(key, -lead)
  const stop = last >> 2
  let word = first >> 2
  let or = 0
  if (lead !== 0) {
    const inside = -1 << (lead << 3)
    if (word === stop) return maskWord(words, word, wordKey, inside & ~(-1 << ((last & 3) << 3)))
    or = maskWord(words, word++, wordKey, inside)
  }
  for (const last4 = stop - 3; word < last4; word += 4) {
    const a = words[word] ^ wordKey
    const b = words[word + 1] ^ wordKey
    const c = words[word + 2] ^ wordKey
    const d = words[word + 3] ^ wordKey
    words[word] = a
    words[word + 1] = b
    words[word + 2] = c
    words[word + 3] = d
    or |= a | b | c | d
  }
  for (; word < stop; word++) or |= maskWord(words, word, wordKey, -1)
  return (last & 3) === 0 ? or : or | maskWord(words, word, wordKey, ~(-1 << ((last & 3) << 3)))
}

/** Masks the bytes of one word that have ones in `inside`. */
function maskWord(words: Int32Array, word: number, key: number, inside: number): number {
  const masked = words[word] ^ (key & inside)
  words[word] = masked
  return masked & inside
}

/** Whether bytes with this OR (of `applyMask`) are all below 0x80. */
export function isAsciiOr(or: number): boolean {
  return (or & 0x80808080) === 0
}
