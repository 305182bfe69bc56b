import type { CaseResult, RunResult, RunSummary, Verdict } from '../result.ts'

/** What makes a run fail: broken `must`, also `should`, also an unexpected pass of the baseline, nothing. */
export type FailOn = 'must' | 'should' | 'new' | 'never'

/** The exit codes of a run. */
export const Exit = { GOOD: 0, FAILED: 1, USAGE: 2, UNREACHABLE: 3, INTERNAL: 4 } as const

const VERDICTS: readonly Verdict[] = ['pass', 'warn', 'fail', 'info', 'skip', 'flaky', 'crash', 'error']

/** Counts verdicts and gives the verdict of a run. */
export function summarize(cases: readonly CaseResult[]): RunSummary {
  const counts = Object.fromEntries(
    VERDICTS.map((verdict) => [verdict, cases.filter((one) => one.verdict === verdict).length]),
  ) as Record<Verdict, number>
  const mustFailed = counts.fail + counts.crash
  const incomplete = counts.error > 0 || cases.some(({ verdict, note }) => verdict === 'skip' && isCutShort(note))
  return {
    total: cases.length,
    ...counts,
    verdict: mustFailed > 0 ? 'nonconforming' : incomplete ? 'incomplete' : 'conforming',
    must_failed: mustFailed,
    should_failed: counts.warn,
  }
}

/** Begins the reason of a case that the target passes only with more time. */
export const TOO_SLOW = 'too slow for this run'

/** Why everything is skipped when a target cannot be tested at all. */
export const UNREACHABLE = 'target not reachable'

/** Reasons of a skip that say the run was not finished. */
function isCutShort(note: string | undefined): boolean {
  if (note === undefined) return false
  return note.startsWith(TOO_SLOW) || ['deadline', 'bail', 'interrupted', 'target lost', UNREACHABLE].includes(note)
}

/** The exit code of one target's run; `fixed` are the known failures of a baseline that now pass. */
export function exitCodeOf(result: RunResult, failOn: FailOn, findings?: { fixed: readonly string[] }): number {
  if (failOn === 'never') return Exit.GOOD
  const unknown = result.cases.filter(({ known }) => known !== true)
  const has = (...verdicts: Verdict[]): boolean => unknown.some(({ verdict }) => verdicts.includes(verdict))
  if (has('fail', 'crash')) return Exit.FAILED
  if ((failOn === 'should' || result.options.strict) && has('warn', 'flaky')) return Exit.FAILED
  if (failOn === 'new' && (findings?.fixed.length ?? 0) > 0) return Exit.FAILED
  return has('error') ? Exit.INTERNAL : Exit.GOOD
}

/** Whether the verdict breaks a `must` or could not be found. */
export function isBad(verdict: Verdict): boolean {
  return verdict === 'fail' || verdict === 'crash' || verdict === 'error'
}
