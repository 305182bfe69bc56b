import type { Workload } from '../load/workload.ts'
import type { PeerResult, Ratio, Round, RowResult } from './measurement.ts'
import type { RowPlan } from './row-plan.ts'
import { median, pairedRatios, relativeSpread, spreadOf } from './statistics.ts'

/** The remarks of a report: notes of the load generator, and reasons to doubt the figures. */
export interface Remarks {
  notes: string[]
  warnings: string[]
}

/** Below this share of one processor, the server was not the bottleneck. */
const BUSY_ENOUGH = 0.85
/** Above this share of a round, other processes on the processor of the server make the figures doubtful. */
const DISTURBED = 0.1
/** Above this quartile distance relative to the median, a ratio is doubtful. */
const WIDE = 0.2

/** Turns the rounds of a row into medians, ratios and warnings. */
export function summarize(
  row: RowPlan,
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

function ratioOf(peer: PeerResult, subject: PeerResult, row: RowPlan): Ratio {
  const ratio = spreadOf(pairedRatios(costsOf(peer), costsOf(subject)).filter(Number.isFinite))
  const goal = row.goals.find((candidate) => candidate.peer === peer.name)?.atLeast
  return { peer: peer.name, ...ratio, goal, reached: goal === undefined ? undefined : ratio.median >= goal }
}

/** Returns the reasons to doubt the figures, one line for each. */
function doubts(workload: Workload, peers: PeerResult[], ratios: Ratio[]): string[] {
  const isTimed = workload.measure === 'cpu' && workload.scenario !== 'hostile' && workload.scenario !== 'micro'
  const unknown = peers.filter((peer) => peer.rounds.some((round) => round.cost === undefined))
  const wide = ratios.filter((ratio) => relativeSpread(ratio) > WIDE)
  const lines: [string, string[]][] = [
    ['the cost of the server is unknown; only its throughput is measured', unknown.map((peer) => peer.name)],
    ['other processes held the server’s processor', isTimed ? disturbedPeers(peers) : []],
    ['the server was not the bottleneck; it was busy', isTimed && workload.rate === 0 ? idlePeers(peers) : []],
    ['the rounds differ widely; use more rounds', wide.map((one) => `${one.peer} ${percent(relativeSpread(one))}`)],
  ]
  return lines.filter(([, names]) => names.length > 0).map(([reason, names]) => `${reason}: ${names.join(', ')}`)
}

function disturbedPeers(peers: PeerResult[]): string[] {
  return peers.flatMap((peer) => {
    const waited = shareOf(peer, 'serverWaited')
    return waited > DISTURBED ? [`${peer.name} ${percent(waited)}`] : []
  })
}

function idlePeers(peers: PeerResult[]): string[] {
  return peers.flatMap((peer) => {
    const busy = shareOf(peer, 'serverBusy')
    return busy + shareOf(peer, 'serverWaited') < BUSY_ENOUGH ? [`${peer.name} ${percent(busy)}`] : []
  })
}

function shareOf(peer: PeerResult, share: 'serverBusy' | 'serverWaited'): number {
  return median(peer.rounds.flatMap((round) => round[share] ?? []))
}

function percent(part: number): string {
  return `${(part * 100).toFixed(0)} %`
}
