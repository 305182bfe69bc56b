/** The memory of a view as 32-bit words. */
export interface WordView {
  readonly buffer: ArrayBufferLike
  /** The whole memory in complete 32-bit words. */
  readonly words: Int32Array
  /** The start of the view in bytes. */
  readonly start: number
}

let cachedView: Uint8Array | null = null
let cached: WordView = { buffer: new ArrayBuffer(0), words: new Int32Array(0), start: 0 }

/**
 * Returns the 32-bit words of a view. The last result is cached, because consecutive calls often have the same view,
 * and reading its `buffer` costs as much as masking a short message.
 */
export function wordsOf(view: Uint8Array): WordView {
  if (view !== cachedView) {
    const { buffer, byteOffset: start } = view
    const words = buffer === cached.buffer ? cached.words : new Int32Array(buffer, 0, buffer.byteLength >> 2)
    cached = { buffer, words, start }
    cachedView = view
  }
  return cached
}
