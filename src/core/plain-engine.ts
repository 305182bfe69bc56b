import type { ByteEngine } from './byte-engine.ts'
import { rotateKey } from './masking-key.ts'

/** The engine without optimizations: the default, and the reference for tests of other engines. */
export const plainEngine: ByteEngine = {
  mask(bytes, start, end, key) {
    let isAscii = true
    for (let at = start; at < end; at++) {
      bytes[at] ^= key
      if (bytes[at] > 0x7f) isAscii = false
      key = rotateKey(key, 1)
    }
    return isAscii
  },

  readMessages: (_bytes, start) => start,
  takeBuffer: () => null,
  keepBuffer: () => {},
}
