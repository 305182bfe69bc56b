import type { RunResult } from '../result.ts'
import { formatSection, type ReportContext } from './context.ts'
import { collectFindings, type Finding } from './finding.ts'
import { formatDuration, printable } from './plain-text.ts'
import { describeCounts, isFailure, judge } from './verdict.ts'

/** Formats workflow commands of GitHub: an `::error` per failure, a `::warning` per warning, then a summary. */
export function formatGithub(results: RunResult[], context: ReportContext): string {
  return results
    .flatMap((result) => [...formatAnnotations(result, context), ...formatSummary(result, context)])
    .join('\n')
    .concat('\n')
}

function formatAnnotations({ cases }: RunResult, context: ReportContext): string[] {
  return collectFindings(cases, ['crash', 'fail', 'error', 'warn'], context).map((finding) => {
    const [first] = finding.cases
    const isError = finding.verdict === 'error' || isFailure(first, context.strict)
    return formatCommand(first.known ? 'notice' : isError ? 'error' : 'warning', titleOf(finding), messageOf(finding))
  })
}

function titleOf({ cases, level, rules }: Finding): string {
  const more = cases.length > 1 ? ` and ${cases.length - 1} more` : ''
  const section = rules.length > 0 ? ` (${level}, ${formatSection(rules[0])})` : ''
  return `${cases[0].id}${more}${section}`
}

function messageOf({ cases, rules, expected, received }: Finding): string {
  const names = cases.length > 1 ? [`cases: ${cases.map(({ id }) => id).join(', ')}`] : []
  const statement = rules.find((rule) => rule.statement !== '')?.statement
  return [
    cases[0].title,
    ...(statement ? [`rule: ${statement}`] : []),
    `expected: ${expected}`,
    `received: ${received}`,
    ...names,
    `again: ${cases[0].repro}`,
  ]
    .map(printable)
    .join('\n')
}

function formatSummary(result: RunResult, context: ReportContext): string[] {
  const { word, reason } = judge(result, context)
  const summary = `${word}${reason ? ` (${reason})` : ''}: ${describeCounts(result.cases).join(', ')}, ${formatDuration(result.duration_ms)}`
  return [formatCommand('notice', `WebSocket conformance of ${printable(result.target.label)}`, summary)]
}

function formatCommand(name: string, title: string, message: string): string {
  return `::${name} title=${escapeData(title).replaceAll(':', '%3A').replaceAll(',', '%2C')}::${escapeData(message)}`
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
}
