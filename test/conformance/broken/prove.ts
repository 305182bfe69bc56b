import type { CatalogueEntry } from '../../../src/conformance/catalogue/entry.ts'
import { findEntry } from '../../../src/conformance/catalogue/index.ts'
import type { CaseResult } from '../../../src/conformance/result.ts'
import { findCase } from '../../../src/conformance/sections/index.ts'
import { atOnce } from '../../support/at-once.ts'
import { assert, type Suite } from '../../support/unit.ts'
import type { Defect } from './defect.ts'

/** Number of defects that are tested at the same time, because most cases mainly wait. */
const JOBS = 12

/** What must be shown for one side. */
export interface Proof<Name extends string> {
  side: 'server' | 'client'
  defects: Readonly<Record<Name, Defect>>
  /** The minimum number of defects. */
  count: number
  /** Whether every case of a defect must detect it. Default: at least one of them. */
  isEach?: boolean
  /** Runs cases against a peer with these defects. With `isSearch`, one failure is enough. */
  tryCases(entries: readonly CatalogueEntry[], defects: ReadonlySet<Name>, isSearch: boolean): Promise<CaseResult[]>
}

/** Adds the tests that a case detects each defect, and that the peer without defects passes those cases. */
export function prove<Name extends string>(
  test: Suite,
  { side, defects, count, isEach = false, tryCases }: Proof<Name>,
): void {
  const isNoticed = (results: readonly CaseResult[]): boolean => (isEach ? results.every(isBad) : results.some(isBad))
  const table = Object.entries(defects) as [Name, Defect][]
  const cases = [...new Set(table.flatMap(([, defect]) => defect.cases))]
  const findings = new Map<Name, Promise<CaseResult[]>>()
  const startAll = (): void => {
    const run = atOnce(JOBS)
    for (const [name, defect] of table) {
      const found = run(() => tryCases(entriesOf(defect.cases), new Set([name]), true))
      found.catch(() => {})
      findings.set(name, found)
    }
  }

  test(`there are at least ${count} defects, and each names cases that count`, () => {
    assert.ok(table.length >= count)
    assert.equal(
      cases.map(classOf).filter((one) => one !== 'must' && one !== 'should'),
      [],
    )
  })

  test('every case that a defect names can be run', () => {
    assert.equal(
      cases.filter((id) => findCase(id) === undefined),
      [],
    )
  })

  test(`the unbroken ${side} passes every case that a defect names`, async () => {
    const results = await tryCases(entriesOf(cases), new Set(), false)
    assert.equal(results.filter(({ verdict }) => verdict !== 'pass').map(describeResult), [])
  })

  for (const [name, defect] of table) {
    test(`a case detects the ${side} that ${defect.sentence} (${name})`, async () => {
      if (findings.size === 0) startAll()
      const results = (await findings.get(name)) ?? []
      assert.ok(
        isNoticed(results),
        `${isEach ? 'not each' : 'none'} of ${defect.cases.join(', ')} notices it: ${results.map(describeResult).join('; ')}`,
      )
    })
  }
}

function isBad({ verdict }: CaseResult): boolean {
  return verdict === 'fail' || verdict === 'warn' || verdict === 'crash'
}

function entriesOf(cases: readonly string[]): CatalogueEntry[] {
  return cases.map(findEntry).filter((entry) => entry !== undefined)
}

function classOf(id: string): string {
  return findEntry(id)?.class ?? `${id} is not in the catalogue`
}

/** Describes a result in one line, for the message of an assertion. */
export function describeResult({ id, verdict, note, assertions }: CaseResult): string {
  const broken = assertions.find(({ ok }) => !ok)
  return `${id}: ${verdict}${note ? ` (${note})` : ''}${broken ? `, ${broken.actual}` : ''}`
}
