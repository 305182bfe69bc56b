import { isUtf8 } from 'node:buffer'

/**
 * Checks UTF-8 that arrives in pieces. It fails at the piece that contains the first invalid byte, an overlong form, a
 * surrogate or a code point above U+10FFFF (RFC 6455 §8.1, RFC 3629 §4).
 */
export class Utf8Validator {
  /** Number of continuation bytes that complete the sequence at the end of the last piece. */
  #owed = 0
  /** Range of the next continuation byte, which is narrower than 80–BF after E0, ED, F0 and F4. */
  #lowest = 0x80
  #highest = 0xbf

  /** Whether the text so far ends at the end of a sequence. */
  get complete(): boolean {
    return this.#owed === 0
  }

  /** Prepares for another text. */
  reset(): void {
    this.#owed = 0
    this.#lowest = 0x80
    this.#highest = 0xbf
  }

  /** Checks the next piece, `bytes[start, end)`. Returns false as soon as the text cannot become valid. */
  push(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start
    while (this.#owed > 0 && at < end) if (!this.#continue(bytes[at++])) return false
    if (at === end) return true
    const cut = cutOf(bytes, at, end)
    if (!isValidUtf8(bytes, at, cut)) return false
    if (cut === end) return true
    if (!this.#begin(bytes[cut])) return false
    for (at = cut + 1; at < end; at++) if (!this.#continue(bytes[at])) return false
    return true
  }

  #continue(byte: number): boolean {
    if (byte < this.#lowest || byte > this.#highest) return false
    this.#owed--
    this.#lowest = 0x80
    this.#highest = 0xbf
    return true
  }

  #begin(lead: number): boolean {
    if (lead < 0xc2 || lead > 0xf4) return false
    this.#owed = sequenceLength(lead) - 1
    if (lead === 0xe0) this.#lowest = 0xa0
    else if (lead === 0xed) this.#highest = 0x9f
    else if (lead === 0xf0) this.#lowest = 0x90
    else if (lead === 0xf4) this.#highest = 0x8f
    return true
  }
}

/** Returns the length in bytes of the sequence that a lead byte begins; 1 for any other byte. */
function sequenceLength(lead: number): number {
  if (lead < 0xc0) return 1
  if (lead < 0xe0) return 2
  return lead < 0xf0 ? 3 : 4
}

/** Returns where the last sequence of `[start, end)` begins when it is incomplete, otherwise `end`. */
function cutOf(bytes: Uint8Array, start: number, end: number): number {
  const furthest = Math.max(start, end - 3)
  for (let at = end - 1; at >= furthest; at--) {
    if ((bytes[at] & 0xc0) === 0x80) continue
    return at + sequenceLength(bytes[at]) > end ? at : end
  }
  return end
}

/** Returns whether `bytes[start, end)` is valid UTF-8 by itself (RFC 3629 §4). */
export function isValidUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  return isUtf8(bytes.subarray(start, end))
}
