import type { CaseResult, RunResult, Verdict } from '../../../src/conformance/result.ts'
import { exitCodeOf, summarize } from '../../../src/conformance/run/verdict.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('conformance/run/verdict')

function resultOf(verdicts: Record<string, Verdict>, strict = false): RunResult {
  const cases = Object.entries(verdicts).map(([id, verdict]) => ({ id, verdict }) as CaseResult)
  return { options: { strict }, summary: summarize(cases), cases } as unknown as RunResult
}

test('the verdict is that of the must cases', () => {
  assert.is(resultOf({ a: 'pass', b: 'warn' }).summary.verdict, 'conforming')
  assert.is(resultOf({ a: 'pass', b: 'fail' }).summary.verdict, 'nonconforming')
  assert.is(resultOf({ a: 'crash' }).summary.verdict, 'nonconforming')
  assert.is(resultOf({ a: 'pass', b: 'error' }).summary.verdict, 'incomplete')
})

test('a run that was cut short is incomplete', () => {
  const cut = [{ id: 'a', verdict: 'skip', note: 'deadline' }] as CaseResult[]
  assert.is(summarize(cut).verdict, 'incomplete')
  assert.is(summarize([{ ...cut[0], note: 'only for wss targets' }]).verdict, 'conforming')
})

test('the exit code follows what is to fail', () => {
  assert.is(exitCodeOf(resultOf({ a: 'warn' }), 'must'), 0)
  assert.is(exitCodeOf(resultOf({ a: 'warn' }), 'should'), 1)
  assert.is(exitCodeOf(resultOf({ a: 'warn' }, true), 'must'), 1)
  assert.is(exitCodeOf(resultOf({ a: 'flaky' }), 'must'), 0)
  assert.is(exitCodeOf(resultOf({ a: 'flaky' }, true), 'must'), 1)
  assert.is(exitCodeOf(resultOf({ a: 'fail' }), 'must'), 1)
  assert.is(exitCodeOf(resultOf({ a: 'fail' }), 'never'), 0)
  assert.is(exitCodeOf(resultOf({ a: 'error' }), 'must'), 4)
})
