import { rmSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** A folder from which programs find the installed packages. */
const FOLDER = new URL('../../node_modules/.cache/dwebsocket-test/', import.meta.url)

const bundles = new Map<string, Promise<string>>()

/**
 * Bundles a program of the tests into one file, once per process. Processes that run the file start much sooner than
 * those that run the sources with `tsx`. Resolves to its path.
 */
export function bundleProgram(source: string): Promise<string> {
  const bundle = bundles.get(source) ?? makeBundle(source)
  bundles.set(source, bundle)
  return bundle
}

async function makeBundle(source: string): Promise<string> {
  const path = fileURLToPath(new URL(`${basename(source, '.ts')}-${process.pid}.mjs`, FOLDER))
  process.once('exit', () => rmSync(path, { force: true }))
  await build({
    entryPoints: [source],
    outfile: path,
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    packages: 'external',
    // For stacks and for the coverage.
    sourcemap: 'inline',
    sourcesContent: false,
  })
  return path
}
