import type { PeerResult, Ratio, RowResult } from '../measure/measurement.ts'
import type { Unit } from '../measure/row-plan.ts'
import type { Report } from './report.ts'

/** Formats a number with three significant digits, or a large one as an integer with separators. */
export function formatNumber(value: number): string {
  if (!Number.isFinite(value)) return '–'
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString('en-US')
  return Number(value.toPrecision(3)).toString()
}

/** Formats a cost in the unit of its row, and bytes in B, KiB or MiB. */
export function formatCost(value: number, unit: Unit): string {
  if (!Number.isFinite(value)) return 'unknown'
  if (!unit.startsWith('bytes')) return formatNumber(value)
  if (value < 10_000) return `${formatNumber(value)} B`
  return value < 10_000_000 ? `${formatNumber(value / 1024)} KiB` : `${formatNumber(value / 1024 / 1024)} MiB`
}

/** Formats a ratio with its quartiles: `12.3× (11.9–12.8)`. */
export function formatRatio(ratio: Ratio): string {
  if (!Number.isFinite(ratio.median)) return ''
  return `${formatNumber(ratio.median)}× (${formatNumber(ratio.low)}–${formatNumber(ratio.high)})`
}

/** Formats a target: `≥ 20× ok` or `≥ 20× missed`; empty without a target. */
export function formatGoal(ratio: Ratio): string {
  if (ratio.goal === undefined) return ''
  return `≥ ${formatNumber(ratio.goal)}× ${ratio.reached ? 'ok' : 'missed'}`
}

/** Returns whether a rate per second is meaningful for this row. */
export function hasRate({ workload }: RowResult): boolean {
  return workload.measure === 'cpu' && workload.scenario !== 'hostile'
}

/** Formats a report for a terminal. */
export function formatReport(report: Report): string {
  return [describeMachine(report), '', ...report.rows.map(formatRow)].join('\n')
}

/** Describes the machine, and whether processes were pinned. */
export function describeMachine({ cpu, cpuCount, platform, node, pinned }: Report): string {
  return `${cpu}, ${cpuCount} processors, ${platform}, node ${node}, ${pinned ? 'server and load pinned' : 'not pinned'}`
}

/** Formats one row with its peers, the subject first. */
export function formatRow(row: RowResult): string {
  const unit = row.unit.replace('bytes', 'memory')
  const isRate = hasRate(row)
  const isMicro = row.workload.scenario === 'micro' && row.workload.size > 0
  const hasGoals = row.ratios.some((ratio) => ratio.goal !== undefined)
  const hasLatency = row.peers.some((peer) => peer.latency)
  const header = [
    '',
    unit,
    ...(isRate ? ['per second'] : []),
    ...(isMicro ? ['GB/s'] : []),
    ...(hasLatency ? ['p50 µs', 'p99 µs', 'p99.9 µs'] : []),
    'ratio',
    ...(hasGoals ? ['target'] : []),
  ]
  const lines = row.peers.map((peer) => [
    peer.version ? `${peer.name} ${peer.version}` : peer.name,
    formatCost(peer.cost.median, row.unit),
    ...(isRate ? [formatNumber(peer.perSecond)] : []),
    ...(isMicro ? [formatNumber((peer.perSecond * row.workload.size) / 1e9)] : []),
    ...(hasLatency ? ['50', '99', '99.9'].map((percent) => latencyOf(peer, percent)) : []),
    ...ratioCells(row.ratios.find((ratio) => ratio.peer === peer.name)).slice(0, hasGoals ? 2 : 1),
  ])
  const notes = row.notes.map((note) => `  · ${note}`)
  const warnings = row.warnings.map((warning) => `  ! ${warning}`)
  const figures = lines.length > 0 ? layOut([header, ...lines]) : []
  return [`${row.id}: ${row.title}`, ...figures, ...notes, ...warnings, ''].join('\n')
}

function latencyOf(peer: PeerResult, percent: string): string {
  return peer.latency ? formatNumber(peer.latency[percent]) : ''
}

function ratioCells(ratio: Ratio | undefined): string[] {
  return ratio ? [formatRatio(ratio), formatGoal(ratio)] : ['', '']
}

/** Aligns the first column to the left, the others to the right. */
function layOut(rows: string[][]): string[] {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map((row) => {
    const cells = row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0]) : cell.padStart(widths[column])))
    return `  ${cells.join('  ')}`.trimEnd()
  })
}

/** Formats a report as a Markdown table with all rows and peers. */
export function formatMarkdown(report: Report): string {
  const line = (cells: string[]): string => `| ${cells.join(' | ')} |`
  const rows = report.rows.flatMap((row) =>
    row.peers.map((peer, index) => {
      const ratio = row.ratios.find((candidate) => candidate.peer === peer.name)
      const title = index === 0 ? `${row.title} (\`${row.id}\`)` : ''
      const cost = `${formatCost(peer.cost.median, row.unit)} ${row.unit.replace('bytes', 'memory')}`
      return line([title, peer.name, cost, ...ratioCells(ratio)])
    }),
  )
  const versioned = report.rows.flatMap((row) => row.peers).filter((peer) => peer.version !== '')
  const named = [...new Set(versioned.map((peer) => `${peer.name} ${peer.version}`))]
  return [
    `${report.date.slice(0, 10)}, ${describeMachine(report)}; ${named.join(', ')}. Repeat with \`${report.command}\`.`,
    '',
    line(['', 'server', 'cost', 'ratio (quartiles)', 'target']),
    line(['---', '---', '---:', '---:', '---']),
    ...rows,
    '',
  ].join('\n')
}

/** Formats the targets, one line for each: measured, target, reached or missed. */
export function formatGoals(report: Report): string {
  const lines = report.rows.flatMap((row) =>
    row.ratios
      .filter((ratio) => ratio.goal !== undefined)
      .map((ratio) => [row.id, row.title, ratio.peer, formatRatio(ratio), formatGoal(ratio)]),
  )
  if (lines.length === 0) return ''
  const missed = lines.filter((line) => line[4].endsWith('missed')).length
  const summary = `${lines.length - missed} of ${lines.length} targets reached`
  return [...layOut([['row', '', 'against', 'measured', 'target'], ...lines]), '', summary, ''].join('\n')
}
