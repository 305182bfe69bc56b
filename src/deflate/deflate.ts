import { constants, deflateRawSync } from 'node:zlib'

/** How one message is compressed. */
export interface DeflateSettings {
  readonly level: number
  readonly memLevel: number
  /** The agreed window, 8–15; zlib is never given more. */
  readonly windowBits: number
}

/** The empty stored block of a sync flush without its first byte: dropped from every message (RFC 7692 §7.2.1). */
export const TAIL_LENGTH = 4

const MIN_CHUNK = 1024
const MAX_CHUNK = 65_536

/** zlib looks no further back than its window less this, whatever the level (`MIN_LOOKAHEAD` in its deflate.h). */
const LOOKAHEAD = 262

/**
 * The options of zlib for a message of `size` bytes: tables no larger than it can use, for setting them up is most of
 * the cost of a short one (31 µs with 15 and 8, 16 µs with 11 and 4, for the same 1 KiB).
 *
 * zlib has no window of 8 bits and uses 9. A distance of 256 bytes is not exceeded all the same, since a window of 512
 * looks back 512 − 262 = 250 bytes at most.
 */
export function zlibOptions(settings: DeflateSettings, size: number, history: Buffer | null) {
  const reach = size + (history?.length ?? 0) + LOOKAHEAD
  const windowBits = Math.max(9, Math.min(settings.windowBits, bitsOf(reach)))
  return {
    level: settings.level,
    windowBits,
    memLevel: Math.max(1, Math.min(settings.memLevel, bitsOf(size) - 6)),
    finishFlush: constants.Z_SYNC_FLUSH,
    // What comes out is a view of a chunk: a short payload that waits to be sent should not retain a large one.
    chunkSize: Math.max(MIN_CHUNK, Math.min(size, MAX_CHUNK)),
    dictionary: history !== null && history.length > 0 ? history : undefined,
  }
}

/** The exponent of the smallest power of two from `size` on. */
function bitsOf(size: number): number {
  return Math.ceil(Math.log2(Math.max(size, 1)))
}

/** Bytes that zlib uses while it compresses a message of `size` bytes (the formula of its zconf.h). */
export function deflateMemory(settings: DeflateSettings, size: number): number {
  const { windowBits, memLevel } = zlibOptions(settings, size, null)
  return 2 ** (windowBits + 2) + 2 ** (memLevel + 9)
}

/** Compresses a message at once, on the event loop (RFC 7692 §7.2.1); `null` when zlib cannot. */
export function deflateNow(message: Uint8Array, settings: DeflateSettings, history: Buffer | null): Buffer | null {
  try {
    const payload = deflateRawSync(message, zlibOptions(settings, message.length, history))
    return payload.subarray(0, payload.length - TAIL_LENGTH)
  } catch {
    // Out of memory: the message goes out as it is.
    return null
  }
}
