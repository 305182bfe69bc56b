/** The effect of a violation: `must` fails, `should` warns, `info` is only reported. */
export type CaseClass = 'must' | 'should' | 'info'

export type Verdict = 'pass' | 'warn' | 'fail' | 'info' | 'skip' | 'flaky' | 'crash' | 'error'

/** The requirement in the warning about a target that ignores a violation of a rule for senders (RFC 6455 §10.7). */
export const IGNORED_RULE = '6455-10.7-3'

/** One event on the wire of a case; `t` is in milliseconds since the case began. */
export interface WireEvent {
  t: number
  dir: 'out' | 'in'
  kind: 'http' | 'frame' | 'bytes' | 'fin' | 'rst' | 'connect'
  /** A readable form: the HTTP head, or the decoded frame header (`text fin masked 5`). */
  text: string
  /** The first 256 bytes at most, in hex. */
  hex?: string
  /** The length of the event in bytes, if `hex` does not have all of it. */
  size?: number
}

/** One event on the wire of a case with all its bytes, for a script that repeats it. */
export interface RecordedEvent {
  /** The number of the connection within the case, from 0. */
  connection: number
  kind: 'open' | 'sent' | 'received' | 'fin-sent' | 'fin-received' | 'reset'
  /** Milliseconds since the previous event. */
  after: number
  /** The bytes of one write (`sent`), or those that arrived together (`received`). */
  bytes: Buffer
}

export interface AssertionResult {
  requirement: string
  class: CaseClass
  ok: boolean
  expected: string
  actual: string
}

export interface CaseResult {
  id: string
  aliases: string[]
  group: string
  title: string
  class: CaseClass
  verdict: Verdict
  /** Why the case was skipped, the error, or what an `info` case observed. */
  note?: string
  /** Set when the baseline lists this failure. */
  known?: boolean
  duration_ms: number
  attempts: number
  requirements: string[]
  /** What is sent and what is expected, from the catalogue. */
  send: string
  expect: string
  assertions: AssertionResult[]
  /** Set when the last opening handshake failed. */
  opened?: false
  close: { by: 'server' | 'client' | null; code: number | null; reason: string | null; tcp: 'fin' | 'rst' | null }
  wire: WireEvent[]
  repro: string
}

export interface RunSummary {
  total: number
  pass: number
  warn: number
  fail: number
  info: number
  skip: number
  flaky: number
  crash: number
  error: number
  verdict: 'conforming' | 'nonconforming' | 'incomplete'
  must_failed: number
  should_failed: number
}

/** The results of one target: the JSON document with the schema `dwebsocket-conform/1`. */
export interface RunResult {
  schema: 'dwebsocket-conform/1'
  tool: { name: 'dwebsocket conform'; version: string }
  /** Version of the catalogue of cases. */
  catalogue: number
  /** When the run began, in ISO 8601. */
  started: string
  duration_ms: number
  target: {
    url: string
    label: string
    side: 'server' | 'client'
    server_header: string | null
    pmd: boolean
    h2: boolean
    tls: string | null
  }
  options: { strict: boolean; seed: number; jobs: number; selection: string[] }
  summary: RunSummary
  cases: CaseResult[]
  observations: Record<string, unknown>
}
