import { inflateRawSync } from 'node:zlib'
import { isFastEnabled } from './enabled.ts'

/** The part of the global `WebAssembly` that is used, because `@types/node` does not declare it. */
interface Engine {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { exports: unknown }
}

/** Returns the bytes of a module, which is stored as raw DEFLATE in base64 to halve its length. */
export function moduleBytes(moduleText: string): Buffer {
  return inflateRawSync(Buffer.from(moduleText, 'base64'))
}

/**
 * Returns the exports of a WebAssembly module; see `moduleBytes`. Returns null when the fast paths are turned off, when
 * there is no WebAssembly, or when the processor does not support the module.
 */
export function loadWasm<Exports>(moduleText: string): Exports | null {
  const engine = (globalThis as unknown as { WebAssembly?: Engine }).WebAssembly
  if (!isFastEnabled || engine === undefined) return null
  try {
    return new engine.Instance(new engine.Module(moduleBytes(moduleText))).exports as Exports
  } catch {
    return null
  }
}
