import { type CatalogueEntry, findEntry } from '../../src/conformance/catalogue.ts'
import type { CaseResult } from '../../src/conformance/result.ts'
import { runServer } from '../../src/conformance/run.ts'
import { findCase } from '../../src/conformance/sections/index.ts'
import { parseTarget } from '../../src/conformance/target.ts'
import { assert, suite } from '../support/unit.ts'
import type { Defect, Defects, ServerDefect } from './broken/defect.ts'
import { startServer } from './broken/server.ts'
import { serverDefects } from './broken/server-defects.ts'

/** Defects that are tried at once: most rows wait more than they work. */
const JOBS = 6
/** Milliseconds for one event of a row. */
const TIMEOUT = 1500

const test = suite('conformance/broken', { timeLimit: 60_000 })
const table = Object.entries(serverDefects) as [ServerDefect, Defect][]

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
  const results = await runRows([...rows], new Set())
  assert.equal(results.filter(({ verdict }) => verdict !== 'pass').map(describe), [])
})

const findings = new Map<ServerDefect, Promise<CaseResult[]>>()

for (const [index, [name, { sentence, rows }]] of table.entries()) {
  test(`a row notices the server that ${sentence} (${name})`, async () => {
    startUpTo(index + JOBS)
    const results = (await findings.get(name)) ?? []
    const noticed = results.some(({ verdict }) => verdict === 'fail' || verdict === 'warn' || verdict === 'crash')
    assert.ok(noticed, `none of ${rows.join(', ')} notices it: ${results.map(describe).join('; ')}`)
  })
}

/** Keeps the next defects going while the tests look at one after the other. */
function startUpTo(end: number): void {
  for (const [name, { rows }] of table.slice(findings.size, end)) {
    const found = runRows(rows, new Set([name]))
    found.catch(() => {})
    findings.set(name, found)
  }
}

/** Runs rows against a server of its own with these defects. */
async function runRows(rows: readonly string[], defects: Defects): Promise<CaseResult[]> {
  const server = await startServer({ defects })
  try {
    const { result } = await runServer({
      target: parseTarget(server.url),
      entries: rows.map((row) => findEntry(row) as CatalogueEntry),
      version: '0',
      selection: rows,
      jobs: 1,
      seed: 1,
      strict: true,
      timeout: TIMEOUT,
      timeoutFactor: 1,
      idle: 500,
      retries: 0,
      subprotocol: 'chat',
      maxMessage: 16 * 1024 * 1024,
      echo: 'auto',
      echoPrefix: '',
      repro: (id) => id,
    })
    return result.cases
  } finally {
    await server.close()
  }
}

function classOf(row: string): string {
  return findEntry(row)?.class ?? `${row} is not in the catalogue`
}

function describe({ id, verdict, note, assertions }: CaseResult): string {
  const broken = assertions.find(({ ok }) => !ok)
  return `${id}: ${verdict}${note ? ` (${note})` : ''}${broken ? `, ${broken.actual}` : ''}`
}
