const isSource = import.meta.url.endsWith('.ts')

/** A module of this library: from `src` when the benchmark runs from its sources, else from beside its compiled self. */
function libraryModule(name: string): string {
  return new URL(isSource ? `../../src/${name}.ts` : `../../${name}.js`, import.meta.url).href
}

/** The public door of this library. */
export function loadLibrary(): Promise<typeof import('../../src/index.ts')> {
  return import(libraryModule('index'))
}

/** The parts of the library that `micro` measures one by one. */
export function loadParts(): Promise<typeof import('../../src/index-core.ts')> {
  return import(libraryModule('index-core'))
}

export type Parts = Awaited<ReturnType<typeof loadParts>>
