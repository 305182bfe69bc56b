import { type CatalogueEntry, catalogue } from '../../src/conformance/catalogue.ts'
import type { CaseResult } from '../../src/conformance/result.ts'
import { findCase } from '../../src/conformance/sections/index.ts'
import { assert, suite } from '../support/unit.ts'
import { clientDefects } from './broken/client-defects.ts'
import type { ClientDefect, Defect } from './broken/defect.ts'
import { tryClient } from './broken/try-client.ts'
import { describeResult } from './broken/try-server.ts'

/** Defects that are tried at once: most rows wait more than they work. */
const JOBS = 6

const test = suite('conformance/broken-client', { timeLimit: 60_000 })
const table = Object.entries(clientDefects) as [ClientDefect, Defect][]
const findings = new Map<ClientDefect, Promise<CaseResult[]>>()

test('there are at least 15 defects, and each names rows that count', () => {
  assert.ok(table.length >= 15)
  const without = table.filter(([, { rows }]) => !entriesOf(rows).some(({ class: level }) => level !== 'info'))
  assert.equal(without, [])
})

test('every row that a defect names can be run', () => {
  const missing = table.flatMap(([, { rows }]) => rows).filter((row) => entriesOf([row]).length === 0)
  assert.equal([...new Set(missing)], [])
})

test('the unbroken client passes every row that a defect names', async () => {
  const rows = new Set(table.flatMap(([, defect]) => defect.rows))
  const results = await tryClient(entriesOf([...rows]), new Set(), { jobs: 8, timeout: 5000 })
  const good = new Set(['pass', 'info'])
  assert.equal(results.filter(({ verdict }) => !good.has(verdict)).map(describeResult), [])
})

for (const [index, [name, { sentence, rows }]] of table.entries()) {
  test(`a row notices the client that ${sentence} (${name})`, async () => {
    startUpTo(index + JOBS)
    const results = (await findings.get(name)) ?? []
    const noticed = results.filter(({ verdict, class: level }) => level !== 'info' && BAD.has(verdict))
    assert.ok(noticed.length > 0, `none of ${rows.join(', ')} notices it: ${results.map(describeResult).join('; ')}`)
  })
}

const BAD: ReadonlySet<string> = new Set(['fail', 'warn', 'crash'])

/** Keeps the next defects going while the tests look at one after the other. */
function startUpTo(end: number): void {
  for (const [name, { rows }] of table.slice(findings.size, end)) {
    const found = tryClient(entriesOf(rows), new Set([name]), { jobs: 4 })
    found.catch(() => {})
    findings.set(name, found)
  }
}

/** The cases of these rows that can be run: those of a whole family for `client.ab.1`. */
function entriesOf(rows: readonly string[]): CatalogueEntry[] {
  return catalogue.filter(({ id, row }) => rows.includes(row) && findCase(id) !== undefined)
}
