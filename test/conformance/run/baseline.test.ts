import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { CaseResult, RunResult, Verdict } from '../../../src/conformance/result.ts'
import { applyBaseline, type Baseline, readBaseline, writeBaseline } from '../../../src/conformance/run/baseline.ts'
import { exitCodeOf, summarize } from '../../../src/conformance/run/verdict.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'

const test = suite('conformance/run/baseline')

function resultOf(verdicts: Record<string, Verdict>, strict = false): RunResult {
  const cases = Object.entries(verdicts).map(([id, verdict]) => ({ id, verdict }) as CaseResult)
  return { options: { strict }, summary: summarize(cases), cases } as unknown as RunResult
}

const baselineOf = (cases: Baseline['cases']): Baseline => ({ schema: 'dwebsocket-conform-baseline/1', cases })

test('a known failure does not fail the run, a new one does', () => {
  const baseline = baselineOf({ a: { verdict: 'fail' } })
  const known = resultOf({ a: 'fail' })
  applyBaseline(known, baseline)
  assert.is(known.cases[0].known, true)
  assert.is(exitCodeOf(known, 'must'), 0)
  const fresh = resultOf({ a: 'fail', b: 'fail' })
  applyBaseline(fresh, baseline)
  assert.is(exitCodeOf(fresh, 'must'), 1)
})

test('something worse than what is known is new', () => {
  const result = resultOf({ a: 'crash', b: 'fail' })
  applyBaseline(result, baselineOf({ a: { verdict: 'fail' }, b: { verdict: 'warn' } }))
  assert.equal(
    result.cases.map(({ known }) => known),
    [undefined, undefined],
  )
})

test('an unexpected pass is found, and fails the run only when asked', () => {
  const result = resultOf({ a: 'pass' })
  const findings = applyBaseline(result, baselineOf({ a: { verdict: 'fail' } }))
  assert.equal(findings.fixed, ['a'])
  assert.is(exitCodeOf(result, 'must', findings), 0)
  assert.is(exitCodeOf(result, 'new', findings), 1)
})

test('an entry counts up to its date', () => {
  const baseline = baselineOf({ a: { verdict: 'fail', until: '2026-01-31' } })
  const before = resultOf({ a: 'fail' })
  assert.equal(applyBaseline(before, baseline, new Date('2026-01-31T12:00:00Z')).expired, [])
  assert.is(before.cases[0].known, true)
  const after = resultOf({ a: 'fail' })
  assert.equal(applyBaseline(after, baseline, new Date('2026-02-01T00:00:00Z')).expired, ['a'])
  assert.is(after.cases[0].known, undefined)
})

test('writes a sorted baseline and preserves the reasons of the old one', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'baseline-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'baseline.json')
  const old = baselineOf({ b: { verdict: 'fail', reason: 'by design' } })
  writeBaseline(path, [resultOf({ c: 'warn', b: 'fail', a: 'crash', d: 'pass' })], old)
  assert.equal(readBaseline(path).cases, {
    a: { verdict: 'crash' },
    b: { verdict: 'fail', reason: 'by design' },
    c: { verdict: 'warn' },
  })
  assert.equal(Object.keys(JSON.parse(readFileSync(path, 'utf8')).cases), ['a', 'b', 'c'])
})

test('refuses a file that is not a baseline', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'baseline-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'x.json')
  writeFileSync(path, '{"schema":"other"}')
  assert.match((await thrownBy(() => readBaseline(path))).message, 'is not a baseline')
  assert.match((await thrownBy(() => readBaseline(join(folder, 'none')))).message, 'cannot read')
})
