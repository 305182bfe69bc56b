import type { CaseResult, RunResult } from '../result.ts'
import type { ReportContext } from './context.ts'
import { collectFindings, collectSkips } from './finding.ts'
import { matrixText } from './matrix.ts'
import { createPainter, cutText, formatDuration, printable, wrapText } from './plain-text.ts'
import { describeProfile } from './profile.ts'
import { formatFinding, formatShortFinding, tints } from './text-finding.ts'
import {
  type CaseGroup,
  countVerdicts,
  describeCounts,
  formatDeviations,
  groupCases,
  isFailure,
  judge,
  judgedCount,
  signs,
  worstVerdict,
} from './verdict.ts'
import { formatEvent } from './wire-text.ts'

/** Formats the report for a terminal: groups, failures in full, warnings in short, and the verdict in the last line. */
export function formatText(results: RunResult[], context: ReportContext): string {
  const reports = results.map((result) => formatRun(result, context))
  if (results.length > 1) reports.push(`${matrixText(results, context)}\n`)
  return reports.join('\n')
}

function formatRun(result: RunResult, context: ReportContext): string {
  const quiet = context.verbosity < 0
  const sections = [
    quiet ? '' : formatHeading(result, context),
    quiet ? '' : formatGroups(result, context),
    context.verbosity > 0 ? formatCases(result.cases, context) : '',
    formatFindings(result, context),
    quiet ? '' : formatSkips(result, context),
    context.verbosity > 0 ? formatProfile(result, context) : '',
    formatEnd(result, context),
  ]
  return `${sections.filter(Boolean).join('\n\n')}\n`
}

function formatHeading({ tool, target, options }: RunResult, context: ReportContext): string {
  const facts = [
    `${tool.name} ${tool.version}`,
    `target ${target.url}`,
    `${target.side} "${target.label}"`,
    `pmd ${target.pmd ? 'yes' : 'no'}`,
    `h2 ${target.h2 ? 'yes' : 'no'}`,
    ...(target.tls ? [`tls ${target.tls}`] : []),
    `seed ${options.seed}`,
  ]
  const selection = options.selection.join(', ') || 'core'
  return [
    ...wrapFacts(facts.map(printable), context.width),
    `selected ${context.selected} of ${context.total} cases (${printable(selection)})`,
  ].join('\n')
}

/** Joins facts with two spaces, and breaks lines only between facts. */
function wrapFacts(facts: string[], width: number): string[] {
  const lines: string[] = []
  for (const fact of facts) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + 2 + fact.length <= width) lines[lines.length - 1] = `${last}  ${fact}`
    else lines.push(fact)
  }
  return lines
}

function formatGroups(result: RunResult, context: ReportContext): string {
  const groups = groupCases(result.cases, true)
  const nameWidth = Math.max(6, ...groups.map(({ name }) => name.length))
  const rights = groups.map(({ cases }) => {
    const counts = countVerdicts(cases)
    return `${scoreOf(cases).padStart(9)}  ${formatDeviations(counts)}`.trimEnd()
  })
  const room = context.width - nameWidth - 6 - Math.max(0, ...rights.map(({ length }) => length))
  const cells = Math.min(Math.max(room, 10), Math.max(0, ...groups.map(({ cases }) => cases.length)))
  return groups.map((group, index) => formatGroup(group, nameWidth, cells, rights[index], context)).join('\n')
}

/** Formats passed and judged cases: `231/233`. */
function scoreOf(cases: CaseResult[]): string {
  const counts = countVerdicts(cases)
  return judgedCount(counts) === 0 ? '-' : `${counts.pass}/${judgedCount(counts)}`
}

/** Returns one cell per case, or the worst of several cases when there are more cases than cells. */
function formatGroup(
  { name, cases }: CaseGroup,
  nameWidth: number,
  cells: number,
  right: string,
  { color }: ReportContext,
) {
  const paint = createPainter(color)
  const count = Math.min(cells, cases.length)
  let dots = ''
  for (let cell = 0; cell < count; cell++) {
    const from = Math.floor((cell * cases.length) / count)
    const verdict = worstVerdict(cases.slice(from, Math.floor(((cell + 1) * cases.length) / count)))
    dots += verdict === 'pass' ? signs.pass : paint(signs[verdict], tints[verdict])
  }
  return `  ${name.padEnd(nameWidth)}  ${dots}${' '.repeat(cells - count)}  ${right}`
}

function formatCases(cases: CaseResult[], context: ReportContext): string {
  const paint = createPainter(context.color)
  const lines = cases.flatMap((result) => {
    const { id, title, verdict, duration_ms, wire } = result
    const head = `${paint(verdict.padEnd(5), tints[verdict])}  ${id}  ${printable(title)}`
    const note = verdict === 'info' && result.note ? `  ${printable(result.note)}` : ''
    const line = `${head}${note}  ${paint(formatDuration(duration_ms), 'dim')}`
    const frames = context.verbosity === 2 && verdict === 'pass' ? wire : []
    return [line, ...frames.map((event) => `       ${formatEvent(event, context.width - 7)}`)]
  })
  return lines.join('\n')
}

function formatFindings({ cases }: RunResult, context: ReportContext): string {
  const failed = collectFindings(cases, ['crash', 'fail', 'error'], context)
  const warned = context.verbosity < 0 && !context.strict ? [] : collectFindings(cases, ['warn', 'flaky'], context)
  return [
    ...failed.filter(({ cases: [first] }) => !first.known).map((finding) => formatFinding(finding, context)),
    ...failed.filter(({ cases: [first] }) => first.known).map((finding) => formatShortFinding(finding, context)),
    ...warned.map((finding) =>
      context.strict || context.verbosity > 0 ? formatFinding(finding, context) : formatShortFinding(finding, context),
    ),
  ].join('\n\n')
}

function formatSkips({ cases }: RunResult, { width }: ReportContext): string {
  return collectSkips(cases)
    .map(({ group, reason, count }) => cutText(`skip  ${group}  ${count}  ${printable(reason)}`, width))
    .join('\n')
}

function formatProfile(result: RunResult, { width }: ReportContext): string {
  const entries = describeProfile(result)
  const nameWidth = Math.max(...entries.map(({ name }) => name.length))
  const lines = entries.flatMap(({ name, value }) =>
    wrapText(printable(value), width - nameWidth - 4).map(
      (line, index) => `  ${(index === 0 ? printable(name) : '').padEnd(nameWidth)}  ${line}`,
    ),
  )
  return ['Profile', ...lines].join('\n')
}

function formatEnd(result: RunResult, context: ReportContext): string {
  const paint = createPainter(context.color)
  const parts = describeCounts(result.cases)
  const groups = groupCases(result.cases, true).map(({ name, cases }) => `${name}\u00a0${scoreOf(cases)}`)
  const failed = result.cases.filter((each) => isFailure(each, context.strict)).map(({ id }) => id)
  const { verdict, word, reason } = judge(result, context)
  const tint = verdict === 'conforming' ? 'green' : verdict === 'incomplete' ? 'yellow' : 'red'
  const strict = judge(result, { ...context, strict: true })
  const count = result.summary.must_failed + result.summary.should_failed
  return [
    ...(failed.length > 3 ? indent(`failed: ${failed.join(', ')}`, context.width) : []),
    ...indent(`groups: ${groups.join('  ')}`, context.width).map((line) => line.replaceAll('\u00a0', ' ')),
    ...wrapFacts([...parts, formatDuration(result.duration_ms)], context.width - 1).map((line) => ` ${line}`),
    ` verdict: ${paint(word, 'bold', tint)}${reason ? ` (${reason})` : ''}      strict: ${count === 0 ? strict.word.toLowerCase() : count}`,
  ].join('\n')
}

/** Wraps a line with a label. Continuation lines are aligned with its text. */
function indent(text: string, width: number): string[] {
  const label = text.slice(0, text.indexOf(' ') + 1)
  return wrapText(text.slice(label.length), width - label.length - 1).map(
    (line, index) => ` ${index === 0 ? label : ' '.repeat(label.length)}${line}`,
  )
}
