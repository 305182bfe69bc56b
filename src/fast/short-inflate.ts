import { loadWasm } from './load-wasm.ts'

/** The exports of `short-inflate.wat`. Globals are addresses in the memory. */
interface Exports {
  memory: { readonly buffer: ArrayBuffer }
  build(lengths: number, count: number, table: number, meaning: number): number
  inflate(size: number, history: number, most: number): number
  lengths: Address
  literalMeaning: Address
  distanceMeaning: Address
  plainMeaning: Address
  order: Address
  fixedLiterals: Address
  fixedDistances: Address
  window: Address
}

interface Address {
  readonly value: number
}

/** Maximum size in bytes of short payloads and messages. */
const MOST = 4096
/** The maximum distance of DEFLATE (RFC 7692 §7.1.2). */
const LARGEST_WINDOW = 32_768

/** `short-inflate.wat`, assembled and compressed; see `moduleBytes`. A test assembles it again and compares. */
export const moduleText =
  'bVTNbhxFEK7+m5ndntmdJEck6Pb4kEggOIFIOLgRa2OZCB7BC96YnV2v2R8cc8k4iEPEiSMXEDef8g6WuPAIHDkjHiGS+apn10kQa7mqp7u6qr6qr5' +
  'qGyxNBROLt9JBEcygawj8WusEPmmTTHCZNs/5UUaksJSGVNonRQkiZHPYbChfbluVdlldRXtyL8r0o70f5IMqPoryiqP5o1Z+t+mutZKu0bUQgm/4o' +
  'bHIyOjldfCcpnY5mx6uvl4p60/FqtBhOH46Gs/HsWOn+0Xi5Gs6+Gm12TP7NdDiebT4Tc7o4Gi1UWjwan4+OPmuvL1WnF78/Wd9eqm7yeDw7On2sCv' +
  'Plt+PpEal0PHs0Ha5GlHR/t+ltqnpBnd1TrNP582eXtoOlo3q7Z29RSUE4WgUxmTsqhf1ZiaypgCRc0QtLaseR0zVuf6F3nA5p7bWpRNx8hyjIVe27' +
  'Dn93JRzV70uysBL1lnZivyAbhE/gw/CWgbXvVtJ1a5fCEm66Ne5561Jna5+6JIiVsxOfYEWf6p1AfYu7BXtySfsdyOv/zWqT05bROwhi2twqFXPbSu' +
  'G6dvqBIGSbrlP9T67kTdC+U6kYIYNr6To1ixddQgYd+MCxeAknps8Ak0EhYJjxnjNOOf2uoLXBAqEQSCJJGOA2V3sJ1HaAEBkgXeB37uzxGW+6zFlu' +
  'x8JnXBBUI0emZP+R6EwwpQxP4YocxbWoay+CxkpzBSn8Kg8c+jMJbx4suGJcswoy3IntrKhKneQ61UGV8j6RYydb0qVcA1jeqbIqKZVXTg1eOvAS8A' +
  'RCwEVWklPzDXwNbP15KaCys/hV7sfS6Y1zLw1qm/DJLp9UtLtxzOcTJOOTIIFB1d4Y2N1iA7XZCClWIIhBw9BYLBT7T55//PT7H5799NvVhXjygeJY' +
  'GQMxkS7GS7aOqFjvAdpFBD54pS6OKlvpUvGqjnWr8sqUyv6ilGzEE9NUvdjgNNwGIdGQOErQPEo+Cx/61IJ52aUTNxXpgCn9OeYiAcGBO3XdCXqTuS' +
  '5fwSFz22lnPl9TXGMvO+NyMR+9zoWNOzxaQXE1k+0ezsDdIHbf6POpPuMYOdicXYJUeRzhOgbN6zhBr2fK7Lx8pW3rJAukVazT2rhs03nN7wTMzF1R' +
  '43TtP+PvSVsDlzM+zWgLZ6ti3xXOtPSL6OwkZEChGLRFBxipZaQ3AxhH3LQGyJq7adHNaJDdGLjCa4tpIPu3EGkDtquVT6uCiQnigdeYYNruqUger/' +
  'DMpQdtFnIn0pnfwDqcz7d7fMZs1FUxwQiWsE9YhutrtXTJXiHiu8lj4JLa0QEGXPPKtCvs8qsQ9xAc5V6VIgfnVJDwW3XCtaq64S3uc2n4fVJBw2uJ' +
  'F4arPXDZYIEgmPcqd52NGQOmPU7u4bwQFo+S/Rc='

// RFC 1951 §3.2.5 and §3.2.7.
const lengthBase = [
  3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258,
]
const lengthExtra = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0]
const codeLengthOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

/*
 * The meaning of a symbol: a value from bit 8 on, and in bits 4 to 7 the number of extra bits added to it. Bits 0 to 3
 * are reserved for the length of the code. A literal has bit 31 set. The end of a block has the value 1. An invalid
 * symbol has the value 0, or a distance that is longer than the window.
 */

function literalMeaning(symbol: number): number {
  if (symbol < 256) return (1 << 31) | (symbol << 8)
  if (symbol === 256) return 1 << 8
  const index = symbol - 257
  return index < lengthBase.length ? (lengthBase[index] << 8) | (lengthExtra[index] << 4) : 0
}

function distanceMeaning(symbol: number): number {
  if (symbol > 29) return 0xffff << 8
  if (symbol < 4) return (symbol + 1) << 8
  const extra = (symbol >> 1) - 1
  return ((1 + ((2 + (symbol & 1)) << extra)) << 8) | (extra << 4)
}

function fillTables(exports: Exports): void {
  const { memory, build, lengths, order, plainMeaning, fixedLiterals, fixedDistances } = exports
  const fill = (address: Address, count: number, meaning: (symbol: number) => number): void =>
    new Int32Array(memory.buffer, address.value, count).set(
      Array.from({ length: count }, (_, symbol) => meaning(symbol)),
    )
  fill(exports.literalMeaning, 288, literalMeaning)
  fill(exports.distanceMeaning, 32, distanceMeaning)
  fill(plainMeaning, 19, (symbol) => symbol << 8)
  new Uint8Array(memory.buffer).set(codeLengthOrder, order.value)
  // The fixed codes (§3.2.6).
  const scratch = new Uint8Array(memory.buffer, lengths.value, 288)
  scratch.fill(8).fill(9, 144, 256).fill(7, 256, 280)
  build(lengths.value, 288, fixedLiterals.value, exports.literalMeaning.value)
  scratch.fill(5)
  build(lengths.value, 32, fixedDistances.value, exports.distanceMeaning.value)
}

const exports = loadWasm<Exports>(moduleText)
if (exports !== null) fillTables(exports)
const input = Buffer.from(exports?.memory.buffer ?? new ArrayBuffer(0))
const window = input.subarray(exports?.window.value)

/**
 * Decompresses a short message at half the cost of a new zlib stream (RFC 7692 §7.2.2). Returns null when zlib must do
 * it: without WebAssembly, for more than `most` bytes of output, and for unusual or invalid input, so that the error
 * messages are those of zlib.
 */
export function inflateShort(payload: Uint8Array, history: Uint8Array, most: number): Buffer | null {
  if (exports === null || payload.length > MOST || history.length > LARGEST_WINDOW) return null
  input.set(payload)
  // Prevents bytes of the previous message from being read as the end of this one.
  input.writeDoubleLE(0, payload.length)
  window.set(history)
  const end = exports.inflate(payload.length, history.length, Math.min(most, MOST))
  return end === 0 ? null : Buffer.from(window.subarray(history.length, end))
}
