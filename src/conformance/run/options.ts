import { CATALOGUE_VERSION, type CatalogueEntry } from '../catalogue/index.ts'
import type { RunResult, WireEvent } from '../result.ts'

/** What a run against a server and a run against clients have in common. */
export interface RunOptions {
  entries: readonly CatalogueEntry[]
  /** Version of the tester. */
  version: string
  /** The terms of the selection, for the report. */
  selection: readonly string[]
  /** Connections at once. */
  jobs: number
  seed: number
  strict: boolean
  /** Milliseconds to wait for one event, the factor included. */
  timeout: number
  timeoutFactor: number
  /** The timeout is multiplied by this for a second attempt at a case that timed out; default 8, 1: no attempt. */
  slowFactor?: number
  /** Milliseconds of silence, for cases about silence. */
  idle: number
  /** Times a failed case is run again; a later pass makes it `flaky`. */
  retries: number
  /** Milliseconds for the whole run; what has not begun then is skipped. */
  deadline?: number
  /** Stops after that many failures. */
  bail?: number
  shuffle?: boolean
  /** Cases that use samples use everything; default false. */
  long?: boolean
  /** Retains the wire log of passed cases as well. */
  keepWire?: boolean
  /** Bytes of the largest message to send. */
  maxMessage: number
  /** The command line that repeats one case. */
  repro(id: string): string
  /** Called before the first case: the result except for what is found out later. */
  onStart?(head: RunHead): void
  onWire?(id: string, event: WireEvent): void
  signal?: AbortSignal
}

/** What is known of a result before the first case. */
export type RunHead = Omit<RunResult, 'duration_ms' | 'summary' | 'cases' | 'observations'>

/** The head of a result; `started` is an ISO 8601 date. */
export function createHead(options: RunOptions, target: RunHead['target'], started: string): RunHead {
  const { version, strict, seed, jobs, selection } = options
  return {
    schema: 'dwebsocket-conform/1',
    tool: { name: 'dwebsocket conform', version },
    catalogue: CATALOGUE_VERSION,
    started,
    target,
    options: { strict, seed, jobs, selection: [...selection] },
  }
}
