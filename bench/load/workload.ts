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

/**
 * The protocol of a server: `raw` echoes bytes without parsing them, `socket.io` wraps messages in its own protocol.
 */
export type Dialect = 'websocket' | 'raw' | 'socket.io'

/** Where a server listens. */
export interface Target {
  host: string
  port: number
  path: string
  tls: boolean
  /** Whether WebSockets are streams of HTTP/2 connections (RFC 8441). */
  http2: boolean
}

/** What the load generator does in one round. */
export interface Workload {
  scenario: ScenarioName | 'micro'
  /** What is measured at the server: processor time, resident memory, or peak memory. */
  measure: 'cpu' | 'memory' | 'peak'
  /** The payload of a message in bytes. */
  size: number
  kind: Kind
  connections: number
  /** How many messages one connection has in flight. */
  depth: number
  /**
   * Messages per second over all connections, sent at fixed times. With 0, the next message is sent after the reply.
   */
  rate: number
  warmupMs: number
  durationMs: number
  /** Members of a broadcast that never read. */
  stalled: number
  /** The attack of the scenario `hostile`. */
  attack: string
}

/** One round, for the load generator. */
export interface LoadOrder extends Workload {
  target: Target
  dialect: Dialect
}

/** The outcome of one round. */
export interface LoadResult {
  /** The number of units by which the cost is divided: messages, deliveries, pings, handshakes or connections. */
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
