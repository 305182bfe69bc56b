import { readFileSync, writeFileSync } from 'node:fs'
import type { RunResult, Verdict } from '../result.ts'
import { isBad } from './verdict.ts'

/** A known failure, which does not fail the run before its date has passed. */
export interface BaselineEntry {
  verdict: Verdict
  reason?: string
  /** The last day on which the entry is valid, as an ISO date. */
  until?: string
}

export interface Baseline {
  schema: 'dwebsocket-conform-baseline/1'
  cases: Record<string, BaselineEntry>
}

/** A baseline file that cannot be used. */
export class BaselineError extends Error {}

/** Reads a baseline.
 *
 * @throws {BaselineError} when the file cannot be read or is not a baseline. */
export function readBaseline(path: string): Baseline {
  let baseline: Baseline
  try {
    baseline = JSON.parse(readFileSync(path, 'utf8')) as Baseline
  } catch (error) {
    throw new BaselineError(`cannot read ${path}: ${(error as Error).message}`)
  }
  if (baseline.schema !== 'dwebsocket-conform-baseline/1' || typeof baseline.cases !== 'object') {
    throw new BaselineError(`${path} is not a baseline of dwebsocket-conform-baseline/1`)
  }
  return baseline
}

/** Writes failures and warnings as the new baseline, sorted. Reasons and dates of the old baseline are preserved. */
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

/** The entries of a baseline that no longer apply. */
export interface BaselineFindings {
  /** Known failures that now pass. */
  fixed: string[]
  /** Entries whose date has passed. */
  expired: string[]
}

/** Marks known failures in the result (`known: true`). Returns the entries of the baseline that no longer apply. */
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

/** Returns whether a known verdict covers this one: it must be equal or worse. */
function isKnown(verdict: Verdict, known: Verdict): boolean {
  const rank: Partial<Record<Verdict, number>> = { flaky: 1, warn: 1, error: 2, fail: 2, crash: 3 }
  return verdict in rank && (rank[verdict] ?? 0) <= (rank[known] ?? 0)
}
