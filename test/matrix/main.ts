import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { RunResult } from '../../src/conformance/result.ts'
import { formatEvidence } from './evidence.ts'
import { type Column, formatPage, listOpen } from './page.ts'
import { RECIPES, type Recipe } from './recipes.ts'
import { FOLDER, PAGE_SETTINGS, ROOT, type Way, Workshop, waysOf } from './workshop.ts'

/*
 * npm run matrix -- [NAME…] [--docs]: installs the servers and clients of recipes.ts (as root: Debian's packages; the rest by
 * npm), runs `core` on each over the loopback, and writes reports/matrix.md and reports/matrix.html, the evidence; with --docs
 * the pages in docs. --page-only makes the pages of earlier results, --no-page makes none, --no-install runs what is installed,
 * --cases ROWS runs a selection instead of `core`, --side server or client one of the two.
 */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    results: { type: 'string', default: FOLDER },
    pages: { type: 'string' },
    docs: { type: 'boolean', default: false },
    jobs: { type: 'string', default: PAGE_SETTINGS.jobs },
    seed: { type: 'string', default: PAGE_SETTINGS.seed },
    cases: { type: 'string' },
    side: { type: 'string' },
    'page-only': { type: 'boolean', default: false },
    'no-page': { type: 'boolean', default: false },
    'no-install': { type: 'boolean', default: false },
  },
})
const folder = values.results
const pages = values.pages ?? join(ROOT, values.docs ? 'docs' : 'reports')
const workshop = new Workshop(folder)

function install(recipes: readonly Recipe[]): void {
  const apt = [...new Set(recipes.flatMap((recipe) => recipe.apt ?? []))]
  const npm = [...new Set(recipes.flatMap((recipe) => recipe.npm ?? []))]
  if (apt.length > 0) workshop.mustRun(`apt-get install -y --no-install-recommends ${apt.join(' ')}`)
  if (!existsSync(join(folder, 'package.json'))) writeFileSync(join(folder, 'package.json'), '{ "private": true }')
  if (npm.length > 0) workshop.mustRun(`npm install --no-audit --no-fund ${npm.join(' ')}`)
}

/** Runs `core` on one server or client. */
function test(recipe: Recipe, way: Way): void {
  const file = workshop.fileOf(way.label)
  rmSync(`${file}.about`, { force: true })
  console.log(`${way.label}: exit ${workshop.conform(way, file, values)}`)
  if (existsSync(file)) workshop.describe(recipe, way)
}

const chosen = RECIPES.filter(({ name }) => positionals.length === 0 || positionals.includes(name))
if (!values['page-only']) {
  if (!values['no-install']) install(chosen)
  for (const recipe of chosen) {
    if (!workshop.build(recipe)) continue
    for (const way of waysOf(recipe)) if (values.side === undefined || way.side === values.side) test(recipe, way)
  }
}

/** Makes the pages of all results in the folder. */
function writePages(): void {
  const columns = RECIPES.flatMap((recipe) =>
    waysOf(recipe).flatMap(({ label }): Column[] => {
      const file = workshop.fileOf(label)
      if (!existsSync(`${file}.about`)) return []
      const about = JSON.parse(readFileSync(`${file}.about`, 'utf8')) as Omit<Column, 'recipe' | 'label' | 'result'>
      const result = JSON.parse(readFileSync(file, 'utf8')) as RunResult
      return result.summary.pass === 0 ? [] : [{ recipe, label, ...about, result }]
    }),
  )
  mkdirSync(pages, { recursive: true })
  writeFileSync(join(pages, 'matrix.md'), formatPage(columns))
  writeFileSync(join(pages, 'matrix.html'), formatEvidence(columns))
  const files = columns.map(({ label }) => `'${workshop.fileOf(label)}'`)
  const page = `${process.execPath} ${join(ROOT, 'dist/cli/main.js')} conform`
  if (files.length > 1) workshop.mustRun(`${page} matrix ${files.join(' ')} -o html:all.html`)
  for (const line of listOpen(columns)) console.log(line)
  console.log(`${join(pages, 'matrix.md')}, matrix.html; every row: ${join(folder, 'all.html')}`)
}

if (!values['no-page']) writePages()
