import { availableParallelism } from 'node:os'
import type { LoadOrder } from '../load/workload.ts'
import { LoadGenerator } from './load-generator.ts'
import { cpuBetween, type MeasuredServer, MissingServerError } from './measured-server.ts'
import type { Round, RowResult } from './measurement.ts'
import type { Pinning } from './pinning.ts'
import {
  clearPeakResidentBytes,
  cpuSpentBetween,
  readCpu,
  readPeakResidentBytes,
  waitedForOthers,
} from './process-usage.ts'
import type { RowPlan } from './row-plan.ts'
import { ServerPool, type StartServer } from './server-pool.ts'
import { rotated } from './statistics.ts'
import { type Remarks, summarize } from './summary.ts'

/** How rows are measured. */
export interface Bench {
  rounds: number
  pinning: Pinning | undefined
  start: StartServer
  /** Called before each round with a line for the terminal. */
  progress(text: string): void
}

/** The smallest growth that is reported, in bytes: one page. */
const PAGE = 4096

/** Measures one row: all peers in each round, in a different order each time. */
export async function measureRow(row: RowPlan, bench: Bench): Promise<RowResult> {
  const load = new LoadGenerator(bench.pinning?.load)
  const pool = new ServerPool(row, bench.start)
  const rounds = new Map<string, Round[]>()
  const remarks: Remarks = { notes: [], warnings: [] }
  const processors = bench.pinning === undefined ? availableParallelism() : 1
  try {
    for (let number = 0; number < bench.rounds; number++) {
      for (const name of rotated(row.peers, number)) {
        bench.progress(`${row.id}: round ${number + 1} of ${bench.rounds}, ${name}`)
        const round = await measurePeer(row, name, number, pool, load, remarks, processors)
        if (round) rounds.set(name, [...(rounds.get(name) ?? []), round])
      }
    }
  } finally {
    await pool.stop()
    await load.end()
  }
  return summarize(row, rounds, pool.versions, remarks)
}

/** Measures one peer in one round. A peer that fails is named in a warning and excluded from further rounds. */
async function measurePeer(
  row: RowPlan,
  name: string,
  number: number,
  pool: ServerPool,
  load: LoadGenerator,
  remarks: Remarks,
  processors: number,
): Promise<Round | undefined> {
  try {
    const server = await pool.get(name)
    if (!server) return undefined
    const order: LoadOrder = { ...row.workload, target: server.target, dialect: server.dialect }
    const round = await measureRound(order, server, load, remarks, processors)
    await pool.release(name)
    return round
  } catch (error) {
    pool.exclude(name)
    await load.end()
    const why = (error as Error).message
    remarks.warnings.push(error instanceof MissingServerError ? why : `${name} failed in round ${number + 1}: ${why}`)
    return undefined
  }
}

async function measureRound(
  order: LoadOrder,
  server: MeasuredServer,
  load: LoadGenerator,
  remarks: Remarks,
  processors: number,
): Promise<Round> {
  await load.prepare(order)
  const readGrowth = order.measure === 'cpu' ? undefined : await growthMeter(order.measure, server)
  const loadBefore = readCpu(load.pid)
  const cpuBefore = await server.readCpu()
  const result = await load.run(order.durationMs)
  const cpu = cpuBetween(cpuBefore, await server.readCpu())
  const loadAfter = readCpu(load.pid)
  const growth = await readGrowth?.()
  await load.finish()
  for (const note of result.notes) remarks.notes.push(`${server.name}: ${note}`)
  const spent = readGrowth ? growth : cpu?.ran
  return {
    cost: spent === undefined ? undefined : spent / result.count,
    count: result.count,
    seconds: result.seconds,
    serverBusy: cpu && cpu.ran / 1e6 / result.seconds,
    serverWaited: cpu && waitedForOthers(cpu, result.seconds * 1e6, processors) / 1e6 / result.seconds,
    loadBusy: loadBefore && loadAfter && cpuSpentBetween(loadBefore, loadAfter).ran / 1e6 / result.seconds,
    latency: result.latency,
  }
}

/** Reads the memory of the server. The returned function returns its growth since then. */
async function growthMeter(
  measure: 'memory' | 'peak',
  server: MeasuredServer,
): Promise<() => Promise<number | undefined>> {
  const before = await server.readResidentBytes()
  const { pid } = server
  if (measure === 'peak' && pid !== undefined) clearPeakResidentBytes(pid)
  return async () => {
    const peak = measure === 'peak' && pid !== undefined ? readPeakResidentBytes(pid) : undefined
    const after = peak ?? (await server.readResidentBytes())
    return before === undefined || after === undefined ? undefined : Math.max(PAGE, after - before)
  }
}
