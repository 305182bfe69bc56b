import type { CaseReception, Launched, Launcher } from '../../client/index.ts'
import { Ledger, type Target } from '../../peer/index.ts'
import type { CaseResult, RunResult } from '../../result.ts'
import type { RunContext, Trial } from '../../script/index.ts'
import { createHead, type RunHead, type RunOptions } from '../options.ts'
import { summarize } from '../verdict.ts'
import type { PlannedCase } from './plan.ts'

/** Everything a run against clients needs. */
export interface ClientRunOptions extends RunOptions {
  host: string
  /** 0: a free one. */
  port: number
  /** Starts one client per connection; null: clients connect by themselves. */
  launcher: Launcher | null
  /** Starts one client that drives itself through all cases. */
  driver?: (url: string) => Launched
  /** Clients that drive themselves to wait for; default 1. */
  agents?: number
  /** The name in the report of a client that the tester starts. */
  label?: string
  /** Called with `ws://127.0.0.1:9001` once clients can connect. */
  onListening?(url: string): void
  onResult?(result: CaseResult, agent: string): void
  /** A client has all its results: for writing its report before the client is notified. */
  onEnd?(result: RunResult): void
}

/** What a run found about one client. */
export interface ClientOutcome {
  result: RunResult
  /** It was gone before the last case. */
  lost: boolean
}

/** What all cases against one client share. */
export function createContext(options: ClientRunOptions, base: string): RunContext {
  const { hostname } = new URL(base)
  const never = (): Promise<never> => Promise.reject(new Error('clients connect by themselves'))
  const target: Target = {
    url: base,
    label: null,
    secure: false,
    isPrivate: true,
    base: { authority: hostname, path: '/', extra: [] },
    connect: never,
    connectPlain: never,
    tls: {},
    http2: false,
  }
  return {
    target,
    capabilities: { echo: true, echoPrefix: '', pmd: false, serverHeader: null, tls: null },
    ledger: new Ledger(),
    timeout: options.timeout,
    idle: options.idle,
    seed: options.seed,
    subprotocol: null,
    long: options.long ?? false,
    maxMessage: options.maxMessage,
    observations: {},
  }
}

/** What is known of a client's result before the first case. */
export function headOf(options: ClientRunOptions, context: RunContext, label: string, started: string): RunHead {
  const { url } = context.target
  const { pmd } = context.capabilities
  return createHead(options, { url, label, side: 'client', server_header: null, pmd, h2: false, tls: null }, started)
}

/** The result of a client from those of its cases. */
export function resultOf(head: RunHead, context: RunContext, cases: CaseResult[], duration: number): RunResult {
  const { ledger, capabilities, observations } = context
  return {
    ...head,
    target: { ...head.target, pmd: capabilities.pmd },
    duration_ms: Math.round(duration),
    summary: summarize(cases),
    cases,
    observations: {
      ...observations,
      close_codes: ledger.countsOf('close.'),
      ends_without_close: ledger.countOf('end.bare'),
      ends_with_close: ledger.countOf('end.close'),
      pong_ms: ledger.timesOf('pong'),
      close_ms: ledger.timesOf('close'),
    },
  }
}

/** The case with its reception: what it opens are these reception, and they end with it. */
export function receive({ how }: PlannedCase, reception: CaseReception): PlannedCase['how'] {
  return {
    ...how,
    async run(t: Trial) {
      t.reception = reception
      try {
        await how.run(t)
      } finally {
        await reception.finish(t)
      }
    },
  }
}
