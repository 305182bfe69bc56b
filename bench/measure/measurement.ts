import type { Workload } from '../load/workload.ts'
import type { Unit } from './row-plan.ts'
import type { Spread } from './statistics.ts'

/** One round of one peer. */
export interface Round {
  /** undefined when it is unknown (no process id, no /proc). */
  cost?: number
  count: number
  seconds: number
  /** Processor time of the server per second of the round: 1 is one processor in full use. */
  serverBusy?: number
  /** Share of the round in which the server could have run but, at most, another process had its processor. */
  serverWaited?: number
  loadBusy?: number
  latency?: Record<string, number>
}

export interface PeerResult {
  name: string
  version: string
  rounds: Round[]
  cost: Spread
  /** What is counted, per second of wall time; the median. */
  perSecond: number
  /** Medians over the rounds, in microseconds by percentile. */
  latency?: Record<string, number>
}

/** How many times the subject's cost a peer costs, paired by round. */
export interface Ratio extends Spread {
  peer: string
  goal?: number
  reached?: boolean
}

export interface RowResult {
  id: string
  title: string
  unit: Unit
  workload: Workload
  peers: PeerResult[]
  ratios: Ratio[]
  /** What the load generator saw besides figures. */
  notes: string[]
  /** Why the figures are doubtful. */
  warnings: string[]
}
