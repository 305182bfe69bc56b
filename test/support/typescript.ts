import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { assert } from './unit.ts'

const TSC = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url))

/** Runs the compiler with these arguments. Fails with its output when it finds errors. */
export async function compile(...words: readonly string[]): Promise<void> {
  await promisify(execFile)(process.execPath, [TSC, ...words]).catch(({ stdout }) => assert.unreachable(stdout))
}
