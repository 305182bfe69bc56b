import type { CaseResult, RunResult, Verdict } from '../result.ts'
import type { ReportContext } from './context.ts'

/** All verdicts, worst first. */
export const verdicts = ['crash', 'fail', 'error', 'warn', 'flaky', 'info', 'skip', 'pass'] as const

/** One sign per verdict for the line of a group. */
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

/** How a count of each verdict reads: `3 passed`. */
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

/** True when the case counts against the target: a crash, a MUST, under `strict` also a SHOULD; never a known one. */
export function isFailure(result: CaseResult, strict: boolean): boolean {
  if (result.known) return false
  return result.verdict === 'crash' || result.verdict === 'fail' || (strict && result.verdict === 'warn')
}

/** The worst verdict of some cases; `pass` of none. */
export function worstVerdict(cases: readonly CaseResult[]): Verdict {
  return verdicts.find((verdict) => cases.some((result) => result.verdict === verdict)) ?? 'pass'
}

/** Cases per verdict, and all of them. */
export type Counts = Record<Verdict, number> & { total: number }

/** How many cases have which verdict. */
export function countVerdicts(cases: readonly CaseResult[]): Counts {
  const counts: Counts = {
    ...{ pass: 0, warn: 0, fail: 0, info: 0, skip: 0, flaky: 0, crash: 0, error: 0 },
    total: cases.length,
  }
  for (const { verdict } of cases) counts[verdict]++
  return counts
}

/** `1 failed`, `740 passed`, worst first; what the baseline knows is counted apart. */
export function describeCounts(cases: readonly CaseResult[]): string[] {
  const counts = countVerdicts(cases.filter(({ known }) => !known))
  const parts = verdicts
    .filter((verdict) => counts[verdict] > 0)
    .map((verdict) => `${counts[verdict]} ${countWords[verdict]}`)
  const known = cases.length - counts.total
  return known === 0 ? parts : [...parts, `${known} known`]
}

/** Cases that were judged: neither skipped nor only noted. */
export function judgedCount(counts: Counts): number {
  return counts.total - counts.skip - counts.info
}

/** `1 fail  2 warn`: every verdict that is there and is not a pass, worst first. */
export function formatDeviations(counts: Counts): string {
  return verdicts
    .filter((verdict) => verdict !== 'pass' && counts[verdict] > 0)
    .map((verdict) => `${counts[verdict]} ${verdict}`)
    .join('  ')
}

/** Cases of one group of the catalogue. */
export interface CaseGroup {
  name: string
  cases: CaseResult[]
}

/** Cases by group in the order of the catalogue: `hs.key`, or with `top` the first part, `hs`. */
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

/** MUST cases that were judged, and how many of them hold. */
export function countMust(cases: readonly CaseResult[]): { held: number; judged: number } {
  const judged = cases.filter(
    ({ class: level, verdict }) => level === 'must' && !['skip', 'info', 'error'].includes(verdict),
  )
  return {
    held: judged.filter(({ verdict }) => verdict !== 'fail' && verdict !== 'crash').length,
    judged: judged.length,
  }
}

/** What a report says of a whole target. */
export interface Judgement {
  verdict: RunResult['summary']['verdict']
  /** `NOT CONFORMING`. */
  word: string
  /** `1 MUST`, `2 MUST, 6 SHOULD`, or nothing. */
  reason: string
}

/** The verdict on a target, for the strictness of the report and not that of the run. */
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
