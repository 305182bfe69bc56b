import type { CaseReception, Launched, Launcher } from '../../client/index.ts'
import { Ledger, type Target } from '../../peer/index.ts'
import type { CaseResult, RunResult } from '../../result.ts'
import { CASE_LIMIT, Crowd, type RunContext, type Trial } from '../../script/index.ts'
import { createHead, type RunHead, type RunOptions } from '../options.ts'
import { summarize } from '../verdict.ts'
import type { PlannedCase } from './plan.ts'

/** The options of a run against clients. */
export interface ClientRunOptions extends RunOptions {
  host: string
  /** The port; 0 selects a free one. */
  port: number
  /** Starts one client per connection; null: clients connect on their own. */
  launcher: Launcher | null
  /** Starts one client that opens the connections of all cases on its own. */
  driver?: (url: string) => Launched
  /** Milliseconds for which the driver may send no request while no case runs; default 120,000. */
  silence?: number
  /** How many clients that connect on their own to wait for; default 1. */
  agents?: number
  /** The name of a started client in the report. */
  label?: string
  /** Called with the address, for example `ws://127.0.0.1:9001`, when clients can connect. */
  onListening?(url: string): void
  onResult?(result: CaseResult, agent: string): void
  /** Called when a client has all its results, so that its report is written before the client is notified. */
  onEnd?(result: RunResult): void
}

/** The outcome for one client. */
export interface ClientOutcome {
  result: RunResult
  /** Whether the client ended before the last case. */
  lost: boolean
}

/** Creates what the cases for one client share. */
export function createContext(options: ClientRunOptions, base: string): RunContext {
  const { hostname } = new URL(base)
  const never = (): Promise<never> => Promise.reject(new Error('clients connect on their own'))
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
    capabilities: { echo: true, echoPrefix: '', greetings: 0, pmd: false, serverHeader: null, tls: null },
    ledger: new Ledger(),
    crowd: new Crowd(),
    timeout: options.timeout,
    idle: options.idle,
    seed: options.seed,
    subprotocol: null,
    long: options.long ?? false,
    maxMessage: options.maxMessage,
    observations: {},
  }
}

/** Makes the part of a client's result that is known before the first case. */
export function headOf(options: ClientRunOptions, context: RunContext, label: string, started: string): RunHead {
  const { url } = context.target
  const { pmd } = context.capabilities
  return createHead(options, { url, label, side: 'client', server_header: null, pmd, h2: false, tls: null }, started)
}

/** Makes the result of a client from those of its cases. */
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
      ends_without_close: ledger.breachCountOf('inv.close-before-fin'),
      ends_with_close: ledger.countOf('end.close'),
      pong_ms: ledger.timesOf('pong'),
      close_ms: ledger.timesOf('close'),
    },
  }
}

/** Runs a case with the clients of a reception, which ends with the case. The time until they connect is added. */
export function receive({ how }: PlannedCase, reception: CaseReception): PlannedCase['how'] {
  return {
    ...how,
    limit: (how.limit ?? CASE_LIMIT) + reception.arrivalLimit,
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
