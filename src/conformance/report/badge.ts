import type { RunResult } from '../result.ts'
import type { ReportContext } from './context.ts'
import { countMust, judge } from './verdict.ts'

/** Formats the JSON that badge services read: `conformance: 741/742 MUST`. */
export function formatBadge(results: RunResult[], context: ReportContext): string {
  const counts = results.map(({ cases }) => countMust(cases))
  const held = counts.reduce((sum, count) => sum + count.held, 0)
  const judged = counts.reduce((sum, count) => sum + count.judged, 0)
  const judgements = results.map((result) => judge(result, context).verdict)
  const color = judgements.includes('nonconforming')
    ? 'red'
    : judgements.includes('incomplete')
      ? 'yellow'
      : 'brightgreen'
  return `${JSON.stringify({ schemaVersion: 1, label: 'conformance', message: `${held}/${judged} MUST`, color })}\n`
}
