import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/* What the programs that install this package as it would be published share. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Runs a command until it ends, and returns its output, which an error also has. */
export function runIn(cwd: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, ...env }, stdio: 'pipe' })
}

/** Packs this package, which must be built, into `folder`. Returns the name of the file. */
export function pack(folder: string): string {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const [{ filename }] = JSON.parse(runIn(ROOT, 'npm', args))
  return filename
}
