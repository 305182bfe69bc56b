import type { CaseResult, RunResult, RunSummary, Verdict } from '../result.ts'

/** What fails a run: violations of `must`; also those of `should`; also an unexpected pass of the baseline; nothing. */
export type FailOn = 'must' | 'should' | 'new' | 'never'

/** The exit codes of a run. */
export const Exit = { GOOD: 0, FAILED: 1, USAGE: 2, UNREACHABLE: 3, INTERNAL: 4, INCOMPLETE: 5 } as const

/** The exit codes, best first. Several targets give the worst of their codes. */
const ORDER: readonly number[] = [Exit.GOOD, Exit.INCOMPLETE, Exit.FAILED, Exit.USAGE, Exit.UNREACHABLE, Exit.INTERNAL]

const VERDICTS: readonly Verdict[] = ['pass', 'warn', 'fail', 'info', 'skip', 'flaky', 'crash', 'error']

/** Counts verdicts and decides the verdict of a run. */
export function summarize(cases: readonly CaseResult[]): RunSummary {
  const counts = Object.fromEntries(
    VERDICTS.map((verdict) => [verdict, cases.filter((one) => one.verdict === verdict).length]),
  ) as Record<Verdict, number>
  const mustFailed = counts.fail + counts.crash
  const incomplete = counts.error > 0 || cases.some((one) => isCutShort(one) || isTooSlow(one))
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

/** The reasons for skipping a case when a run ends early. */
const ENDS: readonly string[] = ['deadline', 'bail', INTERRUPTED, 'target lost', UNREACHABLE]

/** Returns whether a case did not run because the run ended before. */
function isCutShort({ verdict, note = '' }: CaseResult): boolean {
  return verdict === 'skip' && ENDS.includes(note)
}

/** Returns whether a case has no verdict because the target needs more time. */
function isTooSlow({ verdict, note = '' }: CaseResult): boolean {
  return verdict === 'skip' && note.startsWith(TOO_SLOW)
}

/**
 * Returns the exit code for the run of one target. `fixed` are the known failures of a baseline that now pass. A run
 * that was cut short, or that has no verdict on any case, proves nothing. A case that needs more time counts only where
 * warnings do. A case that needs what the target does not have never counts beside others.
 */
export function exitCodeOf(result: RunResult, failOn: FailOn, findings?: { fixed: readonly string[] }): number {
  if (failOn === 'never') return Exit.GOOD
  const unknown = result.cases.filter(({ known }) => known !== true)
  const has = (...verdicts: Verdict[]): boolean => unknown.some(({ verdict }) => verdicts.includes(verdict))
  if (has('fail', 'crash')) return Exit.FAILED
  const isStrict = failOn === 'should' || result.options.strict
  if (isStrict && has('warn', 'flaky')) return Exit.FAILED
  if (failOn === 'new' && (findings?.fixed.length ?? 0) > 0) return Exit.FAILED
  if (has('error')) return Exit.INTERNAL
  const { cases } = result
  const isIncomplete =
    cases.every(({ verdict }) => verdict === 'skip') || cases.some(isCutShort) || (isStrict && cases.some(isTooSlow))
  return isIncomplete ? Exit.INCOMPLETE : Exit.GOOD
}

/** Returns the exit code for several targets. */
export function worstExitCode(codes: readonly number[]): number {
  return ORDER[Math.max(...codes.map((code) => ORDER.indexOf(code)), 0)]
}

/** Returns whether the verdict is a violation of `must`, or there is no verdict. */
export function isBad(verdict: Verdict): boolean {
  return verdict === 'fail' || verdict === 'crash' || verdict === 'error'
}
