import type { Round } from '../../../bench/measure/measurement.ts'
import { planRow, QUICK } from '../../../bench/measure/row-plan.ts'
import { summarize } from '../../../bench/measure/summary.ts'
import { assert, suite } from '../../support/unit.ts'

const test = suite('bench summary')

const row = planRow(
  {
    id: 'echo',
    title: 'an echo',
    peers: ['dwebsocket', 'ws', 'raw'],
    goals: { ws: 5, raw: 0.7 },
    workload: { scenario: 'echo' },
  },
  QUICK,
)

const round = (cost: number | undefined, more: Partial<Round> = {}): Round => ({
  cost,
  count: 3000,
  seconds: 1.5,
  serverBusy: 0.99,
  serverWaited: 0,
  ...more,
})

const summarized = (rounds: Record<string, Round[]>) =>
  summarize(row, new Map(Object.entries(rounds)), new Map([['ws', '8.0.0']]), { notes: [], warnings: [] })

test('pairs the rounds into ratios and compares them with the goals', () => {
  const { ratios, peers } = summarized({
    dwebsocket: [round(1), round(2)],
    ws: [round(6), round(12)],
    raw: [round(0.5), round(1)],
  })
  assert.equal(
    ratios.map(({ peer, median, reached }) => [peer, median, reached]),
    [
      ['ws', 6, true],
      ['raw', 0.5, false],
    ],
  )
  assert.equal(peers[1].version, '8.0.0')
  assert.is(peers[0].perSecond, 2000)
})

test('gives no ratios when the subject could not be measured', () => {
  const { ratios, peers } = summarized({ ws: [round(6)], raw: [round(1)] })
  assert.equal(ratios, [])
  assert.is(peers.length, 2)
})

test('warns when the server was waiting for the load', () => {
  const { warnings } = summarized({ dwebsocket: [round(1, { serverBusy: 0.4 })], ws: [round(6)] })
  assert.equal(warnings, ['the server was not the bottleneck; it was busy: dwebsocket 40 %'])
})

test('warns when other processes used the processor', () => {
  const { warnings } = summarized({ dwebsocket: [round(1, { serverBusy: 0.7, serverWaited: 0.3 })], ws: [round(6)] })
  assert.equal(warnings, ['other processes held the server’s processor: dwebsocket 30 %'])
})

test('warns when the rounds differ widely', () => {
  const { warnings } = summarized({ dwebsocket: [round(1), round(1), round(1)], ws: [round(4), round(6), round(9)] })
  assert.equal(warnings, ['the rounds differ widely; use more rounds: ws 42 %'])
})

test('warns when the cost is unknown', () => {
  const { warnings, peers } = summarized({ dwebsocket: [round(undefined)] })
  assert.match(warnings.join(), /unknown; only its throughput is measured: dwebsocket/)
  assert.ok(Number.isNaN(peers[0].cost.median))
})

test('reports the median of each percentile over the rounds', () => {
  const latencies = [10, 30, 20].map((p99) => round(1, { latency: { '50': 1, '99': p99 } }))
  assert.equal(summarized({ dwebsocket: latencies }).peers[0].latency, { '50': 1, '99': 20 })
})
