import type { Workload } from '../load/workload.ts'
import type { Spread } from './statistics.ts'

/** What a cost is counted in; less is better in every one. */
export type Unit =
  | 'µs/message'
  | 'µs/delivery'
  | 'µs/handshake'
  | 'bytes/connection'
  | 'ns/operation'
  | 'bytes at peak'
  | 'µs/attack'

/** One round of one peer. */
export interface Round {
  /** undefined when it could not be known (no process id, no /proc). */
  cost?: number
  count: number
  seconds: number
  /** Processor time of the server per second of the round: 1 is one processor in full use. */
  serverBusy?: number
  /** Share of the round in which the server could have run but another process had its processor. */
  serverWaited?: number
  loadBusy?: number
  latency?: Record<string, number>
}

/** A demand of the project on a ratio: how many times the subject's cost the peer must cost. */
export interface Goal {
  peer: string
  atLeast: number
}

/** What is to be measured: the first peer is the subject, the others are compared with it. */
export interface Row {
  id: string
  title: string
  unit: Unit
  workload: Workload
  peers: string[]
  goals: Goal[]
  /** Permessage-deflate with the peers' own defaults. */
  deflate: boolean
}

export interface PeerResult {
  name: string
  version: string
  rounds: Round[]
  cost: Spread
  /** Counted things per second of wall time, the median. */
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
  /** Why the figures may not be believed. */
  warnings: string[]
}

/** A whole run, as `--json` writes it and `compare` reads it. */
export interface Report {
  format: 1
  date: string
  command: string
  node: string
  platform: string
  cpu: string
  cpuCount: number
  pinned: boolean
  rows: RowResult[]
}
