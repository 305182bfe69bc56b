import type { CatalogueEntry } from '../../catalogue/entry.ts'
import { CATALOGUE_VERSION } from '../../catalogue/index.ts'
import type { Launched, Launcher } from '../../client/launcher.ts'
import type { Visits } from '../../client/pending-upgrade.ts'
import { Ledger } from '../../peer/ledger.ts'
import type { Target } from '../../peer/target.ts'
import type { CaseResult, RunResult, WireEvent } from '../../result.ts'
import type { RunContext, Trial } from '../../script/trial.ts'
import { summarise } from '../baseline.ts'
import type { RunHead } from '../run-server.ts'
import type { PlannedCase } from './plan.ts'

/** Everything a run against clients needs. */
export interface ClientRunOptions {
  host: string
  /** 0: a free one. */
  port: number
  /** Starts one client per connection; null: clients come by themselves. */
  launcher: Launcher | null
  /** Starts one client that drives itself through all cases. */
  driver?: (url: string) => Launched
  /** Clients that drive themselves to wait for; default 1. */
  agents?: number
  entries: readonly CatalogueEntry[]
  version: string
  /** The terms of the selection, for the report. */
  selection: readonly string[]
  jobs: number
  seed: number
  strict: boolean
  /** Milliseconds for one event, the factor included. */
  timeout: number
  timeoutFactor: number
  idle: number
  retries: number
  deadline?: number
  bail?: number
  keepWire?: boolean
  long?: boolean
  maxMessage: number
  /** How the report calls a client that the tool starts. */
  label?: string
  /** The line that repeats one case. */
  repro(id: string): string
  /** Called with `ws://127.0.0.1:9001` once clients can come. */
  onListening?(url: string): void
  onStart?(head: RunHead): void
  onResult?(result: CaseResult, agent: string): void
  /** A client has all its results: for writing its report before it is told so. */
  onEnd?(result: RunResult): void
  onWire?(id: string, event: WireEvent): void
  signal?: AbortSignal
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
  return {
    schema: 'dwebsocket-conform/1',
    tool: { name: 'dwebsocket conform', version: options.version },
    catalogue: CATALOGUE_VERSION,
    started,
    target: {
      url: context.target.url,
      label,
      side: 'client',
      server_header: null,
      pmd: context.capabilities.pmd,
      h2: false,
      tls: null,
    },
    options: { strict: options.strict, seed: options.seed, jobs: options.jobs, selection: [...options.selection] },
  }
}

/** The result of a client from those of its cases. */
export function resultOf(head: RunHead, context: RunContext, cases: CaseResult[], duration: number): RunResult {
  const { ledger, capabilities, observations } = context
  return {
    ...head,
    target: { ...head.target, pmd: capabilities.pmd },
    duration_ms: Math.round(duration),
    summary: summarise(cases),
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

/** The case with its reception: what it opens are these visits, and they end with it. */
export function receive({ how }: PlannedCase, visits: Visits): PlannedCase['how'] {
  return {
    ...how,
    async run(t: Trial) {
      t.reception = visits
      try {
        await how.run(t)
      } finally {
        await visits.finish(t)
      }
    },
  }
}
