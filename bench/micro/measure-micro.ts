import { endChild, messageFrom, startScript } from '../measure/child-process.ts'
import type { Bench } from '../measure/measure-row.ts'
import type { Round, RowResult } from '../measure/measurement.ts'
import { type Pace, planRow } from '../measure/row-plan.ts'
import { summarize } from '../measure/summary.ts'
import type { MicroCase } from './case.ts'
import type { MicroAnswer, MicroOrder } from './worker.ts'

/** Milliseconds for a whole case: all variants in all rounds, and the start. */
const CASE_TIMEOUT = 120_000

/** Measures the cases in a separate process, on the processor of the servers. Uses ws without its add-on. */
export async function measureMicro(cases: readonly MicroCase[], pace: Pace, bench: Bench): Promise<RowResult[]> {
  const child = startScript('micro/worker', { cpu: bench.pinning?.server, env: { WS_NO_BUFFER_UTIL: '1' } })
  const order: MicroOrder = { ids: cases.map((one) => one.id), rounds: pace.rounds, ms: pace.durationMs / 15 }
  const results: RowResult[] = []
  try {
    child.send(order)
    for (const wanted of cases) {
      bench.progress(`micro: ${wanted.id}`)
      const costs = await messageFrom(child, 'the micro benchmark', CASE_TIMEOUT, (message: MicroAnswer) => {
        if (message.type === 'failed') throw new Error(message.message)
        return message.type === 'case' && message.id === wanted.id ? message.costs : undefined
      })
      results.push(resultOf(wanted, costs, pace))
    }
  } finally {
    await endChild(child)
  }
  return results
}

function resultOf(wanted: MicroCase, costs: Record<string, number[]>, pace: Pace): RowResult {
  const peers = Object.keys(costs)
  const sketch = {
    id: wanted.id,
    title: wanted.title,
    peers,
    goals: wanted.goals,
    workload: { scenario: 'micro' as const, size: wanted.bytes },
  }
  const toRound = (cost: number): Round => ({ cost, count: 1e9 / cost, seconds: 1 })
  const rounds = new Map(peers.map((name) => [name, costs[name].map(toRound)]))
  return summarize(planRow(sketch, pace), rounds, new Map(), { notes: [], warnings: [] })
}
