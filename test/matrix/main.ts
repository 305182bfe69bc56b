import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { RunResult } from '../../src/conformance/result.ts'
import { formatEvidence } from './evidence.ts'
import { type Column, formatPage } from './page.ts'
import { RECIPES, type Recipe } from './recipes.ts'
import { FOLDER, ROOT, Workshop, waysOf } from './workshop.ts'

/*
 * npm run matrix: installs the servers of recipes.ts (as root: Debian's packages; the rest by npm), runs `core` on each
 * over the loopback, and writes reports/matrix.md and reports/matrix.html, the evidence.
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    results: { type: 'string', default: FOLDER },
    jobs: { type: 'string', default: '8' },
    seed: { type: 'string', default: '1' },
    'page-only': { type: 'boolean', default: false },
    'no-install': { type: 'boolean', default: false },
  },
})
const folder = values.results
const workshop = new Workshop(folder)

/** The version that is installed, and where it came from. */
function versionOf({ npm, apt }: Recipe): string {
  if (npm !== undefined) return npm[0].slice(npm[0].lastIndexOf('@') + 1)
  const library = apt?.filter((name) => !/^(g\+\+|gcc|golang-go|pkg-config|ruby|default-jdk-headless)$/.test(name))[0]
  return `${workshop.shell(`dpkg-query -W -f '\${Version}' ${library}`).output} (Debian)`
}

function install(recipes: readonly Recipe[]): void {
  const apt = [...new Set(recipes.flatMap((recipe) => recipe.apt ?? []))]
  const npm = [...new Set(recipes.flatMap((recipe) => recipe.npm ?? []))]
  if (apt.length > 0) workshop.mustRun(`apt-get install -y --no-install-recommends ${apt.join(' ')}`)
  if (!existsSync(join(folder, 'package.json'))) writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  if (npm.length > 0) workshop.mustRun(`npm install --no-audit --no-fund ${npm.join(' ')}`)
}

function fileOf(name: string): string {
  return join(folder, `${name.replaceAll(/\W+/g, '-')}.json`)
}

/** Runs `core` on one way of starting a server. */
function test(label: string, recipe: Recipe, command: string): void {
  const file = fileOf(label)
  console.log(`${label}: exit ${workshop.conform(label, command, file, values)}`)
  if (!existsSync(file)) return
  const column = { version: versionOf(recipe), date: new Date().toISOString().slice(0, 10) }
  writeFileSync(`${file}.about`, JSON.stringify(column))
}

const chosen = RECIPES.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
if (!values['page-only']) {
  if (!values['no-install']) install(chosen)
  for (const recipe of chosen) {
    if (!workshop.build(recipe)) continue
    for (const { label, command } of waysOf(recipe)) test(label, recipe, command)
  }
}
const columns = RECIPES.flatMap((recipe) =>
  waysOf(recipe).flatMap(({ label }): Column[] => {
    const file = fileOf(label)
    if (!existsSync(`${file}.about`)) return []
    const about = JSON.parse(readFileSync(`${file}.about`, 'utf8')) as { version: string; date: string }
    const result = JSON.parse(readFileSync(file, 'utf8')) as RunResult
    return result.summary.pass === 0 ? [] : [{ recipe, label, ...about, result }]
  }),
)
mkdirSync(join(ROOT, 'reports'), { recursive: true })
writeFileSync(join(ROOT, 'reports/matrix.md'), formatPage(columns))
writeFileSync(join(ROOT, 'reports/matrix.html'), formatEvidence(columns))
const files = columns.map(({ label }) => fileOf(label))
workshop.mustRun(
  `${process.execPath} ${join(ROOT, 'dist/cli/main.js')} conform matrix ${files.map((file) => `'${file}'`).join(' ')} -o html:all.html`,
)
console.log(`reports/matrix.md, reports/matrix.html, ${join(folder, 'all.html')}`)
