import type { CaseResult, RunResult, Verdict } from '../../../src/conformance/result.ts'
import { exitCodeOf, summarize, TOO_SLOW, worstExitCode } from '../../../src/conformance/run/verdict.ts'
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

test('a run that proves nothing does not exit with 0', () => {
  const codeOf = (notes: (string | null)[], strict = false): number => {
    const cases = notes.map((note) => (note === null ? { verdict: 'pass' } : { verdict: 'skip', note })) as CaseResult[]
    const result = { options: { strict }, summary: summarize(cases), cases } as unknown as RunResult
    assert.is(exitCodeOf(result, 'never'), 0)
    return exitCodeOf(result, 'must')
  }
  const slow = `${TOO_SLOW}: passes with --timeout-factor 8`
  assert.is(codeOf(['only for wss targets']), 5)
  assert.is(codeOf([]), 5)
  assert.is(codeOf([slow, slow]), 5)
  for (const reason of ['deadline', 'bail', 'interrupted']) assert.is(codeOf([null, reason]), 5)
  assert.is(codeOf([null, 'only for wss targets'], true), 0)
  assert.is(codeOf([null, slow]), 0)
  assert.is(codeOf([null, slow], true), 5)
})

test('a failure counts more than an incomplete run of another target', () => {
  assert.is(worstExitCode([0, 5]), 5)
  assert.is(worstExitCode([5, 1, 0]), 1)
  assert.is(worstExitCode([1, 3]), 3)
})
