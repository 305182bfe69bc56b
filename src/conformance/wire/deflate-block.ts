import { TAIL } from './inflate.ts'

/** One symbol of a block: a byte, a reference, or the bare number of a symbol (RFC 1951 §3.2.5). */
export type BlockItem = number | { length: number; distance: number } | { symbol: number }

const END_OF_BLOCK = 256

/** Writes DEFLATE data bit by bit, valid or not, which zlib would not generate (RFC 1951 §3.2). */
export class BlockWriter {
  #bytes: number[] = []
  #count = 0

  /** Adds the lowest `count` bits of `value`, lowest bit first. */
  bits(value: number, count: number): this {
    for (let index = 0; index < count; index++) this.#bit((value >> index) & 1)
    return this
  }

  /** Adds a stored block of at most 65,535 bytes (RFC 1951 §3.2.4). */
  stored(bytes: Uint8Array): this {
    this.bits(0, 3).align()
    this.#bytes.push(bytes.length & 0xff, bytes.length >> 8, ~bytes.length & 0xff, (~bytes.length >> 8) & 0xff)
    for (const byte of bytes) this.#bytes.push(byte)
    this.#count = this.#bytes.length * 8
    return this
  }

  /** Adds a block with fixed Huffman codes (RFC 1951 §3.2.6). */
  fixed(items: readonly BlockItem[]): this {
    this.bits(0b010, 3)
    for (const item of items) {
      if (typeof item === 'number') this.#symbol(item)
      else if ('symbol' in item) this.#symbol(item.symbol)
      else this.#reference(item)
    }
    this.#symbol(END_OF_BLOCK)
    return this
  }

  align(): this {
    this.#count = this.#bytes.length * 8
    return this
  }

  /** Returns the payload of a message: adds an empty stored block and omits its last four bytes (RFC 7692 §7.2.1). */
  payload(): Buffer {
    return Buffer.from(this.bits(0, 3).align().#bytes)
  }

  #bit(bit: number): void {
    if (this.#count % 8 === 0) this.#bytes.push(0)
    this.#bytes[this.#bytes.length - 1] |= bit << (this.#count % 8)
    this.#count++
  }

  /** Adds a Huffman code, highest bit first (RFC 1951 §3.1.1). */
  #code(value: number, count: number): void {
    for (let index = count - 1; index >= 0; index--) this.#bit((value >> index) & 1)
  }

  #symbol(symbol: number): void {
    if (symbol < 144) this.#code(0x30 + symbol, 8)
    else if (symbol < 256) this.#code(0x190 + symbol - 144, 9)
    else if (symbol < 280) this.#code(symbol - 256, 7)
    else this.#code(0xc0 + symbol - 280, 8)
  }

  #reference({ length, distance }: { length: number; distance: number }): void {
    if (length !== 258 && (length < 3 || length > 10))
      throw new RangeError(`length is ${length}; allowed: 3 to 10, 258`)
    this.#symbol(length === 258 ? 285 : 254 + length)
    const { symbol, extra, base } = distanceCode(distance)
    this.#code(symbol, 5)
    this.bits(distance - base, extra)
  }
}

/**
 * Returns the symbol of a distance, the number of its extra bits, and the distance for which these are 0 (RFC 1951
 * §3.2.5).
 */
function distanceCode(distance: number): { symbol: number; extra: number; base: number } {
  if (distance < 5) return { symbol: distance - 1, extra: 0, base: distance }
  const extra = Math.floor(Math.log2(distance - 1)) - 1
  const half = ((distance - 1) >> extra) & 1
  return { symbol: 2 * extra + 2 + half, extra, base: ((2 + half) << extra) + 1 }
}

/** Reads DEFLATE data without decompressing it, to find properties that zlib does not report (RFC 1951 §3.2). */
class BlockReader {
  readonly #bytes: Uint8Array
  #at = 0
  largestDistance = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  read(): void {
    while (this.#at < this.#bytes.length * 8) {
      const isFinal = this.#read(1) === 1
      const type = this.#read(2)
      if (type === 0) this.#skipStored()
      else if (type === 1) this.#scan(FIXED_LITERALS, FIXED_DISTANCES)
      else if (type === 2) this.#scanDynamic()
      else throw new RangeError('reserved block type')
      if (isFinal) this.#align()
    }
  }

  #read(count: number): number {
    if (this.#at + count > this.#bytes.length * 8) throw new RangeError('the data ends inside a block')
    let value = 0
    for (let index = 0; index < count; index++, this.#at++) {
      value |= ((this.#bytes[this.#at >> 3] >> (this.#at & 7)) & 1) << index
    }
    return value
  }

  #align(): void {
    this.#at = (this.#at + 7) & ~7
  }

  #skipStored(): void {
    this.#align()
    const length = this.#read(16)
    this.#read(16)
    this.#at += length * 8
  }

  #scanDynamic(): void {
    const literalCount = this.#read(5) + 257
    const distanceCount = this.#read(5) + 1
    const order = LENGTH_ORDER.slice(0, this.#read(4) + 4)
    const lengths = new Array<number>(19).fill(0)
    for (const symbol of order) lengths[symbol] = this.#read(3)
    const code = new HuffmanCode(lengths)
    const all: number[] = []
    while (all.length < literalCount + distanceCount) {
      const symbol = this.#decode(code)
      if (symbol < 16) all.push(symbol)
      else if (symbol === 16) all.push(...repeat(all[all.length - 1], 3 + this.#read(2)))
      else all.push(...repeat(0, symbol === 17 ? 3 + this.#read(3) : 11 + this.#read(7)))
    }
    this.#scan(new HuffmanCode(all.slice(0, literalCount)), new HuffmanCode(all.slice(literalCount)))
  }

  #scan(literals: HuffmanCode, distances: HuffmanCode): void {
    for (let symbol = this.#decode(literals); symbol !== END_OF_BLOCK; symbol = this.#decode(literals)) {
      if (symbol < END_OF_BLOCK) continue
      this.#read(symbol < 265 || symbol === 285 ? 0 : (symbol - 261) >> 2)
      const code = this.#decode(distances)
      const extra = code < 4 ? 0 : (code >> 1) - 1
      const base = code < 4 ? code + 1 : ((2 + (code & 1)) << extra) + 1
      this.largestDistance = Math.max(this.largestDistance, base + this.#read(extra))
    }
  }

  #decode(code: HuffmanCode): number {
    for (let length = 1, value = 0; length <= 15; length++) {
      value = (value << 1) | this.#read(1)
      const symbol = code.find(length, value)
      if (symbol !== undefined) return symbol
    }
    throw new RangeError('a code without a symbol')
  }
}

/** A canonical Huffman code, from the lengths of its codes (RFC 1951 §3.2.2). */
class HuffmanCode {
  readonly #first: number[] = []
  readonly #symbols: number[][] = []

  constructor(lengths: readonly number[]) {
    for (let length = 1, value = 0; length <= 15; length++, value <<= 1) {
      this.#first[length] = value
      this.#symbols[length] = lengths.flatMap((one, symbol) => (one === length ? [symbol] : []))
      value += this.#symbols[length].length
    }
  }

  find(length: number, value: number): number | undefined {
    return this.#symbols[length][value - this.#first[length]]
  }
}

/** The order in which the lengths of the code length codes are sent (RFC 1951 §3.2.7). */
const LENGTH_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15] as const

const FIXED_LITERALS = new HuffmanCode([...repeat(8, 144), ...repeat(9, 112), ...repeat(7, 24), ...repeat(8, 8)])
const FIXED_DISTANCES = new HuffmanCode(repeat(5, 30))

function repeat(value: number, count: number): number[] {
  return new Array<number>(count).fill(value)
}

/**
 * Returns the largest distance in the payload of a compressed message.
 * @throws {RangeError} when the payload is not valid DEFLATE data.
 */
export function largestDistanceIn(payload: Uint8Array): number {
  const reader = new BlockReader(Buffer.concat([payload, TAIL]))
  reader.read()
  return reader.largestDistance
}
