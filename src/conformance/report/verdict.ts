import type { CaseResult, RunResult, Verdict } from '../result.ts'
import type { ReportContext } from './context.ts'

/** All verdicts, worst first. */
export const verdicts = ['crash', 'fail', 'error', 'warn', 'flaky', 'info', 'skip', 'pass'] as const

/** One character per verdict, for the line of a group. */
export const signs: Record<Verdict, string> = {
  pass: '.',
  warn: 'w',
  fail: 'F',
  info: 'i',
  skip: '-',
  flaky: '~',
  crash: 'C',
  error: 'E',
}

/** The word after a count of each verdict: `3 passed`. */
const countWords: Record<Verdict, string> = {
  crash: 'crashed',
  fail: 'failed',
  error: 'not judged',
  warn: 'warned',
  flaky: 'flaky',
  info: 'noted',
  skip: 'skipped',
  pass: 'passed',
}

/**
 * Returns whether a case counts against the target: a crash or a MUST, with `strict` also a SHOULD, but no known
 * failure.
 */
export function isFailure(result: CaseResult, strict: boolean): boolean {
  if (result.known) return false
  return result.verdict === 'crash' || result.verdict === 'fail' || (strict && result.verdict === 'warn')
}

/** Returns the worst verdict of cases, or `pass` when there are none. */
export function worstVerdict(cases: readonly CaseResult[]): Verdict {
  return verdicts.find((verdict) => cases.some((result) => result.verdict === verdict)) ?? 'pass'
}

/** The number of cases per verdict, and in total. */
export type Counts = Record<Verdict, number> & { total: number }

/** Counts cases by verdict. */
export function countVerdicts(cases: readonly CaseResult[]): Counts {
  const counts: Counts = {
    ...{ pass: 0, warn: 0, fail: 0, info: 0, skip: 0, flaky: 0, crash: 0, error: 0 },
    total: cases.length,
  }
  for (const { verdict } of cases) counts[verdict]++
  return counts
}

/** Formats the counts, worst first: `1 failed`, `740 passed`. Known failures are counted separately. */
export function describeCounts(cases: readonly CaseResult[]): string[] {
  const counts = countVerdicts(cases.filter(({ known }) => !known))
  const parts = verdicts
    .filter((verdict) => counts[verdict] > 0)
    .map((verdict) => `${counts[verdict]} ${countWords[verdict]}`)
  const known = cases.length - counts.total
  return known === 0 ? parts : [...parts, `${known} known`]
}

/** Counts the cases that were judged, which are neither skipped nor only noted. */
export function judgedCount(counts: Counts): number {
  return counts.total - counts.skip - counts.info
}

/** Formats the counts of all verdicts except passes, worst first: `1 fail  2 warn`. */
export function formatDeviations(counts: Counts): string {
  return verdicts
    .filter((verdict) => verdict !== 'pass' && counts[verdict] > 0)
    .map((verdict) => `${counts[verdict]} ${verdict}`)
    .join('  ')
}

/** The cases of one group of the catalogue. */
export interface CaseGroup {
  name: string
  cases: CaseResult[]
}

/** Groups cases in the order of the catalogue: by `hs.key`, or with `top` by the first part, `hs`. */
export function groupCases(cases: readonly CaseResult[], top = false): CaseGroup[] {
  const groups = new Map<string, CaseResult[]>()
  for (const result of cases) {
    const name = top ? result.group.split('.')[0] : result.group
    const group = groups.get(name)
    if (group) group.push(result)
    else groups.set(name, [result])
  }
  return [...groups].map(([name, members]) => ({ name, cases: members }))
}

/** Counts the MUST cases that were judged, and those that passed. */
export function countMust(cases: readonly CaseResult[]): { held: number; judged: number } {
  const judged = cases.filter(
    ({ class: level, verdict }) => level === 'must' && !['skip', 'info', 'error'].includes(verdict),
  )
  return {
    held: judged.filter(({ verdict }) => verdict !== 'fail' && verdict !== 'crash').length,
    judged: judged.length,
  }
}

/** The verdict on a target. */
export interface Judgement {
  verdict: RunResult['summary']['verdict']
  /** `NOT CONFORMING`. */
  word: string
  /** `1 MUST`, `2 MUST, 6 SHOULD`, or an empty string. */
  reason: string
}

/** Returns the verdict on a target, with the strictness of the report instead of that of the run. */
export function judge(result: RunResult, context: Pick<ReportContext, 'strict'>): Judgement {
  const { must_failed: must, should_failed: should, verdict } = result.summary
  const reasons = [must > 0 ? `${must} MUST` : '', context.strict && should > 0 ? `${should} SHOULD` : '']
  const reason = reasons.filter(Boolean).join(', ')
  if (reason !== '') return { verdict: 'nonconforming', word: 'NOT CONFORMING', reason }
  const isNothingJudged = result.summary.skip === result.summary.total
  if (isNothingJudged || verdict === 'incomplete') {
    return { verdict: 'incomplete', word: 'INCOMPLETE', reason: incompleteReason(result) }
  }
  return { verdict: 'conforming', word: 'CONFORMING', reason }
}

function incompleteReason({ summary }: RunResult): string {
  if (summary.skip === summary.total) return 'every case was skipped'
  return summary.error > 0 ? `${summary.error} not judged` : 'not every selected case ran'
}
