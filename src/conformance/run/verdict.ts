import type { CaseResult, RunResult, RunSummary, Verdict } from '../result.ts'

/** What fails a run: violations of `must`; also those of `should`; also an unexpected pass of the baseline; nothing. */
export type FailOn = 'must' | 'should' | 'new' | 'never'

/** The exit codes of a run. */
export const Exit = { GOOD: 0, FAILED: 1, USAGE: 2, UNREACHABLE: 3, INTERNAL: 4 } as const

const VERDICTS: readonly Verdict[] = ['pass', 'warn', 'fail', 'info', 'skip', 'flaky', 'crash', 'error']

/** Counts verdicts and decides the verdict of a run. */
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

/** Prefix of the reason for a case that passes only with a longer timeout. */
export const TOO_SLOW = 'too slow for this run'

/** The reason for skipping the cases that had no verdict when the run was interrupted. */
export const INTERRUPTED = 'interrupted'

/** The reason for skipping all cases when a target cannot be tested. */
export const UNREACHABLE = 'target not reachable'

/** Returns whether the reason for skipping a case means that the run is incomplete. */
function isCutShort(note: string | undefined): boolean {
  if (note === undefined) return false
  return note.startsWith(TOO_SLOW) || ['deadline', 'bail', INTERRUPTED, 'target lost', UNREACHABLE].includes(note)
}

/** Returns the exit code for the run of one target. `fixed` are the known failures of a baseline that now pass. */
export function exitCodeOf(result: RunResult, failOn: FailOn, findings?: { fixed: readonly string[] }): number {
  if (failOn === 'never') return Exit.GOOD
  const unknown = result.cases.filter(({ known }) => known !== true)
  const has = (...verdicts: Verdict[]): boolean => unknown.some(({ verdict }) => verdicts.includes(verdict))
  if (has('fail', 'crash')) return Exit.FAILED
  if ((failOn === 'should' || result.options.strict) && has('warn', 'flaky')) return Exit.FAILED
  if (failOn === 'new' && (findings?.fixed.length ?? 0) > 0) return Exit.FAILED
  return has('error') ? Exit.INTERNAL : Exit.GOOD
}

/** Returns whether the verdict is a violation of `must`, or there is no verdict. */
export function isBad(verdict: Verdict): boolean {
  return verdict === 'fail' || verdict === 'crash' || verdict === 'error'
}
