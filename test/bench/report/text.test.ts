import { planRow, QUICK } from '../../../bench/measure/row-plan.ts'
import { summarize } from '../../../bench/measure/summary.ts'
import { formatMarkdown } from '../../../bench/report/text.ts'
import { assert, suite } from '../../support/unit.ts'
import { reportOf } from '../support/report.ts'

const test = suite('bench report as text')

test('names each version of a server once, also when the server has none in another row', () => {
  const row = (versions: [name: string, version: string][]) => {
    const sketch = { id: 'echo', title: 'echo', peers: versions.map(([name]) => name) }
    const round = { cost: 1, count: 1000, seconds: 1, serverBusy: 1, serverWaited: 0 }
    const rounds = new Map(versions.map(([name]) => [name, [round]]))
    const plan = planRow({ ...sketch, workload: { scenario: 'echo' } }, QUICK)
    return summarize(plan, rounds, new Map(versions), { notes: [], warnings: [] })
  }
  const markdown = formatMarkdown(
    reportOf(
      row([
        ['dwebsocket', ''],
        ['ws', '8.0.0'],
      ]),
      row([
        ['ws', '8.0.0'],
        ['raw', ''],
      ]),
      row([['ws', '']]),
    ),
  )
  assert.is(
    markdown.split('\n')[0],
    '2026-01-01, a processor, 2 processors, linux x64, node 20.0.0, server and load pinned; ws 8.0.0. ' +
      'Repeat with `dwebsocket bench echo`.',
  )
})
