import type { RunResult } from '../result.ts'
import { formatSection, type ReportContext, sectionLink } from './context.ts'
import { collectFindings, collectSkips, type Finding } from './finding.ts'
import { code, escapeMarkdown, formatTable } from './markdown-table.ts'
import { matrixMarkdown } from './matrix.ts'
import { formatDuration } from './plain-text.ts'
import { describeProfile } from './profile.ts'
import { countVerdicts, groupCases, judge, judgedCount } from './verdict.ts'

/** Formats a summary for a pull request or a job page: verdict, groups, deviations, profile. */
export function formatMarkdown(results: RunResult[], context: ReportContext): string {
  const parts = results.map((result) => formatRun(result, context))
  if (results.length > 1) parts.push(`## Side by side\n\n${matrixMarkdown(results, context)}`)
  return `${parts.join('\n\n')}\n`
}

function formatRun(result: RunResult, context: ReportContext): string {
  const { word, reason } = judge(result, context)
  const { target, options, tool } = result
  const facts = `${code(target.url)}, ${result.cases.length} cases in ${formatDuration(result.duration_ms)}, seed ${options.seed}`
  return [
    `## WebSocket conformance: ${escapeMarkdown(target.label)}`,
    `**${word}**${reason ? ` (${reason})` : ''}: ${facts}, ${tool.name} ${escapeMarkdown(tool.version)}`,
    formatGroups(result),
    formatFindings('Failures', collectFindings(result.cases, ['crash', 'fail', 'error'], context)),
    formatFindings('Warnings', collectFindings(result.cases, ['warn', 'flaky'], context)),
    formatSkips(result),
    formatProfile(result),
  ]
    .filter(Boolean)
    .join('\n\n')
}

function formatGroups({ cases }: RunResult): string {
  const rows = groupCases(cases, true).map(({ name, cases: members }) => [name, ...formatCounts(members)])
  return formatTable(
    ['group', 'passed', 'failed', 'warned', 'noted', 'skipped'],
    [...rows, ['**all**', ...formatCounts(cases)]],
    '-rrrrr',
  )
}

function formatCounts(cases: RunResult['cases']): string[] {
  const counts = countVerdicts(cases)
  const failed = counts.fail + counts.crash + counts.error
  return [`${counts.pass}/${judgedCount(counts)}`, failed, counts.warn + counts.flaky, counts.info, counts.skip].map(
    (count) => (count === 0 ? '' : String(count)),
  )
}

function formatFindings(title: string, findings: Finding[]): string {
  if (findings.length === 0) return ''
  const rows = findings.map(({ cases, verdict, level, rules, expected, received }) => [
    cases[0].known ? 'known' : verdict,
    cases.map(({ id }) => code(id)).join(' '),
    escapeMarkdown(cases[0].title),
    [level, ...rules.slice(0, 1).map((rule) => `[${formatSection(rule)}](${sectionLink(rule)})`)].join(' '),
    escapeMarkdown(expected),
    escapeMarkdown(received),
  ])
  return `### ${title}\n\n${formatTable(['verdict', 'case', 'title', 'rule', 'expected', 'received'], rows)}`
}

function formatSkips({ cases }: RunResult): string {
  const skips = collectSkips(cases)
  if (skips.length === 0) return ''
  return `### Skipped\n\n${skips.map(({ group, reason, count }) => `- ${group}: ${count}, ${escapeMarkdown(reason)}`).join('\n')}`
}

function formatProfile(result: RunResult): string {
  const rows = describeProfile(result).map(({ name, value }) => [escapeMarkdown(name), escapeMarkdown(value)])
  return `### Profile\n\n${formatTable(['observed', 'value'], rows)}`
}
