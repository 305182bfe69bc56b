import { readFileSync, writeFileSync } from 'node:fs'
import type { CaseResult, RunResult, RunSummary, Verdict } from '../result.ts'

/** What makes a run fail: broken `must`, also `should`, also an unexpected pass of the baseline, nothing. */
export type FailOn = 'must' | 'should' | 'new' | 'never'

/** The exit codes of a run. */
export const Exit = { GOOD: 0, FAILED: 1, USAGE: 2, UNREACHABLE: 3, INTERNAL: 4 } as const

/** A failure that is known: it does not fail the run, unless its date is over. */
export interface BaselineEntry {
  verdict: Verdict
  reason?: string
  /** ISO date; from the day after on the entry no longer counts. */
  until?: string
}

export interface Baseline {
  schema: 'dwebsocket-conform-baseline/1'
  cases: Record<string, BaselineEntry>
}

/** A baseline file that cannot be used. */
export class BaselineError extends Error {}

const VERDICTS: readonly Verdict[] = ['pass', 'warn', 'fail', 'info', 'skip', 'flaky', 'crash', 'error']

/** Counts verdicts and gives the verdict of a run. */
export function summarise(cases: readonly CaseResult[]): RunSummary {
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

/** Why everything is skipped when a target cannot be tested at all. */
export const UNREACHABLE = 'target not reachable'

/** Reasons of a skip that say the run was not finished. */
function isCutShort(note: string | undefined): boolean {
  return note !== undefined && ['deadline', 'bail', 'interrupted', 'target lost', UNREACHABLE].includes(note)
}

/** Reads a baseline; throws BaselineError when it is none. */
export function readBaseline(path: string): Baseline {
  let baseline: Baseline
  try {
    baseline = JSON.parse(readFileSync(path, 'utf8')) as Baseline
  } catch (error) {
    throw new BaselineError(`cannot read ${path}: ${(error as Error).message}`)
  }
  if (baseline.schema !== 'dwebsocket-conform-baseline/1' || typeof baseline.cases !== 'object') {
    throw new BaselineError(`${path} is no baseline of dwebsocket-conform-baseline/1`)
  }
  return baseline
}

/** Writes what failed or warned as the new baseline, sorted; reasons and dates of an old one are kept. */
export function writeBaseline(path: string, results: readonly RunResult[], old?: Baseline): void {
  const bad = results.flatMap(({ cases }) => cases).filter(({ verdict }) => isBad(verdict) || verdict === 'warn')
  const entries = bad.map(({ id, verdict }): [string, BaselineEntry] => {
    const { reason, until } = old?.cases[id] ?? {}
    return [id, { verdict, ...(reason !== undefined && { reason }), ...(until !== undefined && { until }) }]
  })
  entries.sort(([a], [b]) => (a < b ? -1 : 1))
  const baseline: Baseline = { schema: 'dwebsocket-conform-baseline/1', cases: Object.fromEntries(entries) }
  writeFileSync(path, `${JSON.stringify(baseline, null, 2)}\n`)
}

/** What a baseline says about a run. */
export interface BaselineFindings {
  /** Known failures that now pass. */
  fixed: string[]
  /** Entries whose date is over. */
  expired: string[]
}

/** Marks known failures in the result (`known: true`), and tells what the baseline holds that is no longer so. */
export function applyBaseline(result: RunResult, baseline: Baseline, today = new Date()): BaselineFindings {
  const findings: BaselineFindings = { fixed: [], expired: [] }
  for (const one of result.cases) {
    const entry = baseline.cases[one.id]
    if (entry === undefined) continue
    const expired = entry.until !== undefined && Date.parse(entry.until) + 86_400_000 <= today.getTime()
    if (expired) findings.expired.push(one.id)
    else if (one.verdict === 'pass' || one.verdict === 'info') findings.fixed.push(one.id)
    else if (isKnown(one.verdict, entry.verdict)) one.known = true
  }
  return findings
}

/** A known failure covers the same and anything less bad. */
function isKnown(verdict: Verdict, known: Verdict): boolean {
  const rank: Partial<Record<Verdict, number>> = { flaky: 1, warn: 1, error: 2, fail: 2, crash: 3 }
  return verdict in rank && (rank[verdict] ?? 0) <= (rank[known] ?? 0)
}

/** The exit code of one target's run. */
export function exitCodeOf(result: RunResult, failOn: FailOn, findings?: BaselineFindings): number {
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
