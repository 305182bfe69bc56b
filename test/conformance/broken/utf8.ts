import type { Defects } from './defects.ts'
import { Violation } from './frame.ts'

/** Checks text while it arrives. Throws at the first byte that is not valid UTF-8 (RFC 3629 §4, RFC 6455 §8.1). */
export class Utf8Check {
  readonly #defects: Defects
  /** Number of missing continuation bytes, and the range of the next one. */
  #due = 0
  #low = 0x80
  #high = 0xbf
  #checked = 0

  constructor(defects: Defects) {
    this.#defects = defects
  }

  push(bytes: Buffer): void {
    if (this.#defects.has('checks-no-text')) return
    const limit = this.#defects.has('checks-64k-of-text') ? 65_536 : Number.POSITIVE_INFINITY
    for (const byte of bytes) {
      if (++this.#checked > limit) return
      if (this.#due === 0 && byte < 0x80) continue
      if (this.#due === 0) this.#lead(byte)
      else this.#continue(byte)
    }
  }

  /** Called at the end of the message. */
  end(): void {
    if (this.#due > 0 && !this.#defects.has('accepts-text-cut-short')) throw this.#violation()
    this.#due = 0
    this.#checked = 0
  }

  #lead(byte: number): void {
    const isStrict = !this.#defects.has('accepts-overlong')
    if (byte >= (isStrict ? 0xc2 : 0xc0) && byte <= 0xdf) this.#expect(1, 0x80, 0xbf)
    else if (byte === 0xe0) this.#expect(2, isStrict ? 0xa0 : 0x80, 0xbf)
    else if (byte === 0xed) this.#expect(2, 0x80, this.#defects.has('accepts-surrogates') ? 0xbf : 0x9f)
    else if (byte >= 0xe1 && byte <= 0xef) this.#expect(2, 0x80, 0xbf)
    else if (byte === 0xf0) this.#expect(3, isStrict ? 0x90 : 0x80, 0xbf)
    else if (byte >= 0xf1 && byte <= 0xf3) this.#expect(3, 0x80, 0xbf)
    else if (byte === 0xf4) this.#expect(3, 0x80, this.#defects.has('accepts-above-10ffff') ? 0xbf : 0x8f)
    else if (!this.#defects.has('accepts-bytes-f5-to-ff') || byte < 0xf5) throw this.#violation()
  }

  #continue(byte: number): void {
    if (byte < this.#low || byte > this.#high) throw this.#violation()
    this.#expect(this.#due - 1, 0x80, 0xbf)
  }

  #expect(due: number, low: number, high: number): void {
    this.#due = due
    this.#low = low
    this.#high = high
  }

  #violation(): Violation {
    return new Violation(this.#defects.has('fails-text-with-1002') ? 1002 : 1007, 'text that is not UTF-8')
  }
}
