import type { PeerResult, RowResult } from '../measure/measurement.ts'
import { barPlot, escapeHtml, type LinePlot, linePlot, type Series } from './plot.ts'
import type { Report } from './report.ts'
import { REPORT_STYLE } from './style.ts'
import { describeMachine, formatCost, formatGoal, formatNumber, formatRatio, hasRate } from './text.ts'

/** Colors by peer, the same in every plot; the subject has the first. */
const STYLES: Record<string, number> = {
  ws: 2,
  'ws+bufferutil': 3,
  'ws+cork': 4,
  websocket: 5,
  faye: 6,
  'socket.io': 7,
  bufferutil: 3,
  createHash: 2,
  'isUtf8 + toString': 2,
  'byte loop': 5,
  raw: 8,
  copy: 8,
}

const styleOf = (peer: string): number => STYLES[peer] ?? 1

/** Formats a report as one self-contained HTML page. */
export function formatHtml(report: Report): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>dwebsocket bench</title>
<style>${REPORT_STYLE}</style>
<main>
<h1>${escapeHtml(headline(report.rows))}</h1>
<p class="soft">${escapeHtml(report.date.slice(0, 16).replace('T', ' '))} UTC · ${escapeHtml(describeMachine(report))}</p>
<p>Each figure is the median of several rounds, in which the servers take turns. The ratio is the cost of a server divided
by the cost of the first server, with quartiles. On another machine the costs differ; compare only the ratios. Command:
<code>${escapeHtml(report.command)}</code>.</p>
${goalsSection(report)}
${sizeSection(report.rows)}
${memorySection(report.rows)}
${report.rows.map(rowSection).join('\n')}
</main>
</html>
`
}

/** Returns the headline: the range of the ratios of ws over all rows. */
function headline(rows: readonly RowResult[]): string {
  const medians = rows
    .flatMap((row) => row.ratios.filter(({ peer }) => peer === 'ws').map(({ median }) => median))
    .filter(Number.isFinite)
  if (medians.length === 0) return 'What WebSocket servers cost'
  const [low, high] = [Math.min(...medians), Math.max(...medians)].map(formatNumber)
  return `ws costs ${low === high ? low : `${low} to ${high}`} times as much as ${rows[0].peers[0].name}`
}

function goalsSection({ rows }: Report): string {
  const goals = rows.flatMap((row) =>
    row.ratios.filter((ratio) => ratio.goal !== undefined).map((ratio) => ({ row, ratio })),
  )
  if (goals.length === 0) return ''
  const reached = goals.filter(({ ratio }) => ratio.reached).length
  const lines = goals.map(
    ({ row, ratio }) =>
      `<tr><td class="text"><a href="#${escapeHtml(row.id)}">${escapeHtml(row.title)}</a></td><td>${escapeHtml(ratio.peer)}</td>` +
      `<td>${formatRatio(ratio)}</td><td class="${ratio.reached ? 'ok' : 'missed'}">${formatGoal(ratio)}</td></tr>`,
  )
  return `<h2>Targets: ${reached} of ${goals.length} reached</h2>
<section class="card scroll" tabindex="0" aria-label="Targets"><table><tr><th>row</th><th>against</th><th>measured</th><th>target</th></tr>
${lines.join('\n')}</table></section>`
}

/** Returns groups of at least two rows that differ only in `pick`. */
function families(rows: readonly RowResult[], scenario: string, pick: 'size' | 'connections'): RowResult[][] {
  const groups = new Map<string, RowResult[]>()
  for (const row of rows) {
    if (row.workload.scenario !== scenario) continue
    const { kind, depth, rate, size, connections } = row.workload
    const key = JSON.stringify([kind, depth, rate, pick === 'size' ? connections : size, row.unit, row.peers[0]?.name])
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()].filter((group) => new Set(group.map((row) => row.workload[pick])).size > 1)
}

function sizeSection(rows: readonly RowResult[]): string {
  const plots = ['echo', 'upload', 'deflate'].flatMap((scenario) =>
    families(rows, scenario, 'size').map((group) => {
      const { kind, depth, connections } = group[0].workload
      const title = `${scenario}, ${kind}, ${depth} in flight × ${connections}`
      return growthPlot(group, 'size', title, 'bytes of a message', 'µs of processor time per message, log scale')
    }),
  )
  return plots.length === 0 ? '' : `<h2>Processor time per message by size</h2>\n${plots.join('\n')}`
}

function memorySection(rows: readonly RowResult[]): string {
  const plots = families(rows, 'idle', 'connections').map((group) =>
    growthPlot(group, 'connections', 'idle connections', 'connections', 'resident bytes per connection, log scale'),
  )
  return plots.length === 0 ? '' : `<h2>Memory per connection by count</h2>\n${plots.join('\n')}`
}

function growthPlot(
  rows: RowResult[],
  pick: 'size' | 'connections',
  title: string,
  xTitle: string,
  yTitle: string,
): string {
  const names = [...new Set(rows.flatMap((row) => row.peers.map((peer) => peer.name)))]
  const series = names.map((name): Series => {
    const points = rows.flatMap((row) => {
      const peer = row.peers.find((candidate) => candidate.name === name)
      return peer ? [{ x: row.workload[pick], y: peer.cost.median }] : []
    })
    return { name, style: styleOf(name), points: points.sort((a, b) => a.x - b.x) }
  })
  const plot: LinePlot = {
    label: title,
    xTitle,
    yTitle,
    xPosition: (x) => Math.log(x + 1),
    xTicks: [...new Set(rows.map((row) => row.workload[pick]))].map((x) => ({ x, text: x.toLocaleString('en-US') })),
    formatX: (x) => x.toLocaleString('en-US'),
    formatY: formatNumber,
    series,
  }
  return `<section class="card"><h3>${escapeHtml(title)}</h3>${linePlot(plot)}</section>`
}

function rowSection(row: RowResult): string {
  const bars = row.peers.map((peer) => ({
    name: peer.name,
    style: styleOf(peer.name),
    value: peer.cost.median,
    text: formatCost(peer.cost.median, row.unit),
  }))
  const remarks = [
    ...row.notes.map((note) => `<li>${escapeHtml(note)}</li>`),
    ...row.warnings.map((warning) => `<li class="warn">${escapeHtml(warning)}</li>`),
  ]
  return `<h2 id="${escapeHtml(row.id)}">${escapeHtml(row.title)}${escapeHtml(describeRatio(row))}</h2>
<section class="card">
${barPlot(`${row.title}: ${row.unit}`, `${row.unit}, less is better`, bars)}
${rowTable(row)}
${remarks.length > 0 ? `<ul>${remarks.join('')}</ul>` : ''}
</section>
${latencyPlot(row)}`
}

/** Formats the ratio of ws, or of the first server that was compared: `: ws costs 4.2 times as much as dwebsocket`. */
function describeRatio({ peers, ratios }: RowResult): string {
  const finite = ratios.filter(({ median }) => Number.isFinite(median))
  const ratio = finite.find(({ peer }) => peer === 'ws') ?? finite[0]
  if (ratio === undefined) return ''
  return `: ${ratio.peer} costs ${formatNumber(ratio.median)} times as much as ${peers[0].name}`
}

function rowTable(row: RowResult): string {
  const isRate = hasRate(row)
  const hasGoals = row.ratios.some((ratio) => ratio.goal !== undefined)
  const lines = row.peers.map((peer) => {
    const ratio = row.ratios.find((candidate) => candidate.peer === peer.name)
    const goalClass = ratio?.goal === undefined ? '' : ratio.reached ? ' class="ok"' : ' class="missed"'
    return (
      `<tr><td>${escapeHtml(`${peer.name} ${peer.version}`.trim())}</td><td>${formatCost(peer.cost.median, row.unit)}</td>` +
      `${isRate ? `<td>${formatNumber(peer.perSecond)}</td>` : ''}<td>${ratio ? formatRatio(ratio) : ''}</td>` +
      `${hasGoals ? `<td${goalClass}>${ratio ? formatGoal(ratio) : ''}</td>` : ''}</tr>`
    )
  })
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeHtml(`Figures: ${row.title}`)}"><table><tr><th>server</th><th>${escapeHtml(row.unit)}</th>${
    isRate ? '<th>per second</th>' : ''
  }<th>ratio</th>${hasGoals ? '<th>target</th>' : ''}</tr>\n${lines.join('\n')}</table></div>`
}

/** Percentiles with the distance to 100 % on a logarithmic scale, as is usual for tails. */
function latencyPlot(row: RowResult): string {
  const withLatency = row.peers.filter((peer) => peer.latency !== undefined)
  if (withLatency.length === 0) return ''
  const isOpen = row.workload.rate > 0
  const note = isOpen
    ? 'counted from the time a message was due, so that a stall counts toward every message behind it'
    : 'a whole burst there and back; the next one waits for it, so the tail looks better than it is (use --rate)'
  const plot: LinePlot = {
    label: `latency of ${row.title}`,
    xTitle: 'percentile',
    yTitle: 'µs, log scale',
    xPosition: (percent) => -Math.log10(100 - percent),
    xTicks: [50, 75, 90, 99, 99.9, 99.99].map((x) => ({ x, text: `${x} %` })),
    formatX: (x) => `${x} %`,
    formatY: formatNumber,
    series: withLatency.map((peer) => ({ name: peer.name, style: styleOf(peer.name), points: percentiles(peer) })),
  }
  return `<section class="card"><h3>Latency, ${escapeHtml(row.title)}</h3><p class="soft">${note}</p>${linePlot(plot)}</section>`
}

function percentiles(peer: PeerResult): { x: number; y: number }[] {
  return Object.entries(peer.latency ?? {})
    .map(([percent, y]) => ({ x: Number(percent), y }))
    .filter(({ x }) => x >= 50 && x < 100)
    .sort((a, b) => a.x - b.x)
}
