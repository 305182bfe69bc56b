/** A growing buffer that joins pieces. */
export class Gather {
  #bytes: Buffer = Buffer.alloc(0)
  #size = 0

  get size(): number {
    return this.#size
  }

  push(piece: Buffer): void {
    const size = this.#size + piece.length
    if (size > this.#bytes.length) {
      const grown = Buffer.alloc(Math.max(size, this.#bytes.length * 2))
      this.#bytes.copy(grown, 0, 0, this.#size)
      this.#bytes = grown
    }
    piece.copy(this.#bytes, this.#size)
    this.#size = size
  }

  /** Returns the joined pieces, and starts again with the next piece. */
  take(): Buffer {
    const whole = this.#bytes.subarray(0, this.#size)
    this.#bytes = Buffer.alloc(0)
    this.#size = 0
    return whole
  }
}
