import type { Job, Workload } from '../load/workload.ts'
import type { ServerSettings } from '../servers/support.ts'
import { headerSize } from '../wire/frame.ts'
import { makePayload, uploadReceipt } from '../wire/payload.ts'
import { LoadProcess } from './load-generator.ts'
import { cpuBetween, type MeasuredServer, MissingPeerError } from './measured-server.ts'
import type { PeerResult, Ratio, Round, Row, RowResult } from './measurement.ts'
import type { Pinning } from './pinning.ts'
import { clearPeakResidentBytes, cpuSpentBetween, readCpu, readPeakResidentBytes } from './process-usage.ts'
import { median, pairedRatios, relativeSpread, rotated, spreadOf } from './statistics.ts'

/** What a run has at hand. */
export interface Bench {
  rounds: number
  pinning: Pinning | undefined
  /** Starts the server of that name. */
  start(name: string, settings: ServerSettings): Promise<MeasuredServer>
  /** Called as the run goes on, for a person who watches. */
  progress(text: string): void
}

/** What is said besides figures: what the load saw, and why the figures may not be believed. */
export interface Remarks {
  notes: string[]
  warnings: string[]
}

/** Below this share of one processor the server was waiting for the load. */
const BUSY_ENOUGH = 0.85
/** Above this share of a round other processes on the server's processor make the figures doubtful. */
const DISTURBED = 0.1
/** Quartiles further apart than this part of the median make a ratio doubtful. */
const WIDE = 0.2

/** Servers take messages of up to a mebibyte, or of the size that is measured. */
const LEAST_LIMIT = 1024 * 1024
/** The least growth that is reported: a page. */
const PAGE = 4096

/** Measures one row: all peers round by round, each round in another order. */
export async function runRow(row: Row, bench: Bench): Promise<RowResult> {
  const loads = new LoadHolder(bench.pinning?.load)
  const pool = new ServerPool(row, bench, row.workload.measure !== 'cpu')
  const rounds = new Map<string, Round[]>()
  const remarks: Remarks = { notes: [], warnings: [] }
  try {
    for (let number = 0; number < bench.rounds; number++) {
      for (const name of rotated(row.peers, number)) {
        bench.progress(`${row.id}: round ${number + 1} of ${bench.rounds}, ${name}`)
        const round = await measurePeer(row, name, number, pool, loads, remarks)
        if (round) rounds.set(name, [...(rounds.get(name) ?? []), round])
      }
    }
  } finally {
    await pool.stop()
    await loads.end()
  }
  return summarize(row, rounds, pool.versions, remarks)
}

async function measurePeer(
  row: Row,
  name: string,
  number: number,
  pool: ServerPool,
  loads: LoadHolder,
  remarks: Remarks,
): Promise<Round | undefined> {
  try {
    const server = await pool.get(name)
    if (!server) return undefined
    const job: Job = { ...row.workload, target: server.target, dialect: server.dialect }
    const round = await measureRound(job, server, loads.get(), remarks)
    await pool.release(name)
    return round
  } catch (error) {
    // One failed peer must not take the others' figures along; it is left out and named.
    pool.exclude(name)
    await loads.end()
    const why = (error as Error).message
    remarks.warnings.push(error instanceof MissingPeerError ? why : `${name} failed in round ${number + 1}: ${why}`)
    return undefined
  }
}

async function measureRound(job: Job, server: MeasuredServer, load: LoadProcess, remarks: Remarks): Promise<Round> {
  await load.prepare(job)
  const readGrowth = job.measure === 'cpu' ? undefined : await growthMeter(job.measure, server)
  const loadBefore = readCpu(load.pid)
  const cpuBefore = await server.readCpu()
  const result = await load.run(job.durationMs)
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
    serverWaited: cpu && cpu.waited / 1e6 / result.seconds,
    loadBusy: loadBefore && loadAfter && cpuSpentBetween(loadBefore, loadAfter).ran / 1e6 / result.seconds,
    latency: result.latency,
  }
}

/** Reads the server's memory now; the function returned reads by how much it has grown since. */
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

/** The load process, started anew after a failure. */
class LoadHolder {
  readonly #cpu: number | undefined
  #process: LoadProcess | undefined

  constructor(cpu: number | undefined) {
    this.#cpu = cpu
  }

  get(): LoadProcess {
    this.#process ??= new LoadProcess(this.#cpu)
    return this.#process
  }

  async end(): Promise<void> {
    const ending = this.#process
    this.#process = undefined
    await ending?.end()
  }
}

/** The servers of one row: alive for all its rounds, or fresh for each where memory is measured. */
class ServerPool {
  readonly versions = new Map<string, string>()
  readonly #row: Row
  readonly #bench: Bench
  readonly #isFresh: boolean
  readonly #running = new Map<string, MeasuredServer>()
  readonly #excluded = new Set<string>()

  constructor(row: Row, bench: Bench, isFresh: boolean) {
    this.#row = row
    this.#bench = bench
    this.#isFresh = isFresh
  }

  async get(name: string): Promise<MeasuredServer | undefined> {
    if (this.#excluded.has(name)) return undefined
    const running = this.#running.get(name)
    if (running) return running
    const server = await this.#bench.start(name, settingsFor(this.#row))
    this.#running.set(name, server)
    this.versions.set(name, server.version)
    return server
  }

  async release(name: string): Promise<void> {
    if (!this.#isFresh) return
    await this.#running.get(name)?.stop()
    this.#running.delete(name)
  }

  exclude(name: string): void {
    this.#excluded.add(name)
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map((server) => server.stop()))
  }
}

function settingsFor(row: Row): ServerSettings {
  const { scenario, size, kind } = row.workload
  const isUpload = scenario === 'upload'
  return {
    mode: scenario === 'broadcast' || isUpload ? scenario : 'echo',
    maxMessage: Math.max(LEAST_LIMIT, size),
    deflate: row.deflate,
    frameBytes: headerSize(size, true) + size,
    receipt: isUpload ? uploadReceipt(kind, makePayload(kind, size, 0)) : '',
  }
}

/** Turns the rounds of a row into medians, ratios and warnings. */
export function summarize(
  row: Row,
  rounds: Map<string, Round[]>,
  versions: Map<string, string>,
  remarks: Remarks,
): RowResult {
  const measured = row.peers.filter((name) => rounds.has(name))
  const peers = measured.map((name) => peerResult(name, versions.get(name) ?? '', rounds.get(name)!))
  const ratios = peers.slice(1).map((peer) => ratioOf(peer, peers[0], row))
  return {
    id: row.id,
    title: row.title,
    unit: row.unit,
    workload: row.workload,
    peers,
    ratios: measured[0] === row.peers[0] ? ratios : [],
    notes: [...new Set(remarks.notes)],
    warnings: [...new Set([...remarks.warnings, ...doubts(row.workload, peers, ratios)])],
  }
}

function costsOf(peer: PeerResult): number[] {
  return peer.rounds.map((round) => round.cost ?? Number.NaN)
}

function peerResult(name: string, version: string, rounds: Round[]): PeerResult {
  const latencies = rounds.map((round) => round.latency).filter((latency) => latency !== undefined)
  const percents = Object.keys(latencies[0] ?? {})
  return {
    name,
    version,
    rounds,
    cost: spreadOf(rounds.flatMap((round) => round.cost ?? [])),
    perSecond: median(rounds.map((round) => round.count / round.seconds)),
    latency:
      latencies.length === 0
        ? undefined
        : Object.fromEntries(percents.map((percent) => [percent, median(latencies.map((one) => one[percent]))])),
  }
}

function ratioOf(peer: PeerResult, subject: PeerResult, row: Row): Ratio {
  const ratio = spreadOf(pairedRatios(costsOf(peer), costsOf(subject)).filter(Number.isFinite))
  const goal = row.goals.find((candidate) => candidate.peer === peer.name)?.atLeast
  return { peer: peer.name, ...ratio, goal, reached: goal === undefined ? undefined : ratio.median >= goal }
}

/** What a reader must know before believing the figures; one line per kind of doubt. */
function doubts(workload: Workload, peers: PeerResult[], ratios: Ratio[]): string[] {
  const isTimed = workload.measure === 'cpu' && workload.scenario !== 'hostile' && workload.scenario !== 'micro'
  const percent = (part: number): string => `${(part * 100).toFixed(0)} %`
  const share = (peer: PeerResult, pick: (round: Round) => number | undefined): number =>
    median(peer.rounds.flatMap((round) => pick(round) ?? []))
  const unknown = peers.filter((peer) => peer.rounds.some((round) => round.cost === undefined))
  const disturbed = peers.flatMap((peer) => {
    const waited = share(peer, (round) => round.serverWaited)
    return isTimed && waited > DISTURBED ? [`${peer.name} ${percent(waited)}`] : []
  })
  const idle = peers.flatMap((peer) => {
    const busy = share(peer, (round) => round.serverBusy)
    const ready = busy + share(peer, (round) => round.serverWaited)
    return isTimed && workload.rate === 0 && ready < BUSY_ENOUGH ? [`${peer.name} ${percent(busy)}`] : []
  })
  const wide = ratios.flatMap((ratio) => {
    const spread = relativeSpread(ratio)
    return spread > WIDE ? [`${ratio.peer} ${percent(spread)}`] : []
  })
  const lines: [string, string[]][] = [
    ['what the server spent is not known, only its throughput', unknown.map((peer) => peer.name)],
    ['other processes held the server’s processor', disturbed],
    ['the server was not the bottleneck, it was busy', idle],
    ['the rounds differ widely, repeat with more', wide],
  ]
  return lines.filter(([, names]) => names.length > 0).map(([what, names]) => `${what}: ${names.join(', ')}`)
}
