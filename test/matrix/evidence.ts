import { escapeHtml } from '../../src/conformance/report/html.ts'
import type { CaseResult, WireEvent } from '../../src/conformance/result.ts'
import { judge } from './judgment.ts'
import { anchorOf, type Column, GROUPS, passedOf, publishedOf, rowsOf } from './page.ts'

/** How many events of a failed row are shown, without the handshake unless it fails, and how many hex digits of each. */
const EVENTS = 5
const DIGITS = 48
/** How many rows of a group are shown with their bytes; the others only by name. */
const ROWS = 40

/**
 * Makes docs/matrix.html: what was sent, expected and received in the failed rows that count, how many rows passed, and
 * why others were skipped. It loads nothing from the network.
 */
export function formatEvidence(columns: readonly Column[]): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>WebSocket conformance: the evidence</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
pre { overflow-x: auto; font-size: 12px }
section:target > h3 { outline: 2px solid }
details { margin: .4rem 0 }
</style>
</head>
<body>
<h1>WebSocket conformance: the evidence</h1>
<p>This page shows every failure of the class <i>must</i> that counts. Somebody compared each one with the text of the RFC.
It also says how many cases passed, and which cases were skipped and why.
<a href="matrix.md">Conformance of WebSocket libraries</a> has the tables, the sentences, and the failures that do not count.
Written by npm run matrix.</p>
${columns.map(serverPart).join('\n')}
</body>
</html>
`
}

function serverPart(column: Column): string {
  const { label, version, date, result } = column
  const parts = Object.entries(GROUPS[result.target.side]).map(([group, title]) => groupPart(column, group, title))
  if (parts.every((part) => part === '')) return ''
  return `<h2>${escapeHtml(label)}</h2>\n<p>${escapeHtml(version)}, tested ${date}</p>\n${parts.join('')}`
}

function groupPart(column: Column, group: string, title: string): string {
  const rows = publishedOf(column, group)
  const passed = passedOf(column, group).length
  if (rows.length + passed === 0) return ''
  const parts = rows.slice(0, ROWS).map((row) => rowPart(column.label, row))
  const others = rows.slice(ROWS).map(({ id }) => `<code>${id}</code>`)
  const rest = others.length === 0 ? '' : `<p>${others.length} more: ${others.join(', ')}</p>`
  const body = `${parts.join('')}${rest}<p>Passed: ${passed}.</p>${skippedPart(rowsOf(column, group))}`
  return `<section id="${anchorOf(column.label, group)}"><h3>${escapeHtml(title)}</h3>${body}</section>\n`
}

/** Lists the skipped rows by reason. */
function skippedPart(rows: readonly CaseResult[]): string {
  const reasons = new Map<string, string[]>()
  for (const { id, verdict, note = '' } of rows) {
    if (verdict === 'skip') reasons.set(note, [...(reasons.get(note) ?? []), `<code>${id}</code>`])
  }
  const items = [...reasons].map(([note, ids]) => `<li>${escapeHtml(cut(note, 200))}: ${ids.join(', ')}</li>`)
  return items.length === 0 ? '' : `<p>Skipped:</p><ul>${items.join('')}</ul>`
}

function rowPart(label: string, row: CaseResult): string {
  const judgment = judge(label, row)
  const rule = judgment.kind === 'upheld' ? judgment.check.rule : ''
  const failed = row.assertions.find(({ ok, class: kind }) => !ok && kind === 'must')
  const lines = eventsOf(row).map(eventLine).join('\n')
  return `<details><summary><code>${row.id}</code> ${escapeHtml(row.title)}: ${escapeHtml(rule)}</summary>
<p>Sent: ${escapeHtml(row.send)}<br>Expected: ${escapeHtml(cut(failed?.expected ?? row.expect, 200))}<br>Received: ${escapeHtml(cut(failed?.actual ?? '', 400))}</p>
<pre>${escapeHtml(lines)}</pre></details>`
}

function eventsOf({ id, wire }: CaseResult): WireEvent[] {
  const isAboutHandshake = /^(hs|pmd\.(neg|ab)|client\.re(q|sp))\./.test(id)
  return wire.filter(({ kind }) => isAboutHandshake || (kind !== 'http' && kind !== 'connect')).slice(0, EVENTS)
}

function eventLine({ dir, kind, text, hex }: WireEvent): string {
  const bytes = kind === 'http' || hex === undefined ? '' : ` ${cut(hex, DIGITS)}`
  return `${dir === 'out' ? '>' : '<'} ${cut(text, 300)}${bytes}`
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}
