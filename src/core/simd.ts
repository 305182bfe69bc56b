import { isPortable } from './portable.ts'

/** What `simd.wat` exports; addresses are offsets into the memory, so into the window too. */
interface Exports {
  memory: { readonly buffer: ArrayBuffer }
  unmask(start: number, end: number, key: number): number
  unmaskRun(start: number, end: number): number
}

/** As much of the global as is used; node's types have less. */
interface Engine {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { exports: unknown }
}

/** The masking of frames in WebAssembly SIMD, for bytes that lie in its memory. */
export interface Simd {
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
}

/** Bytes of the window: what one read brings at most. */
const WINDOW_SIZE = 65_536

/** `simd.wat`, assembled; a test does it again and compares. */
export const moduleText =
  'AGFzbQEAAAABDgJgA39/fwF/YAJ/fwF/AwMCAAEFBAEBAgIHHwMGbWVtb3J5AgAGdW5tYXNrAAAJdW5tYXNrUnVuAAEKvgICiwECA3sCfyAC' +
  '/REhAwJAA0AgAEEQaiABSw0BIAD9AAQAIAP9USEEIAAgBP0LBAAgBSAE/VAhBSAAQRBqIQAMAAsLAkADQCAAIAFPDQEgAC0AACACQf8BcXMh' +
  'BiAAIAY6AAAgByAGciEHIAJBCHghAiAAQQFqIQAMAAsLIAdBgAFBACAF/WQbckGAAXELrgEBBH9BgIAEIQUCQANAIABBBmogAUsNASAALQAA' +
  'QYEBa0EBSw0BIAAtAAFBgAFrIQIgAEEGaiEDIAJB/QBLBEAgAkH+AEcNAiAAQQhqIAFLDQIgAC0AAkEIdCAALQADciECIAJB/gBJDQIgAEEI' +
  'aiEDCyADIAJqIQQgBCABSw0BIAUgAyAEIANBBGsoAgAQADoAACADQQRrQQA2AgAgBUEBaiEFIAQhAAwACwsgAAs='

function load(): Simd | null {
  const engine = (globalThis as unknown as { WebAssembly?: Engine }).WebAssembly
  if (isPortable || engine === undefined) return null
  try {
    const instance = new engine.Instance(new engine.Module(Buffer.from(moduleText, 'base64')))
    const { memory, unmask, unmaskRun } = instance.exports as Exports
    const window = Buffer.from(memory.buffer, 0, WINDOW_SIZE)
    return { window, flags: new Uint8Array(memory.buffer, WINDOW_SIZE), unmask, unmaskRun }
  } catch {
    // A processor without SIMD: the word loop does it.
    return null
  }
}

/** Null where WebAssembly or its SIMD is not to be had: unmasking is 1.4 times slower at 1 KiB then. */
export const simd = load()
