/**
 * The lengths in bits of the codes for the bytes 0 to 255 and for EOS. The code is canonical: codes of the same length
 * are consecutive in the order of their bytes, so the lengths define the code (RFC 7541 appendix B).
 */
const LENGTHS = `
13 23 28 28 28 28 28 28 28 24 30 28 28 30 28 28 28 28 28 28 28 28 30 28 28 28 28 28 28 28 28 28
6 10 10 12 13 6 8 11 10 10 8 11 8 6 6 6 5 5 5 6 6 6 6 6 6 6 7 8 15 6 12 10
13 6 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 7 8 7 8 13 19 13 14 6
15 5 6 5 6 5 6 6 6 5 7 7 6 6 6 5 6 7 6 5 5 6 7 7 7 7 7 15 11 14 13 28
20 22 20 20 22 22 22 23 22 23 23 23 23 23 24 23 24 24 22 23 24 23 23 23 23 21 22 23 22 23 23 24
22 21 20 22 22 23 23 21 23 22 22 24 21 22 23 23 21 21 22 21 23 22 23 23 20 22 22 22 23 22 22 23
26 26 20 19 22 23 22 25 26 26 26 27 27 26 24 25 19 21 26 27 27 26 27 24 21 21 26 26 28 27 27 27
20 24 20 21 22 21 21 23 22 22 25 25 24 24 26 23 26 27 26 26 27 27 27 27 27 28 27 27 27 27 27 26
30`
  .trim()
  .split(/\s+/)
  .map(Number)

const END_OF_TEXT = 256

/** Bytes by code. A key is the code with a leading 1, so that leading zeros are significant. */
const byCode = new Map<number, number>()
let code = 0
let bits = 0
for (const [symbol, length] of [...LENGTHS.entries()].sort(([, one], [, other]) => one - other)) {
  code = code * 2 ** (length - bits)
  bits = length
  byCode.set(2 ** length + code, symbol)
  code++
}

/**
 * Decodes a Huffman-coded string (RFC 7541 §5.2).
 * @throws {RangeError} when the padding is not a prefix of the code for EOS.
 */
export function decodeHuffman(coded: Uint8Array): Buffer {
  const bytes: number[] = []
  let key = 1
  for (const byte of coded) {
    for (let mask = 128; mask > 0; mask >>= 1) {
      key = key * 2 + (byte & mask ? 1 : 0)
      const symbol = byCode.get(key)
      if (symbol === undefined) continue
      if (symbol === END_OF_TEXT) throw new RangeError('a Huffman-coded string contains EOS')
      bytes.push(symbol)
      key = 1
    }
  }
  // Padding is shorter than a byte, and all its bits are 1.
  const isPadding = key < 256 && (key & (key + 1)) === 0
  if (!isPadding) throw new RangeError('a Huffman-coded string ends inside a code')
  return Buffer.from(bytes)
}
