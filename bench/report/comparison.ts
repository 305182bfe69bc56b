import type { PeerResult, RowResult } from '../measure/measurement.ts'
import { type Spread, spreadOf } from '../measure/statistics.ts'
import type { Report } from './report.ts'
import { formatCost, formatNumber } from './text.ts'

/** The difference in one figure between two reports. */
export interface Change {
  row: string
  /** What was compared: a ratio to a peer of the same run, or an absolute cost. */
  figure: string
  before: string
  after: string
  /** New divided by old, where more is better: 0.8 is 20 % worse. */
  factor: number
  verdict: 'better' | 'worse' | 'same'
}

/** The differences between two reports. */
export interface Comparison {
  changes: Change[]
  notes: string[]
}

/**
 * Compares two reports row by row. Compares the ratios to peers of the same run where there are any, because ratios
 * carry over to other machines and days. Compares absolute costs only where there are no peers. A change counts when it
 * exceeds `tolerance` (0.1 is 10 %) and the ranges of the rounds (median ± quartile distance) do not overlap.
 */
export function compareReports(before: Report, after: Report, tolerance: number): Comparison {
  const notes: string[] = []
  if (before.cpu !== after.cpu || before.node !== after.node) {
    notes.push(`different environments: ${before.cpu}, node ${before.node} → ${after.cpu}, node ${after.node}`)
  }
  const changes = before.rows.flatMap((old) => {
    const row = after.rows.find((candidate) => candidate.id === old.id)
    if (row) return compareRow(old, row, tolerance, notes)
    notes.push(`${old.id} is in the old report only`)
    return []
  })
  for (const row of after.rows) {
    if (!before.rows.some((old) => old.id === row.id)) notes.push(`${row.id} is in the new report only`)
  }
  return { changes, notes }
}

function compareRow(old: RowResult, row: RowResult, tolerance: number, notes: string[]): Change[] {
  const ratios = old.ratios.flatMap((ratio): Change[] => {
    const counterpart = row.ratios.find((candidate) => candidate.peer === ratio.peer)
    if (!counterpart) {
      notes.push(`${old.id}: the ratio to ${ratio.peer} is in the old report only`)
      return []
    }
    const text = (spread: Spread): string => `${formatNumber(spread.median)}×`
    return [judge(row.id, `ratio to ${ratio.peer}`, ratio, counterpart, text, tolerance)]
  })
  if (ratios.length > 0) return ratios
  const [subject] = old.peers
  const counterpart = row.peers.find((peer) => peer.name === subject?.name)
  if (!subject || !counterpart) {
    notes.push(`${old.id}: no server in common`)
    return []
  }
  const text = (spread: Spread): string => `${formatCost(1 / spread.median, row.unit)} ${row.unit}`
  return [judge(row.id, `cost of ${subject.name}`, economy(subject), economy(counterpart), text, tolerance)]
}

/** Returns 1 divided by the cost: more is better, as with ratios. */
function economy(peer: PeerResult): Spread {
  return spreadOf(peer.rounds.flatMap((round) => (round.cost ? 1 / round.cost : [])))
}

function judge(
  row: string,
  figure: string,
  before: Spread,
  after: Spread,
  text: (spread: Spread) => string,
  tolerance: number,
): Change {
  const factor = after.median / before.median
  const isBeyondNoise = Math.abs(Math.log(factor)) > Math.log(1 + tolerance) && !overlap(before, after)
  const verdict = !isBeyondNoise ? 'same' : factor > 1 ? 'better' : 'worse'
  return { row, figure, before: text(before), after: text(after), factor, verdict }
}

/** Returns whether the ranges of median ± quartile distance overlap. */
function overlap(a: Spread, b: Spread): boolean {
  const widthA = a.high - a.low
  const widthB = b.high - b.low
  return a.median - widthA <= b.median + widthB && b.median - widthB <= a.median + widthA
}

/** Returns whether anything became worse beyond the noise. */
export function hasRegression(comparison: Comparison): boolean {
  return comparison.changes.some((change) => change.verdict === 'worse')
}

/** Formats the comparison for a terminal: regressions, then improvements, then the number of unchanged figures. */
export function formatComparison(comparison: Comparison): string {
  const line = (change: Change): string =>
    `${change.verdict.padEnd(6)}  ${change.row}: ${change.figure} ${change.before} → ${change.after} (${formatNumber(
      (change.factor - 1) * 100,
    )} %)`
  const of = (verdict: Change['verdict']): Change[] => comparison.changes.filter((one) => one.verdict === verdict)
  const same = of('same').length
  return [
    ...of('worse').map(line),
    ...of('better').map(line),
    `${same} of ${comparison.changes.length} figures are the same within the noise`,
    ...comparison.notes.map((note) => `note: ${note}`),
    '',
  ].join('\n')
}

/**
 * Reads a report from JSON text.
 *
 * @throws {Error} when it is not a report of this benchmark.
 */
export function parseReport(text: string, name: string): Report {
  let report: Report
  try {
    report = JSON.parse(text)
  } catch (error) {
    throw new Error(`${name} is not JSON: ${(error as Error).message}`)
  }
  if (report?.format !== 1 || !Array.isArray(report.rows)) {
    throw new Error(`${name} is not a report of this benchmark; allowed: format 1`)
  }
  return report
}
