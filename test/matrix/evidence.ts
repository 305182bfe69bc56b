import { escapeHtml } from '../../src/conformance/report/html.ts'
import type { CaseResult, WireEvent } from '../../src/conformance/result.ts'
import { anchorOf, type Column, checkOf, GROUPS, isAccused } from './page.ts'

/** Events shown of a failed row, and hex digits of each. */
const EVENTS = 6
const DIGITS = 48

/** reports/matrix.html: what was sent, expected and received in every failed row; one page that asks the network for nothing. */
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
<p>Every row of the class <i>must</i> that failed. Rows marked “not reviewed” were compared with the RFC by nobody and accuse
nobody. Written by npm run matrix.</p>
${columns.map(serverPart).join('\n')}
</body>
</html>
`
}

function serverPart(column: Column): string {
  const parts = Object.entries(GROUPS).map(([group, title]) => groupPart(column, group, title))
  const { label, version, date } = column
  return `<h2>${escapeHtml(label)}</h2>\n<p>${escapeHtml(version)}, tested ${date}</p>\n${parts.join('')}`
}

function groupPart({ label, result }: Column, group: string, title: string): string {
  const rows = result.cases.filter((row) => row.group.split('.')[0] === group && row.class === 'must' && isAccused(row))
  if (rows.length === 0) return ''
  return `<section id="${anchorOf(label, group)}"><h3>${escapeHtml(title)}</h3>${rows.map(rowPart).join('')}</section>\n`
}

function rowPart(row: CaseResult): string {
  const check = checkOf(row)
  const failed = row.assertions.find(({ ok }) => !ok)
  const received = failed?.actual ?? row.note ?? ''
  const lines = row.wire.slice(0, EVENTS).map(eventLine).join('\n')
  return `<details><summary><code>${row.id}</code> ${escapeHtml(row.title)}: ${check === undefined ? 'not reviewed' : escapeHtml(check.rule)}</summary>
<p>Sent: ${escapeHtml(row.send)}<br>Expected: ${escapeHtml(failed?.expected ?? row.expect)}<br>Received: ${escapeHtml(cut(received, 400))}</p>
<pre>${escapeHtml(lines)}</pre></details>`
}

function eventLine({ dir, kind, text, hex }: WireEvent): string {
  const bytes = kind === 'http' || hex === undefined ? '' : ` ${cut(hex, DIGITS)}`
  return `${dir === 'out' ? '>' : '<'} ${cut(text, 300)}${bytes}`
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text
}
