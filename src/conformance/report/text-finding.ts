import type { Verdict } from '../result.ts'
import type { ReportContext } from './context.ts'
import type { Finding } from './finding.ts'
import { createPainter, cutText, printable, type Tint, wrapText } from './plain-text.ts'
import { decisiveEvents, formatEvent } from './wire-text.ts'

/** The color of each verdict on a terminal. */
export const tints: Record<Verdict, Tint> = {
  pass: 'green',
  warn: 'yellow',
  fail: 'red',
  info: 'blue',
  skip: 'dim',
  flaky: 'yellow',
  crash: 'magenta',
  error: 'magenta',
}

const margin = 6
const labelWidth = 10

/** Formats all of a finding: rule, sent, expected, received, the decisive bytes, and how to repeat it. */
export function formatFinding(finding: Finding, context: ReportContext): string {
  const [first] = finding.cases
  const rows: [label: string, lines: string[]][] = []
  const add = (label: string, text: string): void => {
    if (text !== '') rows.push([label, wrapText(printable(text), context.width - margin - labelWidth)])
  }
  if (finding.cases.length > 1) {
    add('cases', `${finding.cases.length}: ${finding.cases.map(({ id }) => id).join(', ')}`)
  }
  for (const { id, statement } of finding.rules) add('rule', statement === '' ? id : `${statement} (${id})`)
  add('sent', first.send)
  add('expected', finding.expected)
  add('received', finding.received)
  const events = context.verbosity === 2 ? first.wire : decisiveEvents(first.wire)
  if (events.length > 0) {
    rows.push(['wire', events.map((event) => formatEvent(event, context.width - margin - labelWidth))])
  }
  add('known', first.known ? 'the baseline lists this failure' : '')
  rows.push(['again', [printable(first.repro)]])
  return [formatHead(finding, context), ...rows.flatMap(([label, lines]) => formatRow(label, lines, context))].join(
    '\n',
  )
}

/** Formats a finding in two lines, or three when the reply is long, for warnings. */
export function formatShortFinding(finding: Finding, context: ReportContext): string {
  const paint = createPainter(context.color)
  const room = context.width - margin
  const expected = printable(finding.expected)
  const received = printable(finding.received)
  const lines = [formatHead(finding, context)]
  if (finding.cases.length > 1) {
    const names = wrapText(finding.cases.map(({ id }) => id).join(', '), room - labelWidth)
    lines.push(...formatRow('cases', names, context))
  }
  if (`expected  ${expected}      received  ${received}`.length <= room) {
    const [left, right] = [paint('expected', 'dim'), paint('received', 'dim')]
    lines.push(`${' '.repeat(margin)}${left}  ${expected}      ${right}  ${received}`)
  } else {
    lines.push(...formatRow('expected', wrapText(expected, room - labelWidth), context))
    lines.push(...formatRow('received', wrapText(received, room - labelWidth), context))
  }
  return lines.join('\n')
}

function formatHead(finding: Finding, { color, width }: ReportContext): string {
  const [{ id, title }, ...others] = finding.cases
  const paint = createPainter(color)
  const word = (finding.cases[0].known ? 'KNOWN' : finding.verdict.toUpperCase()).padEnd(margin)
  const more = others.length > 0 ? ` and ${others.length} more` : ''
  const [rule] = finding.rules
  const right = rule === undefined ? finding.level : `${finding.level}  RFC ${rule.rfc} ${rule.section}`
  const name = `${id}${more}`
  const shownTitle = cutText(printable(title), Math.max(12, width - margin - name.length - right.length - 4))
  const gap = ' '.repeat(Math.max(2, width - margin - name.length - 2 - shownTitle.length - right.length))
  return `${paint(word, 'bold', tints[finding.verdict])}${paint(name, 'bold')}  ${shownTitle}${gap}${paint(right, 'dim')}`
}

function formatRow(label: string, lines: string[], { color }: ReportContext): string[] {
  const paint = createPainter(color)
  return lines.map(
    (line, index) => `${' '.repeat(margin)}${paint((index === 0 ? label : '').padEnd(labelWidth), 'dim')}${line}`,
  )
}
