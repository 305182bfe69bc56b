const isSource = import.meta.url.endsWith('.ts')

/** A module of this library: from `src` when the benchmark runs from its sources, else from beside its compiled self. */
function libraryModule(name: string): string {
  return new URL(isSource ? `../src/${name}.ts` : `../${name}.js`, import.meta.url).href
}

/** The public door of this library. */
export function loadLibrary(): Promise<typeof import('../src/index.ts')> {
  return import(libraryModule('index'))
}

/** The parts of the library that `micro` measures one by one. */
export async function loadParts() {
  const [core, mask, text, accept] = await Promise.all([
    import(libraryModule('core/index')) as Promise<typeof import('../src/core/index.ts')>,
    import(libraryModule('core/mask')) as Promise<typeof import('../src/core/mask.ts')>,
    import(libraryModule('core/text')) as Promise<typeof import('../src/core/text.ts')>,
    import(libraryModule('handshake/accept-key')) as Promise<typeof import('../src/handshake/accept-key.ts')>,
  ])
  return { ...core, ...mask, ...text, ...accept }
}

export type Parts = Awaited<ReturnType<typeof loadParts>>
