/** The memory that a view looks at. */
export interface Words {
  readonly buffer: ArrayBufferLike
  /** All of it in whole 32-bit words. */
  readonly words: Int32Array
  /** Where the view begins, in bytes. */
  readonly start: number
}

let cachedView: Uint8Array | null = null
let cached: Words = { buffer: new ArrayBuffer(0), words: new Int32Array(0), start: 0 }

/**
 * The words of a view. Those of the view used last are kept: what is worked on comes in runs of one view, and to ask a
 * view for its memory costs as much as to mask a short message.
 */
export function wordsOf(view: Uint8Array): Words {
  if (view !== cachedView) {
    const { buffer, byteOffset: start } = view
    const words = buffer === cached.buffer ? cached.words : new Int32Array(buffer, 0, buffer.byteLength >> 2)
    cached = { buffer, words, start }
    cachedView = view
  }
  return cached
}
