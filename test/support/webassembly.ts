import { readFileSync } from 'node:fs'
import loadWabt from 'wabt'
import type { TestContext } from './unit.ts'

type Features = Parameters<Awaited<ReturnType<typeof loadWabt>>['parseWat']>[2]

/** Assembles a module in WebAssembly text. `path` is relative to `src`. */
export async function assemble(path: string, features: Features): Promise<Buffer> {
  const wabt = await loadWabt()
  const source = readFileSync(new URL(`../../src/${path}`, import.meta.url), 'utf8')
  const { buffer } = wabt.parseWat(path, source, features).toBinary({})
  return Buffer.from(buffer)
}

/** Imports a file of `src` again without WebAssembly, and again where its modules cannot be compiled. */
export async function importWithoutWebAssembly<Module>(t: TestContext, path: string): Promise<Module[]> {
  const global = globalThis as { WebAssembly?: unknown }
  const { WebAssembly } = global
  t.after(() => {
    global.WebAssembly = WebAssembly
  })
  const Module = class {
    constructor() {
      throw new Error('not allowed')
    }
  }
  const modules: Module[] = []
  for (const [index, engine] of [undefined, { Module }].entries()) {
    global.WebAssembly = engine
    modules.push(await import(`../../src/${path}?without=${index}`))
  }
  return modules
}
