import type { Workload } from '../load/workload.ts'
import type { Unit } from './row-plan.ts'
import type { Spread } from './statistics.ts'

/** One round of one peer. */
export interface Round {
  /** The cost of one unit; undefined when it is unknown (no process id, no /proc). */
  cost?: number
  count: number
  seconds: number
  /** Processor time of the server per second of the round: 1 is one processor in full use. */
  serverBusy?: number
  /** Upper bound of the share of the round in which other processes used the processor of the server. */
  serverWaited?: number
  loadBusy?: number
  latency?: Record<string, number>
}

export interface PeerResult {
  name: string
  version: string
  rounds: Round[]
  cost: Spread
  /** Units per second of wall time (median). */
  perSecond: number
  /** Medians over the rounds, in microseconds by percentile. */
  latency?: Record<string, number>
}

/** The ratio of the cost of a peer to that of the subject, paired by round. */
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
  /** Notes of the load generator. */
  notes: string[]
  /** Why the figures are doubtful. */
  warnings: string[]
}
