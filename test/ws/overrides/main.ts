import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { pack, runIn } from '../packed.ts'

/*
 * npm run ws:overrides: installs packages that use npm ws with each package manager, overrides ws by the folder `ws/` of
 * this package as docs/guides/npm-ws.md says, and lets them exchange messages. A second install must change nothing.
 */

/** Packages that depend on ws as ^8, as ^7, as an exact version and as a peer. */
const DEPENDENTS = ['engine.io', 'engine.io-client', 'express', 'express-ws', 'ethers', 'isows']
const OVERRIDE = './node_modules/dwebsocket/ws'

interface Manager {
  name: string
  /** The package of the registry with this package manager; absent for npm, which is already installed. */
  spec?: string
  program?: string
  /** The fields of package.json besides the dependencies. */
  manifest: object
  /** How the project depends on ws itself. */
  ws: string
  files?: Record<string, string>
  args: string[]
}

const managers: Manager[] = [
  {
    name: 'npm',
    manifest: { overrides: { ws: '$ws' } },
    ws: `file:${OVERRIDE}`,
    args: ['install', '--no-audit', '--no-fund', '--ignore-scripts'],
  },
  {
    name: 'pnpm 10',
    spec: 'pnpm@10',
    program: 'pnpm/bin/pnpm.cjs',
    manifest: { pnpm: { overrides: { ws: `link:${OVERRIDE}` } } },
    ws: `link:${OVERRIDE}`,
    args: ['install', '--ignore-scripts', '--no-frozen-lockfile'],
  },
  {
    name: 'yarn 1',
    spec: 'yarn@1',
    program: 'yarn/bin/yarn.js',
    manifest: { resolutions: { ws: `link:${OVERRIDE}` } },
    ws: `link:${OVERRIDE}`,
    args: ['install', '--ignore-scripts', '--non-interactive', '--ignore-engines'],
  },
  {
    name: 'yarn 4',
    spec: '@yarnpkg/cli-dist@4',
    program: '@yarnpkg/cli-dist/bin/yarn.js',
    manifest: { resolutions: { ws: `link:${OVERRIDE}` } },
    ws: `link:${OVERRIDE}`,
    files: {
      '.yarnrc.yml': 'nodeLinker: node-modules\nenableScripts: false\nenableTelemetry: false\n',
      'yarn.lock': '',
    },
    args: ['install', '--no-immutable'],
  },
]

const folder = mkdtempSync(join(tmpdir(), 'ws-overrides-'))
const registry = runIn(folder, 'npm', ['config', 'get', 'registry']).trim()
let failed = 0

function installManager({ spec, program }: Manager): (cwd: string, args: readonly string[]) => string {
  if (spec === undefined) return (cwd, args) => runIn(cwd, 'npm', args)
  const tools = mkdtempSync(join(folder, 'manager-'))
  runIn(tools, 'npm', ['install', '--prefix', tools, '--no-audit', '--no-fund', '--ignore-scripts', spec])
  const env = { npm_config_registry: registry, YARN_NPM_REGISTRY_SERVER: registry }
  return (cwd, args) => runIn(cwd, process.execPath, [join(tools, 'node_modules', program!), ...args], env)
}

function tryManager(manager: Manager, tarball: string): void {
  const project = mkdtempSync(join(folder, 'project-'))
  const manifest = {
    name: 'project',
    version: '1.0.0',
    private: true,
    type: 'module',
    dependencies: {
      dwebsocket: `file:./${tarball}`,
      ws: manager.ws,
      ...Object.fromEntries(DEPENDENTS.map((name) => [name, '*'])),
    },
    ...manager.manifest,
  }
  copyFileSync(join(folder, tarball), join(project, tarball))
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest, null, 2))
  for (const [name, text] of Object.entries(manager.files ?? {})) writeFileSync(join(project, name), text)
  const program = 'program.mjs'
  copyFileSync(fileURLToPath(new URL(program, import.meta.url)), join(project, program))
  const run = installManager(manager)
  const version = run(project, ['--version']).trim()
  for (const round of ['first', 'second']) {
    run(project, manager.args)
    const said = runIn(project, process.execPath, [program, ...DEPENDENTS]).trim()
    console.log(`${manager.name} (${version}), ${round} install: ${said}`)
  }
}

try {
  const tarball = pack(folder)
  const wanted = process.argv.slice(2)
  for (const manager of managers.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
    try {
      tryManager(manager, tarball)
    } catch (error) {
      failed++
      const { stdout = '', stderr = '', message } = error as Error & { stdout?: string; stderr?: string }
      console.log(`failed: ${manager.name}: ${message}\n${stdout.slice(-2000)}\n${stderr.slice(-2000)}`)
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = failed === 0 ? 0 : 1
