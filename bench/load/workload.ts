import type { Kind } from '../wire/payload.ts'
import type { Target } from './connection.ts'

export const SCENARIOS = ['echo', 'upload', 'broadcast', 'idle', 'handshake', 'deflate', 'hostile'] as const
export type ScenarioName = (typeof SCENARIOS)[number]

/** How a server speaks: `raw` sends every byte back as it came, `socket.io` wraps messages in its own protocol. */
export type Dialect = 'websocket' | 'raw' | 'socket.io'

/** What the load generator does in one round. */
export interface Workload {
  scenario: ScenarioName | 'micro'
  /** What is read off the server: its processor time, or the resident memory that stays or peaks. */
  measure: 'cpu' | 'memory' | 'peak'
  /** Payload bytes of a message. */
  size: number
  kind: Kind
  connections: number
  /** Messages that one connection has in flight. */
  depth: number
  /** Messages per second over all connections, sent by the clock whatever the server does; 0 sends after replies. */
  rate: number
  warmupMs: number
  durationMs: number
  /** Members of a broadcast that never read. */
  stalled: number
  /** What the peer of `hostile` does. */
  attack: string
}

/** One round as the load generator gets it. */
export interface Job extends Workload {
  target: Target
  dialect: Dialect
}

/** What one round moved. */
export interface LoadResult {
  /** What the cost is divided by: messages, deliveries, handshakes or connections. */
  count: number
  seconds: number
  /** Microseconds by percentile. */
  latency?: Record<string, number>
  notes: string[]
}

/** A round between its preparation and its end. */
export interface PreparedLoad {
  run(): Promise<LoadResult>
  finish(): Promise<void>
}

/** From the benchmark to the load generator. */
export type LoadCommand = { type: 'prepare'; job: Job } | { type: 'run' } | { type: 'finish' }

/** From the load generator to the benchmark. */
export type LoadAnswer =
  | { type: 'prepared' }
  | { type: 'result'; result: LoadResult }
  | { type: 'finished' }
  | { type: 'failed'; message: string }
