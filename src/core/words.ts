let cachedBuffer: ArrayBufferLike | null = null
let cachedWords: Int32Array = new Int32Array(0)

/** The whole 32-bit words of a buffer. The view used last is kept: what is worked on comes in runs of one buffer. */
export function wordsOf(buffer: ArrayBufferLike): Int32Array {
  if (buffer !== cachedBuffer) {
    cachedWords = new Int32Array(buffer, 0, buffer.byteLength >> 2)
    cachedBuffer = buffer
  }
  return cachedWords
}
