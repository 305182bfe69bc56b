import { setImmediate as nextTurn } from 'node:timers/promises'
import { rotated } from '../measure/statistics.ts'
import { loadParts } from '../servers/library.ts'
import { findPeer } from '../servers/support.ts'
import type { MicroCase, MicroTools } from './case.ts'
import { MICRO_CASES } from './cases.ts'

/** What this process measures. */
export interface MicroOrder {
  ids: string[]
  rounds: number
  /** Milliseconds of one variant in one round. */
  ms: number
}

/** Nanoseconds of processor time per operation, round by round. */
export type MicroAnswer =
  | { type: 'case'; id: string; costs: Record<string, number[]> }
  | { type: 'end' }
  | { type: 'failed'; message: string }

async function work({ ids, rounds, ms }: MicroOrder): Promise<void> {
  const tools: MicroTools = { parts: await loadParts(), ws: findPeer('ws'), bufferutil: findPeer('bufferutil') }
  for (const wanted of MICRO_CASES.filter((one) => ids.includes(one.id))) {
    answer({ type: 'case', id: wanted.id, costs: await measureCase(wanted, tools, rounds, ms) })
  }
  answer({ type: 'end' })
}

async function measureCase(
  wanted: MicroCase,
  tools: MicroTools,
  rounds: number,
  ms: number,
): Promise<Record<string, number[]>> {
  const { operations, variants } = wanted.make(tools)
  const names = Object.keys(variants)
  const costs: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]))
  for (const name of names) measureVariant(variants[name], operations, ms)
  for (let round = 0; round < rounds; round++) {
    for (const name of rotated(names, round)) {
      costs[name].push(measureVariant(variants[name], operations, ms))
      // Streams defer part of their work, which must not count toward the next variant.
      await nextTurn()
    }
  }
  return costs
}

function measureVariant(run: () => void, operations: number, ms: number): number {
  const batch = batchOf(run)
  const until = performance.now() + ms
  const before = process.cpuUsage()
  let done = 0
  do {
    for (let i = 0; i < batch; i++) run()
    done += batch * operations
  } while (performance.now() < until)
  const { user, system } = process.cpuUsage(before)
  return ((user + system) * 1000) / done
}

/** Returns how many calls take about 0.1 ms, so that the cost of reading the clock is negligible. */
function batchOf(run: () => void): number {
  const begin = performance.now()
  let calls = 0
  do {
    run()
    calls++
  } while (performance.now() - begin < 0.1)
  return calls
}

const answer = (message: MicroAnswer): void => {
  process.send?.(message)
}

process.on('message', (order: MicroOrder) => {
  void work(order).catch((error) => answer({ type: 'failed', message: (error as Error).stack ?? String(error) }))
})
process.on('disconnect', () => process.exit())
