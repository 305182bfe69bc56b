import type { Kind } from '../wire/payload.ts'

export const SCENARIOS = [
  'echo',
  'upload',
  'broadcast',
  'idle',
  'keepalive',
  'handshake',
  'deflate',
  'hostile',
] as const
export type ScenarioName = (typeof SCENARIOS)[number]

/** How a server speaks: `raw` sends every byte back unread, `socket.io` wraps messages in its own protocol. */
export type Dialect = 'websocket' | 'raw' | 'socket.io'

/** Where a server listens. */
export interface Target {
  host: string
  port: number
  path: string
  tls: boolean
  /** WebSockets are streams of HTTP/2 connections (RFC 8441). */
  http2: boolean
}

/** What the load generator does in one round. */
export interface Workload {
  scenario: ScenarioName | 'micro'
  /** What is measured at the server: processor time, the memory that stays resident, or its peak. */
  measure: 'cpu' | 'memory' | 'peak'
  /** Payload bytes of a message. */
  size: number
  kind: Kind
  connections: number
  /** Messages that one connection has in flight. */
  depth: number
  /** Messages per second over all connections, sent by the clock; 0 sends the next message after the reply. */
  rate: number
  warmupMs: number
  durationMs: number
  /** Members of a broadcast that never read. */
  stalled: number
  /** What the peer of `hostile` does. */
  attack: string
}

/** One round as the load generator receives it. */
export interface LoadOrder extends Workload {
  target: Target
  dialect: Dialect
}

/** What one round moved. */
export interface LoadResult {
  /** What the cost is divided by: messages, deliveries, pings, handshakes or connections. */
  count: number
  seconds: number
  /** Microseconds by percentile. */
  latency?: Record<string, number>
  notes: string[]
}

/** A round that is connected and warmed up. */
export interface PreparedLoad {
  run(): Promise<LoadResult>
  finish(): Promise<void>
}
