/** What an entry of the catalogue counts for: `must` fails, `should` warns, `info` is only reported. */
export type CaseClass = 'must' | 'should' | 'info'

export type Verdict = 'pass' | 'warn' | 'fail' | 'info' | 'skip' | 'flaky' | 'crash' | 'error'

/** One event on the wire of a case; `t` in milliseconds since the case began. */
export interface WireEvent {
  t: number
  dir: 'out' | 'in'
  kind: 'http' | 'frame' | 'bytes' | 'fin' | 'rst' | 'connect'
  /** Readable form: the HTTP head, or the decoded frame header (`text fin masked 5`). */
  text: string
  /** The bytes in hex, cut to 256 bytes. */
  hex?: string
  /** Bytes of the whole event, when `hex` was cut. */
  size?: number
}

/** One event on the wire of a case with all its bytes, as a script repeats it. */
export interface RecordedEvent {
  /** Counts the connections of the case from 0. */
  connection: number
  kind: 'open' | 'sent' | 'received' | 'fin-sent' | 'fin-received' | 'reset'
  /** Milliseconds since the event before. */
  after: number
  /** Of `sent`: one write each; of `received`: what arrived in one piece. */
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
  /** Why it was skipped, what the error was, or what an `info` case observed. */
  note?: string
  /** Set when a baseline knows this failure. */
  known?: boolean
  duration_ms: number
  attempts: number
  requirements: string[]
  /** What is sent and what is expected, as the catalogue says. */
  send: string
  expect: string
  assertions: AssertionResult[]
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

/** One target's results: the JSON document, schema `dwebsocket-conform/1`. */
export interface RunResult {
  schema: 'dwebsocket-conform/1'
  tool: { name: 'dwebsocket conform'; version: string }
  /** Version of the catalogue of cases. */
  catalogue: number
  /** ISO 8601. */
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
