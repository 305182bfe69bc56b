import { isPortable } from './enabled.ts'

/** As much of the global as is used; node's types have less. */
interface Engine {
  Module: new (bytes: Uint8Array) => object
  Instance: new (module: object) => { exports: unknown }
}

/**
 * What a WebAssembly module in base64 exports; null where portable twins are asked for, where there is no WebAssembly
 * and where the processor lacks what the module needs.
 */
export function loadWasm<Exports>(moduleText: string): Exports | null {
  const engine = (globalThis as unknown as { WebAssembly?: Engine }).WebAssembly
  if (isPortable || engine === undefined) return null
  try {
    return new engine.Instance(new engine.Module(Buffer.from(moduleText, 'base64'))).exports as Exports
  } catch {
    return null
  }
}
