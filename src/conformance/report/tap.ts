import type { CaseResult, RunResult } from '../result.ts'
import type { ReportContext } from './context.ts'
import { collectFindings } from './finding.ts'
import { printable } from './plain-text.ts'
import { isFailure } from './verdict.ts'

/** Formats TAP 14 with the plan first. Each of several targets is a subtest. */
export function formatTap(results: RunResult[], context: ReportContext): string {
  if (results.length === 1) return `TAP version 14\n${formatPoints(results[0], context)}`
  const subtests = results.map((result, index) => {
    const label = escapeDescription(result.target.label)
    const points = formatPoints(result, context).replace(/^(?=.)/gm, '    ')
    const good = result.cases.every((each) => isGood(each, context))
    return `# Subtest: ${label}\n${points}${good ? 'ok' : 'not ok'} ${index + 1} - ${label}\n`
  })
  return `TAP version 14\n1..${results.length}\n${subtests.join('')}`
}

function isGood(result: CaseResult, { strict }: ReportContext): boolean {
  return result.known === true || (result.verdict !== 'error' && !isFailure(result, strict))
}

function formatPoints({ cases }: RunResult, context: ReportContext): string {
  const points = cases.map((result, index) => `${formatPoint(result, index + 1, context)}\n`)
  return `1..${cases.length}\n${points.join('')}`
}

function formatPoint(result: CaseResult, number: number, context: ReportContext): string {
  const { id, title, verdict, known } = result
  const description = `${number} - ${escapeDescription(`${id} ${title}`)}`
  if (verdict === 'skip') return `ok ${description} # SKIP ${escapeDescription(result.note ?? 'no reason given')}`
  if (known) return `not ok ${description} # TODO baseline: known ${verdict}\n${formatDiagnostics(result, context)}`
  if (!isGood(result, context)) return `not ok ${description}\n${formatDiagnostics(result, context)}`
  const point = `ok ${description} # time=${Math.round(result.duration_ms)}ms`
  if (verdict === 'pass') return point
  const [{ expected, received }] = collectFindings([result], [verdict], context)
  return `${point}\n# ${printable(`${verdict} ${id}: expected ${expected}, received ${received}`)}`
}

function formatDiagnostics(result: CaseResult, context: ReportContext): string {
  const [finding] = collectFindings([result], [result.verdict], context)
  const rows = {
    verdict: result.verdict,
    rule: finding.rules.map(({ id, statement }) => [id, statement].filter(Boolean).join(' ')).join('; '),
    sent: result.send,
    expected: finding.expected,
    received: finding.received,
    again: result.repro,
  }
  const lines = Object.entries(rows).map(([key, value]) => `  ${key}: ${JSON.stringify(printable(value))}`)
  return ['  ---', ...lines, `  duration_ms: ${Math.round(result.duration_ms)}`, '  ...'].join('\n')
}

/** Escapes `#`, which would begin a directive, and backslashes. */
function escapeDescription(text: string): string {
  return printable(text).replace(/[\\#]/g, '\\$&')
}
