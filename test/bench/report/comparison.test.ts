import type { Round, RowResult } from '../../../bench/measure/measurement.ts'
import { planRow, QUICK } from '../../../bench/measure/row-plan.ts'
import { summarize } from '../../../bench/measure/summary.ts'
import { compareReports, formatComparison, hasRegression, parseReport } from '../../../bench/report/comparison.ts'
import { assert, suite, thrownBy } from '../../support/unit.ts'
import { reportOf } from '../support/report.ts'

const test = suite('bench compare')

function row(id: string, costs: Record<string, number[]>): RowResult {
  const sketch = { id, title: id, peers: Object.keys(costs), workload: { scenario: 'echo' as const } }
  const toRound = (cost: number): Round => ({ cost, count: 1000, seconds: 1, serverBusy: 1, serverWaited: 0 })
  const rounds = new Map(Object.entries(costs).map(([name, list]) => [name, list.map(toRound)]))
  return summarize(planRow(sketch, QUICK), rounds, new Map(), { notes: [], warnings: [] })
}

test('calls a ratio that fell beyond the noise worse', () => {
  const before = reportOf(row('echo', { dwebsocket: [1, 1, 1.02], ws: [20, 20.1, 20] }))
  const after = reportOf(row('echo', { dwebsocket: [1.5, 1.5, 1.52], ws: [20, 20.1, 20] }))
  const comparison = compareReports(before, after, 0.1)
  assert.is(comparison.changes[0].verdict, 'worse')
  assert.ok(hasRegression(comparison))
  assert.match(formatComparison(comparison), /worse {3}echo: ratio to ws 20× → 13\.3× \(-33\.3 %\)/)
})

test('calls a ratio that rose beyond the noise better', () => {
  const before = reportOf(row('echo', { dwebsocket: [1.5, 1.5, 1.52], ws: [20, 20.1, 20] }))
  const after = reportOf(row('echo', { dwebsocket: [1, 1, 1.02], ws: [20, 20.1, 20] }))
  const comparison = compareReports(before, after, 0.1)
  assert.is(comparison.changes[0].verdict, 'better')
  assert.not(hasRegression(comparison))
})

test('sees no change where the whole machine is slower', () => {
  const before = reportOf(row('echo', { dwebsocket: [1, 1.01, 1], ws: [20, 20.1, 20] }))
  const after = reportOf(row('echo', { dwebsocket: [2, 2.02, 2], ws: [40, 40.2, 40] }))
  assert.is(compareReports(before, after, 0.1).changes[0].verdict, 'same')
})

test('sees no change where the rounds of both runs overlap', () => {
  const before = reportOf(row('echo', { dwebsocket: [1, 1, 1], ws: [12, 20, 28] }))
  const after = reportOf(row('echo', { dwebsocket: [1, 1, 1], ws: [10, 16, 24] }))
  assert.is(compareReports(before, after, 0.1).changes[0].verdict, 'same')
})

test('sees no change within the tolerance, however quiet the rounds', () => {
  const before = reportOf(row('echo', { dwebsocket: [1, 1, 1], ws: [20, 20, 20] }))
  const after = reportOf(row('echo', { dwebsocket: [1, 1, 1], ws: [19, 19, 19] }))
  assert.is(compareReports(before, after, 0.1).changes[0].verdict, 'same')
  assert.is(compareReports(before, after, 0.01).changes[0].verdict, 'worse')
})

test('compares the cost itself where no peer was measured beside', () => {
  const before = reportOf(row('echo', { dwebsocket: [1, 1, 1] }))
  const after = reportOf(row('echo', { dwebsocket: [2, 2, 2] }))
  const [change] = compareReports(before, after, 0.1).changes
  assert.is(change.verdict, 'worse')
  assert.is(change.figure, 'cost of dwebsocket')
  assert.is(change.after, '2 µs/message')
})

test('names rows that only one report has, and different environments', () => {
  const before = reportOf(row('gone', { dwebsocket: [1] }))
  const after = { ...reportOf(row('new', { dwebsocket: [1] })), node: '24.0.0' }
  const { notes, changes } = compareReports(before, after, 0.1)
  assert.equal(changes, [])
  assert.match(notes.join('\n'), /node 20\.0\.0 → a processor, node 24\.0\.0/)
  assert.match(notes.join('\n'), /gone is in the old report only/)
  assert.match(notes.join('\n'), /new is in the new report only/)
})

test('rejects text that is not a report', async () => {
  assert.match((await thrownBy(() => parseReport('{', 'old.json'))).message, /^old\.json is not JSON/)
  assert.match((await thrownBy(() => parseReport('{"rows":[]}', 'old.json'))).message, /not a report of this benchmark/)
  assert.is(parseReport(JSON.stringify(reportOf()), 'old.json').rows.length, 0)
})
