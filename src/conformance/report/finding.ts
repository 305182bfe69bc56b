import type { CaseResult, Verdict } from '../result.ts'
import { findRequirement, type ReportContext, type Requirement } from './context.ts'

/** Cases that deviate in the same way: with the same rule, the same expectation and the same reply. */
export interface Finding {
  verdict: Verdict
  /** At least one case; the first one represents all. */
  cases: CaseResult[]
  rules: Requirement[]
  /** `MUST`, `SHOULD` or `INFO`. */
  level: string
  expected: string
  received: string
}

/** Returns the deviations with the given verdicts in the order of the catalogue, with equal ones combined. */
export function collectFindings(
  cases: readonly CaseResult[],
  wanted: readonly Verdict[],
  context: ReportContext,
): Finding[] {
  const findings = new Map<string, Finding>()
  for (const result of cases) {
    if (!wanted.includes(result.verdict)) continue
    const finding = describe(result, context)
    const key = JSON.stringify([
      result.group,
      result.verdict,
      result.known,
      finding.rules.map(({ id }) => id),
      finding.expected,
      finding.received,
    ])
    const like = findings.get(key)
    if (like) like.cases.push(result)
    else findings.set(key, finding)
  }
  return [...findings.values()]
}

function describe(result: CaseResult, context: ReportContext): Finding {
  const broken = result.assertions.filter(({ ok }) => !ok)
  const ids = broken.length > 0 ? broken.map(({ requirement }) => requirement) : result.requirements.slice(0, 2)
  const classes = broken.map((assertion) => assertion.class)
  const level = classes.includes('must') ? 'must' : (classes[0] ?? result.class)
  return {
    verdict: result.verdict,
    cases: [result],
    rules: unique(ids).map((id) => findRequirement(id, context)),
    level: level.toUpperCase(),
    expected: unique(broken.map(({ expected }) => expected)).join('; ') || result.expect,
    received: unique([...broken.map(({ actual }) => actual), result.note ?? '']).join('; ') || 'nothing recorded',
  }
}

function unique(values: string[]): string[] {
  return [...new Set(values)].filter((value) => value !== '')
}

/** Returns the reasons of skipped cases with their counts, for each top-level group. */
export function collectSkips(cases: readonly CaseResult[]): { group: string; reason: string; count: number }[] {
  const skips = new Map<string, { group: string; reason: string; count: number }>()
  for (const { group, note, verdict } of cases) {
    if (verdict !== 'skip') continue
    const top = group.split('.')[0]
    const reason = note ?? 'no reason given'
    const key = `${top} ${reason}`
    const entry = skips.get(key) ?? { group: top, reason, count: 0 }
    entry.count++
    skips.set(key, entry)
  }
  return [...skips.values()]
}
