import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/* What the programs share that install this package as it would be published. */

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** Runs a command to its end and returns what it prints; its error has that, too. */
export function runIn(cwd: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', env: { ...process.env, ...env }, stdio: 'pipe' })
}

/** Packs this package, which must be built, into `folder`; returns the name of the file. */
export function pack(folder: string): string {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const [{ filename }] = JSON.parse(runIn(ROOT, 'npm', args))
  return filename
}
