import { type CatalogueEntry, findEntry } from '../../src/conformance/catalogue.ts'
import type { CaseResult } from '../../src/conformance/result.ts'
import { findCase } from '../../src/conformance/sections/index.ts'
import { assert, suite } from '../support/unit.ts'
import type { Defect, ServerDefect } from './broken/defect.ts'
import { serverDefects } from './broken/server-defects.ts'
import { describeResult, tryServer } from './broken/try-server.ts'

/** Defects that are tried at once: most rows wait more than they work. */
const JOBS = 6

const test = suite('conformance/broken', { timeLimit: 60_000 })
const table = Object.entries(serverDefects) as [ServerDefect, Defect][]
const findings = new Map<ServerDefect, Promise<CaseResult[]>>()

test('there are at least 60 defects, and each names rows that count', () => {
  assert.ok(table.length >= 60)
  const named = table.flatMap(([, { rows }]) => rows)
  assert.equal(
    named.map(classOf).filter((one) => one !== 'must' && one !== 'should'),
    [],
  )
})

test('every row that a defect names can be run', () => {
  const missing = table.flatMap(([, { rows }]) => rows).filter((row) => findCase(row) === undefined)
  assert.equal([...new Set(missing)], [])
})

test('the unbroken server passes every row that a defect names', async () => {
  const rows = new Set(table.flatMap(([, defect]) => defect.rows))
  const results = await tryServer(entriesOf([...rows]), new Set(), { jobs: 8 })
  assert.equal(results.filter(({ verdict }) => verdict !== 'pass').map(describeResult), [])
})

for (const [index, [name, { sentence, rows }]] of table.entries()) {
  test(`a row notices the server that ${sentence} (${name})`, async () => {
    startUpTo(index + JOBS)
    const results = (await findings.get(name)) ?? []
    const noticed = results.some(({ verdict }) => verdict === 'fail' || verdict === 'warn' || verdict === 'crash')
    assert.ok(noticed, `none of ${rows.join(', ')} notices it: ${results.map(describeResult).join('; ')}`)
  })
}

/** Keeps the next defects going while the tests look at one after the other. */
function startUpTo(end: number): void {
  for (const [name, { rows }] of table.slice(findings.size, end)) {
    const found = tryServer(entriesOf(rows), new Set([name]), { bail: 1 })
    found.catch(() => {})
    findings.set(name, found)
  }
}

function entriesOf(rows: readonly string[]): CatalogueEntry[] {
  return rows.map((row) => findEntry(row) as CatalogueEntry)
}

function classOf(row: string): string {
  return findEntry(row)?.class ?? `${row} is not in the catalogue`
}
