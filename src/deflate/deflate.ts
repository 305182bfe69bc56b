import { constants, deflateRawSync } from 'node:zlib'

/** The settings for compressing a message. */
export interface DeflateSettings {
  readonly level: number
  readonly memLevel: number
  /** The base-2 logarithm of the negotiated window size, 8–15. */
  readonly windowBits: number
}

/**
 * Size in bytes of the empty stored block of a sync flush, without its first byte. The block is removed from every
 * message (RFC 7692 §7.2.1).
 */
export const TAIL_LENGTH = 4

const MIN_CHUNK = 1024
const MAX_CHUNK = 65_536

/** zlib looks back at most the size of its window minus this, at any level (`MIN_LOOKAHEAD` in its deflate.h). */
const LOOKAHEAD = 262

/**
 * Returns the options of zlib for a message of `size` bytes. The tables are no larger than the message can use, because
 * initializing them is most of the cost of a short message (for 1 KiB: 31 µs with `windowBits` 15 and `memLevel` 8, 16
 * µs with 11 and 4).
 *
 * zlib does not support a window of 8 bits and uses 9 bits. It still refers back at most 256 bytes, because with a
 * window of 512 bytes it looks back at most 512 − 262 = 250 bytes.
 */
export function zlibOptions(settings: DeflateSettings, size: number, history: Buffer | null) {
  const reach = size + (history?.length ?? 0) + LOOKAHEAD
  const windowBits = Math.max(9, Math.min(settings.windowBits, bitsOf(reach)))
  return {
    level: settings.level,
    windowBits,
    memLevel: Math.max(1, Math.min(settings.memLevel, bitsOf(size) - 6)),
    finishFlush: constants.Z_SYNC_FLUSH,
    // The output is a view of a chunk, and a short payload that waits to be sent should not keep a large chunk alive.
    chunkSize: Math.max(MIN_CHUNK, Math.min(size, MAX_CHUNK)),
    dictionary: history !== null && history.length > 0 ? history : undefined,
  }
}

/** Returns the exponent of the smallest power of two that is at least `size`. */
function bitsOf(size: number): number {
  return Math.ceil(Math.log2(Math.max(size, 1)))
}

/** Returns the memory in bytes that zlib needs to compress a message of `size` bytes (formula from its zconf.h). */
export function deflateMemory(settings: DeflateSettings, size: number): number {
  const { windowBits, memLevel } = zlibOptions(settings, size, null)
  return 2 ** (windowBits + 2) + 2 ** (memLevel + 9)
}

/** Compresses a message synchronously (RFC 7692 §7.2.1). Returns null when zlib fails. */
export function deflateNow(message: Uint8Array, settings: DeflateSettings, history: Buffer | null): Buffer | null {
  try {
    const payload = deflateRawSync(message, zlibOptions(settings, message.length, history))
    return payload.subarray(0, payload.length - TAIL_LENGTH)
  } catch {
    // Out of memory: the message is sent uncompressed.
    return null
  }
}
