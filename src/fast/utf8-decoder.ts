import { PIECE_AT, PIECE_SIZE, type Simd, simd, UNITS_AT } from './simd.ts'

/** The text of valid UTF-8 in `[start, end)` (RFC 3629). */
export type Utf8Decoder = (bytes: Buffer, start: number, end: number) => string

/** Below this many bytes the detour takes longer. */
const SIMD_MIN = 48

/** Whether node of this version, 24.13.1 being the first, decodes with SIMD of its own (nodejs/node#61131). */
export function isFastDecoder(version: string): boolean {
  const [major, minor] = version.split('.').map(Number)
  return major * 100 + minor >= 2414
}

/**
 * Decodes UTF-8 to UTF-16 in WebAssembly, so that node has but to copy it: 9 times faster for 16 KiB of CJK where node
 * decodes byte by byte, 4 times for Cyrillic, 1.5 times for German. The choice is one of versions, not of measuring:
 * the same node does the same everywhere.
 */
export const decodeUtf8: Utf8Decoder =
  simd === null || isFastDecoder(process.versions.node) ? decodePlainly : makeDecoder(simd)

function decodePlainly(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, end)
}

/** Makes the decoder; a long text is decoded in pieces that end between characters. */
export function makeDecoder({ memory, decode }: Simd): Utf8Decoder {
  /** Bytes that lie outside the memory are copied into it. */
  function decodePiece(bytes: Buffer, start: number, end: number): string {
    let at = bytes.byteOffset + start
    if (bytes.buffer !== memory.buffer) {
      bytes.copy(memory, PIECE_AT, start, end)
      at = PIECE_AT
    }
    const stop = decode(at, at + end - start)
    return stop <= UNITS_AT ? memory.toString('latin1', PIECE_AT, stop) : memory.toString('utf16le', UNITS_AT, stop)
  }

  return (bytes, start, end) => {
    if (end - start < SIMD_MIN) return decodePlainly(bytes, start, end)
    let at = start
    let text = ''
    while (end - at > PIECE_SIZE) {
      let cut = at + PIECE_SIZE
      while ((bytes[cut] & 0xc0) === 0x80) cut--
      text += decodePiece(bytes, at, cut)
      at = cut
    }
    return text + decodePiece(bytes, at, end)
  }
}
