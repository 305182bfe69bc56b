import { loadWasm } from './load-wasm.ts'

/** What `simd.wat` exports; addresses are offsets into the memory, so into the window too. */
interface Exports {
  memory: { readonly buffer: ArrayBuffer }
  unmask(start: number, end: number, key: number): number
  unmaskRun(start: number, end: number): number
  decode(start: number, end: number): number
}

/** What is done in WebAssembly SIMD, for bytes that lie in its memory: masking, and decoding of text. */
export interface Simd {
  /** All of it; it never grows. */
  readonly memory: Buffer
  /** The memory as far as bytes are read into it. */
  readonly window: Buffer
  /** Behind the window: for each message of the last `unmaskRun` 128 when it is not ASCII, else 0. */
  readonly flags: Uint8Array
  /** Unmasks `window[start, end)` in place; 128 when the result is not ASCII, else 0 (RFC 6455 §5.3). */
  unmask(start: number, end: number, key: number): number
  /**
   * Unmasks all masked, unfragmented messages below 64 KiB that follow one another whole in `window[start, end)`;
   * returns where the first other frame begins. Their keys are zero then: to do it again changes nothing.
   */
  unmaskRun(start: number, end: number): number
  /**
   * Decodes `memory[start, end)`, valid UTF-8 of at most `PIECE_SIZE` bytes (RFC 3629). Returns where the text ends:
   * up to `UNITS_AT` it is Latin-1 from `PIECE_AT` on, else UTF-16 from `UNITS_AT` on.
   */
  decode(start: number, end: number): number
}

/** Bytes of the window: what one read brings at most. */
export const WINDOW_SIZE = 65_536
/** Bytes that are decoded at once, and where they may lie, for they do not all come in the window. */
export const PIECE_SIZE = 0x8000
export const PIECE_AT = 0x14000
/** Where UTF-16 is decoded to. */
export const UNITS_AT = 0x1c000

/** `simd.wat`, assembled; a test does it again and compares. */
export const moduleText =
  'AGFzbQEAAAABJwZgA39/fwF/YAJ/fwF/YAV/f397fwF/YAF7AXtgAnt/AXtgAX8BfwMKCQABAQECAwQFBQUEAQEDAwcoBAZtZW1vcnkCAAZ1bm1hc2' +
  'sAAAl1bm1hc2tSdW4AAQZkZWNvZGUAAgqKBwmLAQIDewJ/IAL9ESEDAkADQCAAQRBqIAFLDQEgAP0ABAAgA/1RIQQgACAE/QsEACAFIAT9UCEFIABB' +
  'EGohAAwACwsCQANAIAAgAU8NASAALQAAIAJB/wFxcyEGIAAgBjoAACAHIAZyIQcgAkEIeCECIABBAWohAAwACwsgB0GAAUEAIAX9ZBtyQYABcQuuAQ' +
  'EEf0GAgAQhBQJAA0AgAEEGaiABSw0BIAAtAABBgQFrQQFLDQEgAC0AAUGAAWshAiAAQQZqIQMgAkH9AEsEQCACQf4ARw0CIABBCGogAUsNAiAALQAC' +
  'QQh0IAAtAANyIQIgAkH+AEkNAiAAQQhqIQMLIAMgAmohBCAEIAFLDQEgBSADIAQgA0EEaygCABAAOgAAIANBBGtBADYCACAFQQFqIQUgBCEADAALCy' +
  'AAC1IBAX8gACABEAMhAiAC/QwAAAAAAAAAAAAAAAAAAAAA/QsEACAC/QwAAAAAAAAAAAAAAAAAAAAA/QsEEEGAgAUgAkGAgAdrQQF2aiACIAIQCBsL' +
  '3wEDA38BewF/QYCAByECAkADQCABIABrIgNFDQFBASADQRAgA0EQSRt0IQQgAP0ABAAhBSAEIAX9ZHJoIgYEQCACIAX9iQH9CwQAIAIgBf2KAf0LBB' +
  'AgAiAGQQF0aiECBUHJJEHgAUHwASAFIARBgIACchAEIgYEQCACIAUQBf0LBAAgAiAGQQF0QQNuaiECBUHVqgFBwAFB4AEgBSAEEAQiBgRAIAIgBUEf' +
  'EAb9CwQAIAIgBmohAgUgAiAAKAIAEAc2AgAgAkEEaiECQQQhBgsLCyAAIAZqIQAMAAsLIAILGQAgBCAAIAMgAv0P/U4gAf0P/SP9ZHNyaAs5ACAAIA' +
  'D9DQAAAwMGBgkJDAwAAAAAAABBDP2LASAAIAD9DQECBAUHCAoLDQ4AAAAAAABBPxAG/VALIAAgACAB/RD9TkEG/YsBIABBgP4A/RD9TkEI/Y0B/VAL' +
  'QABBwK+D4H0gAEEHcUEIdCAAQYD+AHFBBnZyIABBgIDAAXFBFHYgAEGAgDxxQQZ0ciAAQYCAgPgDcUEIdnJyagthAgJ/AntBgIAHIQFBgIAFIQIDQC' +
  'ABIABJBEAgAf0ABAAhAyAB/QAEECEEIAMgBP1QQYD+A/0Q/U79UwRAQQAPCyACIAMgBP1m/QsEACABQSBqIQEgAkEQaiECDAELC0EBCw=='

function load(): Simd | null {
  const exports = loadWasm<Exports>(moduleText)
  if (exports === null) return null
  const { memory, ...functions } = exports
  const { buffer } = memory
  const window = Buffer.from(buffer, 0, WINDOW_SIZE)
  const flags = new Uint8Array(buffer, WINDOW_SIZE, PIECE_AT - WINDOW_SIZE)
  return { memory: Buffer.from(buffer), window, flags, ...functions }
}

/** Null where WebAssembly or its SIMD is not to be had: unmasking is 1.4 times slower at 1 KiB then. */
export const simd = load()
