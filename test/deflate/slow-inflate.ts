/** The result of inflating a DEFLATE stream bit by bit (RFC 1951), slowly and obviously, without zlib. */
export interface Inflated {
  output: number[]
  /** The largest distance of a reference. */
  farthest: number
  /** BFINAL, BTYPE and the number of output bytes of every block. */
  blocks: { isFinal: boolean; type: number; length: number }[]
}

const lengthBase = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
]
const lengthExtra = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
const codeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

class Bits {
  readonly #bytes: Uint8Array
  position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.position >= this.#bytes.length * 8
  }

  read(count: number): number {
    let value = 0
    for (let index = 0; index < count; index++) {
      if (this.isAtEnd) throw new Error('the data ends inside a block')
      value |= ((this.#bytes[this.position >> 3] >> (this.position & 7)) & 1) << index
      this.position++
    }
    return value
  }

  readCode(codes: Map<string, number>): number {
    let code = ''
    for (;;) {
      code += this.read(1)
      const symbol = codes.get(code)
      if (symbol !== undefined) return symbol
      if (code.length > 15) throw new Error('no such code')
    }
  }
}

/** Returns the canonical codes of RFC 1951 §3.2.2, as strings of bits. */
function codesOf(lengths: number[]): Map<string, number> {
  const codes = new Map<string, number>()
  let code = 0
  for (let length = 1; length <= 15; length++) {
    for (const [symbol, own] of lengths.entries()) {
      if (own === length) codes.set((code++).toString(2).padStart(length, '0'), symbol)
    }
    code <<= 1
  }
  return codes
}

const fixedLiterals = codesOf(Array.from({ length: 288 }, (_, n) => (n < 144 ? 8 : n < 256 ? 9 : n < 280 ? 7 : 8)))
const fixedDistances = codesOf(new Array(30).fill(5))

function readTables(bits: Bits): [Map<string, number>, Map<string, number>] {
  const literalCount = bits.read(5) + 257
  const distanceCount = bits.read(5) + 1
  const codeCount = bits.read(4) + 4
  const codeLengths = new Array<number>(19).fill(0)
  for (let index = 0; index < codeCount; index++) codeLengths[codeLengthOrder[index]] = bits.read(3)
  const codes = codesOf(codeLengths)
  const lengths: number[] = []
  while (lengths.length < literalCount + distanceCount) {
    const symbol = bits.readCode(codes)
    if (symbol < 16) lengths.push(symbol)
    else if (symbol === 16) lengths.push(...new Array(3 + bits.read(2)).fill(lengths.at(-1)))
    else lengths.push(...new Array(symbol === 17 ? 3 + bits.read(3) : 11 + bits.read(7)).fill(0))
  }
  return [codesOf(lengths.slice(0, literalCount)), codesOf(lengths.slice(literalCount))]
}

function readCodedBlock(bits: Bits, result: Inflated, literals: Map<string, number>, distances: Map<string, number>) {
  const { output } = result
  for (;;) {
    const symbol = bits.readCode(literals)
    if (symbol === 256) return
    if (symbol < 256) {
      output.push(symbol)
      continue
    }
    if (symbol > 285) throw new Error('a reserved length code')
    const length = lengthBase[symbol - 257] + bits.read(lengthExtra[symbol - 257])
    const code = bits.readCode(distances)
    const extra = code < 4 ? 0 : (code >> 1) - 1
    const distance = code < 4 ? code + 1 : 1 + ((2 + (code & 1)) << extra) + bits.read(extra)
    if (distance > output.length) throw new Error('distance too far back')
    result.farthest = Math.max(result.farthest, distance)
    for (let index = 0; index < length; index++) output.push(output[output.length - distance])
  }
}

function readStoredBlock(bits: Bits, output: number[]): void {
  bits.position = Math.ceil(bits.position / 8) * 8
  const length = bits.read(16)
  if (bits.read(16) !== (~length & 0xffff)) throw new Error('bad stored length')
  for (let index = 0; index < length; index++) output.push(bits.read(8))
}

/** Inflates whole blocks up to the end of the bytes. After a final block, the next block begins at the next byte. */
export function slowInflate(bytes: Uint8Array, history: Uint8Array = new Uint8Array()): Inflated {
  const result: Inflated = { output: [...history], farthest: 0, blocks: [] }
  const bits = new Bits(bytes)
  while (!bits.isAtEnd) {
    const isFinal = bits.read(1) === 1
    const type = bits.read(2)
    const before = result.output.length
    if (type === 3) throw new Error('reserved block type')
    if (type === 0) readStoredBlock(bits, result.output)
    else if (type === 1) readCodedBlock(bits, result, fixedLiterals, fixedDistances)
    else readCodedBlock(bits, result, ...readTables(bits))
    result.blocks.push({ isFinal, type, length: result.output.length - before })
    if (isFinal) bits.position = Math.ceil(bits.position / 8) * 8
  }
  result.output.splice(0, history.length)
  return result
}
