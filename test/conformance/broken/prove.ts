import type { CatalogueEntry } from '../../../src/conformance/catalogue/entry.ts'
import { findEntry } from '../../../src/conformance/catalogue/index.ts'
import type { CaseResult } from '../../../src/conformance/result.ts'
import { findCase } from '../../../src/conformance/sections/index.ts'
import { assert, type Suite } from '../../support/unit.ts'
import type { Defect } from './defect.ts'

/** Defects that are tried at once: most rows wait more than they work. */
const JOBS = 6

/** What has to be shown of one side. */
export interface Proof<Name extends string> {
  side: 'server' | 'client'
  defects: Readonly<Record<Name, Defect>>
  /** The least number of defects. */
  count: number
  /** Runs rows against a peer with these defects; `isSearch`: one failure is enough. */
  tryRows(entries: readonly CatalogueEntry[], defects: ReadonlySet<Name>, isSearch: boolean): Promise<CaseResult[]>
}

/** Adds the tests which show that each defect is noticed by a row it names, and that nothing else is. */
export function prove<Name extends string>(test: Suite, { side, defects, count, tryRows }: Proof<Name>): void {
  const table = Object.entries(defects) as [Name, Defect][]
  const rows = [...new Set(table.flatMap(([, defect]) => defect.rows))]
  const findings = new Map<Name, Promise<CaseResult[]>>()
  // the next defects are tried while the tests look at one after the other
  const startUpTo = (end: number): void => {
    for (const [name, defect] of table.slice(findings.size, end)) {
      const found = tryRows(entriesOf(defect.rows), new Set([name]), true)
      found.catch(() => {})
      findings.set(name, found)
    }
  }

  test(`there are at least ${count} defects, and each names rows that count`, () => {
    assert.ok(table.length >= count)
    assert.equal(
      rows.map(classOf).filter((one) => one !== 'must' && one !== 'should'),
      [],
    )
  })

  test('every row that a defect names can be run', () => {
    assert.equal(
      rows.filter((row) => findCase(row) === undefined),
      [],
    )
  })

  test(`the unbroken ${side} passes every row that a defect names`, async () => {
    const results = await tryRows(entriesOf(rows), new Set(), false)
    assert.equal(results.filter(({ verdict }) => verdict !== 'pass').map(describeResult), [])
  })

  for (const [index, [name, defect]] of table.entries()) {
    test(`a row notices the ${side} that ${defect.sentence} (${name})`, async () => {
      startUpTo(index + JOBS)
      let results = (await findings.get(name)) ?? []
      // Under load the system joins segments, and with them goes a defect that shows between two: tried again alone.
      if (!isNoticed(results)) results = await tryRows(entriesOf(defect.rows), new Set([name]), true)
      assert.ok(
        isNoticed(results),
        `none of ${defect.rows.join(', ')} notices it: ${results.map(describeResult).join('; ')}`,
      )
    })
  }
}

function isNoticed(results: readonly CaseResult[]): boolean {
  return results.some(({ verdict }) => verdict === 'fail' || verdict === 'warn' || verdict === 'crash')
}

function entriesOf(rows: readonly string[]): CatalogueEntry[] {
  return rows.map(findEntry).filter((entry) => entry !== undefined)
}

function classOf(row: string): string {
  return findEntry(row)?.class ?? `${row} is not in the catalogue`
}

/** A result in a line, for the message of an assertion. */
export function describeResult({ id, verdict, note, assertions }: CaseResult): string {
  const broken = assertions.find(({ ok }) => !ok)
  return `${id}: ${verdict}${note ? ` (${note})` : ''}${broken ? `, ${broken.actual}` : ''}`
}
