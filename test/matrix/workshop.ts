import { spawnSync } from 'node:child_process'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Recipe } from './recipes.ts'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SERVERS = fileURLToPath(new URL('servers', import.meta.url))
/** Where servers are built and results are written, unless an option says otherwise. */
export const FOLDER = join(ROOT, 'node_modules/.cache/matrix')
/** Milliseconds for one command. */
const LIMIT = 600_000

/** The folder in which servers are built and started. */
export class Workshop {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
    mkdirSync(folder, { recursive: true })
  }

  run(file: string, args: readonly string[]): { status: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync(file, args, {
      cwd: this.folder,
      env: { ...process.env, SERVERS },
      encoding: 'utf8',
      timeout: LIMIT,
    })
    return { status, output: `${stdout}${stderr}`.trim() }
  }

  shell(command: string): { status: number | null; output: string } {
    return this.run('bash', ['-c', command])
  }

  /** @throws {Error} when the command fails. */
  mustRun(command: string): void {
    const { status, output } = this.shell(command)
    if (status !== 0) throw new Error(`${command}: ${output.split('\n').slice(-6).join('\n')}`)
  }

  /** Builds a server; false, with the reason printed, when it does not build. */
  build({ name, build }: Recipe): boolean {
    if (build === undefined) return true
    const { status, output } = this.shell(build)
    if (status !== 0) console.log(`${name} does not build: ${output.slice(0, 800)}`)
    return status === 0
  }

  /** Runs `core` on a server started by that command and writes the result as JSON; returns the exit code. */
  conform(label: string, command: string, file: string, options: { jobs: string; seed: string }): number | null {
    const how = ['-j', options.jobs, '--seed', options.seed, '--wait-for', '20', '-o', `json:${file}`]
    const main = join(ROOT, 'dist/cli/main.js')
    const { status, output } = this.run(process.execPath, [
      main,
      'conform',
      '--exec',
      command,
      '--label',
      label,
      ...how,
    ])
    if (status !== 0 && status !== 1) console.log(output.slice(0, 400))
    return status
  }
}

/** How a server is started: with its defaults, and with compression. */
export function waysOf({ name, start, deflate }: Recipe): { label: string; command: string }[] {
  const ways = [{ label: name, command: start }]
  return deflate === undefined ? ways : [...ways, { label: `${name} + deflate`, command: deflate }]
}
