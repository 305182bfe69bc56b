import type { ScenarioName, Workload } from '../load/workload.ts'

/** The units of costs; less is better. */
export type Unit =
  | 'µs/message'
  | 'µs/delivery'
  | 'µs/handshake'
  | 'µs/ping'
  | 'bytes/connection'
  | 'ns/operation'
  | 'bytes at peak'
  | 'µs/attack'

/** A target of the project: the minimum ratio of the cost of a peer to that of the subject. */
export interface Goal {
  peer: string
  atLeast: number
}

/** What a row measures: the first peer is the subject, the others are compared with it. */
export interface RowPlan {
  id: string
  title: string
  unit: Unit
  workload: Workload
  peers: string[]
  goals: Goal[]
  /** permessage-deflate with the peers' own defaults. */
  deflate: boolean
}

/** A row plan in which defaults may be omitted. */
export interface RowSketch {
  id: string
  title: string
  peers: string[]
  goals?: Record<string, number>
  deflate?: boolean
  workload: Partial<Workload> & { scenario: ScenarioName | 'micro' }
}

/** How long rounds last, and how many there are. */
export interface Pace {
  warmupMs: number
  durationMs: number
  rounds: number
}

/** Fewer and shorter rounds for a quick estimate. */
export const QUICK: Pace = { warmupMs: 150, durationMs: 300, rounds: 3 }
/** The pace for figures that are published. */
export const THOROUGH: Pace = { warmupMs: 400, durationMs: 1500, rounds: 7 }

const DEFAULTS: Workload = {
  scenario: 'echo',
  measure: 'cpu',
  size: 128,
  kind: 'binary',
  connections: 32,
  depth: 1,
  rate: 0,
  warmupMs: 0,
  durationMs: 0,
  stalled: 0,
  attack: '',
}

/** Adds the defaults to a sketch. */
export function planRow(sketch: RowSketch, pace: Pace): RowPlan {
  const { warmupMs, durationMs } = pace
  const workload: Workload = { ...DEFAULTS, warmupMs, durationMs, ...sketch.workload }
  const goals: Goal[] = Object.entries(sketch.goals ?? {}).map(([peer, atLeast]) => ({ peer, atLeast }))
  const { id, title, peers, deflate = false } = sketch
  return { id, title, unit: unitOf(workload), workload, peers, goals, deflate }
}

function unitOf({ scenario, measure }: Workload): Unit {
  if (scenario === 'hostile') return measure === 'peak' ? 'bytes at peak' : 'µs/attack'
  if (scenario === 'micro') return 'ns/operation'
  if (measure === 'memory') return 'bytes/connection'
  if (scenario === 'broadcast') return 'µs/delivery'
  if (scenario === 'keepalive') return 'µs/ping'
  return scenario === 'handshake' ? 'µs/handshake' : 'µs/message'
}
