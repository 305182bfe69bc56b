import { Opcode } from '../core/opcode.ts'
import { applyMask, isAsciiOr, readMaskingKey } from './mask.ts'
import { type Simd, simd, WINDOW_SIZE } from './simd.ts'

/** Memory into which bytes are read, and where whole messages that follow one another are unmasked in one go. */
export type MessageRun = Pick<Simd, 'window' | 'flags' | 'unmaskRun'>

/** Bytes of the header of a message of at most 125 bytes; longer ones have two more. */
export const SHORT_HEADER = 6

/**
 * Where the payload begins of the message at `at`, of which the first `SHORT_HEADER` bytes are here; 0 for any other
 * frame than a masked, unfragmented message below 64 KiB (RFC 6455 §5.2).
 */
export function payloadOf(bytes: Uint8Array, at: number): number {
  const opcode = bytes[at] ^ 0x80
  if (opcode !== Opcode.TEXT && opcode !== Opcode.BINARY) return 0
  const length = bytes[at + 1] ^ 0x80
  if (length < 126) return at + SHORT_HEADER
  const isMinimal = length === 126 && ((bytes[at + 2] << 8) | bytes[at + 3]) > 125
  return isMinimal ? at + SHORT_HEADER + 2 : 0
}

/** Where the message at `at` ends, whose payload begins at `payload`. */
export function endOf(bytes: Uint8Array, at: number, payload: number): number {
  return payload + (payload - at === SHORT_HEADER ? bytes[at + 1] & 0x7f : (bytes[at + 2] << 8) | bytes[at + 3])
}

/** The twin in plain JavaScript of what `simd` does. */
export function makePlainRun(): MessageRun {
  const window = Buffer.from(new ArrayBuffer(WINDOW_SIZE))
  const flags = new Uint8Array(Math.ceil(WINDOW_SIZE / SHORT_HEADER))

  function unmaskRun(start: number, end: number): number {
    let at = start
    for (let frame = 0; at + SHORT_HEADER <= end; frame++) {
      const payload = payloadOf(window, at)
      if (payload === 0) break
      const stop = endOf(window, at, payload)
      if (stop > end) break
      const or = applyMask(window, payload, stop, readMaskingKey(window, payload - 4))
      for (let key = payload - 4; key < payload; key++) window[key] = 0
      flags[frame] = isAsciiOr(or) ? 0 : 128
      at = stop
    }
    return at
  }

  return { window, flags, unmaskRun }
}

export const messageRun: MessageRun = simd ?? makePlainRun()
