const isSource = import.meta.url.endsWith('.ts')

/**
 * Returns the URL of a module of this library: in `src` when the benchmark runs from its sources, otherwise in `dist`.
 */
function libraryModule(name: string): string {
  return new URL(isSource ? `../../src/${name}.ts` : `../../${name}.js`, import.meta.url).href
}

/** The public API of this library. */
export function loadLibrary(): Promise<typeof import('../../src/index.ts')> {
  return import(libraryModule('index'))
}

/** `dwebsocket/ws`, in place of npm ws. */
export function loadWs(): Promise<typeof import('../../src/ws/index.ts')> {
  return import(libraryModule('ws/index'))
}

/** `dwebsocket/core`, whose parts `micro` measures one by one. */
export function loadParts(): Promise<typeof import('../../src/index-core.ts')> {
  return import(libraryModule('index-core'))
}

export type Parts = Awaited<ReturnType<typeof loadParts>>
