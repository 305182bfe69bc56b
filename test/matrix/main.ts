import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import type { RunResult } from '../../src/conformance/result.ts'
import { formatEvidence } from './evidence.ts'
import { type Column, formatPage } from './page.ts'
import { RECIPES, type Recipe } from './recipes.ts'

/*
 * npm run matrix: installs the servers of recipes.ts (as root: Debian's packages; the rest by npm), runs `core` on each
 * over the loopback, and writes docs/matrix.md and docs/matrix.html, the evidence.
 */

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const SERVERS = fileURLToPath(new URL('servers', import.meta.url))
/** Milliseconds for one command. */
const LIMIT = 600_000

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    results: { type: 'string', default: join(ROOT, 'node_modules/.cache/matrix') },
    jobs: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    'page-only': { type: 'boolean', default: false },
    'no-install': { type: 'boolean', default: false },
  },
})
const folder = values.results
mkdirSync(folder, { recursive: true })

function run(command: string): { status: number | null; output: string } {
  const env = { ...process.env, SERVERS }
  const { status, stdout, stderr } = spawnSync('bash', ['-c', command], {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: LIMIT,
  })
  return { status, output: `${stdout}${stderr}`.trim() }
}

function mustRun(command: string): void {
  const { status, output } = run(command)
  if (status !== 0) throw new Error(`${command}: ${output.split('\n').slice(-6).join('\n')}`)
}

/** The version that is installed, and where it came from. */
function versionOf({ npm, apt }: Recipe): string {
  if (npm !== undefined) return npm[0].slice(npm[0].lastIndexOf('@') + 1)
  const library = apt?.filter((name) => !/^(g\+\+|gcc|golang-go|pkg-config|ruby|default-jdk-headless)$/.test(name))[0]
  return `${run(`dpkg-query -W -f '\${Version}' ${library}`).output} (Debian)`
}

function install(recipes: readonly Recipe[]): void {
  const apt = [...new Set(recipes.flatMap((recipe) => recipe.apt ?? []))]
  const npm = [...new Set(recipes.flatMap((recipe) => recipe.npm ?? []))]
  if (apt.length > 0) mustRun(`apt-get install -y --no-install-recommends ${apt.join(' ')}`)
  if (!existsSync(join(folder, 'package.json'))) writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  if (npm.length > 0) mustRun(`npm install --no-audit --no-fund ${npm.join(' ')}`)
}

function fileOf(name: string): string {
  return join(folder, `${name.replaceAll(/\W+/g, '-')}.json`)
}

/** Runs `core` on one way of starting a server. */
function test(label: string, recipe: Recipe, command: string): void {
  const line = [
    'conform',
    '--exec',
    command,
    '--label',
    label,
    '-j',
    values.jobs,
    '--seed',
    values.seed,
    '--wait-for',
    '20',
  ]
  const env = { ...process.env, SERVERS }
  const file = fileOf(label)
  const { status, stderr } = spawnSync(
    process.execPath,
    [join(ROOT, 'dist/cli/main.js'), ...line, '-o', `json:${file}`],
    { cwd: folder, env, encoding: 'utf8', timeout: LIMIT },
  )
  console.log(`${label}: exit ${status}${status === 0 || status === 1 ? '' : ` ${stderr.slice(0, 400)}`}`)
  if (!existsSync(file)) return
  const column = { version: versionOf(recipe), date: new Date().toISOString().slice(0, 10) }
  writeFileSync(`${file}.about`, JSON.stringify(column))
}

function waysOf(recipe: Recipe): [string, string][] {
  const { name, start, deflate } = recipe
  return [[name, start], ...(deflate === undefined ? [] : ([[`${name} + deflate`, deflate]] as [string, string][]))]
}

const chosen = RECIPES.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
if (!values['page-only']) {
  if (!values['no-install']) install(chosen)
  for (const recipe of chosen) {
    const built = recipe.build === undefined ? { status: 0, output: '' } : run(recipe.build)
    if (built.status !== 0) console.log(`${recipe.name} does not build: ${built.output.slice(0, 800)}`)
    else for (const [label, command] of waysOf(recipe)) test(label, recipe, command)
  }
}
const columns = RECIPES.flatMap((recipe) =>
  waysOf(recipe).flatMap(([label]): Column[] => {
    const file = fileOf(label)
    if (!existsSync(`${file}.about`)) return []
    const about = JSON.parse(readFileSync(`${file}.about`, 'utf8')) as { version: string; date: string }
    const result = JSON.parse(readFileSync(file, 'utf8')) as RunResult
    return result.summary.pass === 0 ? [] : [{ recipe, label, ...about, result }]
  }),
)
writeFileSync(join(ROOT, 'docs/matrix.md'), formatPage(columns))
writeFileSync(join(ROOT, 'docs/matrix.html'), formatEvidence(columns))
const files = columns.map(({ label }) => fileOf(label))
mustRun(
  `${process.execPath} ${join(ROOT, 'dist/cli/main.js')} conform matrix ${files.map((file) => `'${file}'`).join(' ')} -o html:all.html`,
)
console.log(`docs/matrix.md, docs/matrix.html, ${join(folder, 'all.html')}`)
