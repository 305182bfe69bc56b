import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import type { TestContext } from './unit.ts'

/**
 * Bundles a TypeScript program and its modules into a JavaScript file, which starts many times faster than the program
 * with tsx. Returns the path of the file, which is removed with the test.
 */
export function bundle(t: TestContext, program: URL): string {
  const folder = mkdtempSync(join(tmpdir(), 'dwebsocket-test-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const outfile = join(folder, 'program.mjs')
  buildSync({ entryPoints: [fileURLToPath(program)], outfile, bundle: true, platform: 'node', format: 'esm' })
  return outfile
}
