import { spawnSync } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { readVersion } from '../../src/cli/version.ts'
import type { Recipe } from './recipes.ts'

export const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SERVERS = fileURLToPath(new URL('servers', import.meta.url))
const CLIENTS = fileURLToPath(new URL('clients', import.meta.url))
/** The default folder in which servers are built and results are written. */
export const FOLDER = join(ROOT, 'node_modules/.cache/matrix')
/** The settings of the runs of the pages. */
export const PAGE_SETTINGS = { jobs: '8', seed: '1' } as const
/** Milliseconds for one command. */
const LIMIT = 600_000

/** The folder in which servers are built and started. */
export class Workshop {
  readonly folder: string

  constructor(folder: string) {
    this.folder = folder
    mkdirSync(folder, { recursive: true })
  }

  /** The environment of all commands. */
  get environment(): NodeJS.ProcessEnv {
    return { ...process.env, ROOT, SERVERS, CLIENTS }
  }

  run(file: string, args: readonly string[]): { status: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync(file, args, {
      cwd: this.folder,
      env: this.environment,
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

  /** Builds a server. Prints the reason and returns false when that fails. */
  build({ name, build }: Recipe): boolean {
    if (build === undefined) return true
    const { status, output } = this.shell(build)
    if (status !== 0) console.log(`${name} does not build: ${output.slice(0, 800)}`)
    return status === 0
  }

  /** Returns the file of the result of a way of starting. */
  fileOf(label: string): string {
    return join(this.folder, `${label.replaceAll(/\W+/g, '-')}.json`)
  }

  /** Writes when and in which version the server or client was tested, beside the result. */
  describe(recipe: Recipe, { label }: Way): void {
    const about = { version: this.#versionOf(recipe), date: new Date().toISOString().slice(0, 10), load: loadavg()[0] }
    writeFileSync(`${this.fileOf(label)}.about`, JSON.stringify(about))
  }

  /** Returns the version that is installed, and where it came from. */
  #versionOf({ npm, apt }: Recipe): string {
    if (npm === undefined && apt === undefined) return readVersion()
    if (npm !== undefined) return npm[0].slice(npm[0].lastIndexOf('@') + 1)
    const library = apt?.filter((name) => !/^(g\+\+|gcc|golang-go|pkg-config|ruby|default-jdk-headless)$/.test(name))[0]
    return `${this.shell(`dpkg-query -W -f '\${Version}' ${library}`).output} (Debian)`
  }

  /** Runs `core` on a server or client and writes the result as JSON. Returns the exit code. */
  conform(way: Way, file: string, options: RunSettings): number | null {
    // The result of an earlier run must not count for a run that fails.
    rmSync(file, { force: true })
    const { status, output } = this.run(process.execPath, conformArguments(way, file, options))
    if (status !== 0 && status !== 1) console.log(output.slice(0, 400))
    return status
  }
}

/** Returns the arguments for Node.js that run `conform` on a server or client and write the result as JSON. */
export function conformArguments(
  { label, side, command, isStartedOnce }: Way,
  file: string,
  options: RunSettings,
): string[] {
  const how =
    side === 'server' ? ['--wait-for', '20', '-j', options.jobs] : ['client', ...(isStartedOnce ? ['--exec-once'] : [])]
  return [
    join(ROOT, 'dist/cli/main.js'),
    'conform',
    ...how,
    ...['--exec', command],
    ...['--label', label],
    ...['--seed', options.seed, '-o', `json:${file}`],
    ...(options.cases === undefined ? [] : ['-c', options.cases]),
  ]
}

/** The options of `conform` for a run. */
export interface RunSettings {
  jobs: string
  seed: string
  /** The selectors; default: `core`. */
  cases?: string
}

/** One way of starting a server or a client. */
export interface Way {
  label: string
  side: 'server' | 'client'
  command: string
  isStartedOnce: boolean
}

/** Returns the ways of starting: the server with its defaults and with compression, and the client. */
export function waysOf({ name, start, deflate, client, isStartedOnce = false }: Recipe): Way[] {
  const ways: Way[] = []
  const server = { side: 'server', isStartedOnce: false } as const
  if (start !== undefined) ways.push({ ...server, label: name, command: start })
  if (deflate !== undefined) ways.push({ ...server, label: `${name} + deflate`, command: deflate })
  if (client !== undefined) ways.push({ label: `${name} as a client`, side: 'client', command: client, isStartedOnce })
  return ways
}
