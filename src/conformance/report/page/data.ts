import { deflateRawSync } from 'node:zlib'
import type { CaseResult, RunResult, WireEvent } from '../../result.ts'
import { findRequirement, formatSection, type ReportContext, sectionLink } from '../context.ts'
import { collectFindings, collectSkips } from '../finding.ts'
import { describeProfile } from '../profile.ts'
import { countMust, countVerdicts, judge } from '../verdict.ts'
import { groupTitle } from './group-title.ts'

/** How many events of one case the page shows. The JSON has all of them. */
const eventLimit = 100
/** How many hex digits of an event the page shows: 256 bytes where the case deviates, 48 where it passes. */
const hexLimit = { deviating: 512, passing: 96 }

/** The data of the page without the wire logs. What is the same for all targets occurs once. */
export function buildPageData(results: RunResult[], context: ReportContext) {
  const cases = mergeCases(results)
  const named = new Set(cases.flatMap(({ requirements }) => requirements))
  for (const { id } of context.requirements) named.delete(id)
  const requirements = [...context.requirements, ...[...named].map((id) => findRequirement(id, context))]
  return {
    strict: context.strict,
    selected: context.selected,
    total: context.total,
    targets: results.map((result) => describeTarget(result, context)),
    groups: [...new Set(cases.map(({ group }) => group))].map((name) => ({ name, title: groupTitle(name) })),
    requirements: requirements.map((rule) => ({ ...rule, label: formatSection(rule), link: sectionLink(rule) })),
    findings: results.flatMap((result, target) => describeFindings(result, target, context)),
    cases,
  }
}

function describeTarget(result: RunResult, context: ReportContext) {
  const { target, tool, catalogue, started, duration_ms, options } = result
  return {
    ...target,
    tool: `${tool.name} ${tool.version}`,
    catalogue,
    started,
    duration_ms,
    options,
    judgement: judge(result, context),
    strict_failed: result.summary.must_failed + result.summary.should_failed,
    counts: countVerdicts(result.cases),
    known: result.cases.filter(({ known }) => known).length,
    must: countMust(result.cases),
    profile: describeProfile(result),
    skips: collectSkips(result.cases),
  }
}

function describeFindings(result: RunResult, target: number, context: ReportContext) {
  return collectFindings(result.cases, ['crash', 'fail', 'error', 'warn', 'flaky'], context).map(
    ({ cases, rules, ...finding }) => ({
      ...finding,
      target,
      known: cases[0].known === true,
      ids: cases.map(({ id }) => id),
      rules: rules.map(({ id }) => id),
    }),
  )
}

/** Returns the cases of all targets. `results` has one entry per target. */
function mergeCases(results: RunResult[]) {
  const rows = new Map<string, ReturnType<typeof describeCase>>()
  results.forEach((run, target) => {
    for (const result of run.cases) {
      const row = rows.get(result.id) ?? describeCase(result, results.length)
      const { verdict, note, known, duration_ms, attempts, assertions, close, repro } = result
      row.results[target] = { verdict, note, known, duration_ms, attempts, assertions, close, repro }
      rows.set(result.id, row)
    }
  })
  return [...rows.values()]
}

type TargetResult = Pick<
  CaseResult,
  'verdict' | 'note' | 'known' | 'duration_ms' | 'attempts' | 'assertions' | 'close' | 'repro'
>

function describeCase(result: CaseResult, targets: number) {
  const { id, aliases, group, title, class: level, requirements, send, expect } = result
  const empty: (TargetResult | null)[] = Array.from({ length: targets }, () => null)
  return { id, aliases, group, title, class: level, requirements, send, expect, results: empty }
}

/**
 * Returns the wire logs, `{ case: [events per target] }`, compressed and in base64, because they are the largest part
 * of a report.
 */
export function packWire(results: RunResult[]): string {
  const logs: Record<string, (WireEvent[] | null)[]> = {}
  results.forEach(({ cases }, target) => {
    for (const result of cases) {
      if (result.wire.length === 0) continue
      logs[result.id] ??= results.map(() => null)
      logs[result.id][target] = trimEvents(result)
    }
  })
  return deflateRawSync(JSON.stringify(logs), { level: 9 }).toString('base64')
}

function trimEvents({ wire, verdict }: CaseResult): WireEvent[] {
  const limit = verdict === 'pass' ? hexLimit.passing : hexLimit.deviating
  return wire.slice(0, eventLimit).map((event) => {
    if (event.hex === undefined || event.kind === 'http') return { ...event, hex: undefined }
    const hex = event.hex.replaceAll(' ', '')
    return hex.length <= limit
      ? { ...event, hex }
      : { ...event, hex: hex.slice(0, limit), size: event.size ?? hex.length / 2 }
  })
}
