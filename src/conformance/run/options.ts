import { CATALOGUE_VERSION, type CatalogueEntry } from '../catalogue/index.ts'
import type { RunResult, WireEvent } from '../result.ts'

/** The options that runs against servers and against clients have in common. */
export interface RunOptions {
  entries: readonly CatalogueEntry[]
  /** The version of the tester. */
  version: string
  /** The selectors, for the report. */
  selection: readonly string[]
  /** How many cases run at the same time. */
  jobs: number
  seed: number
  strict: boolean
  /** Milliseconds to wait for one event, including the timeout factor. */
  timeout: number
  timeoutFactor: number
  /**
   * Multiplies the timeout for a further attempt at a case that timed out twice; default 8. With 1 a timeout is only
   * repeated when the case ran among others.
   */
  slowFactor?: number
  /** Milliseconds of silence in the cases about silence. */
  idle: number
  /** How often a failed case is repeated. If it then passes, it is `flaky`. */
  retries: number
  /** Milliseconds for the whole run. Cases that have not begun by then are skipped. */
  deadline?: number
  /** Stops the run after this number of failures. */
  bail?: number
  shuffle?: boolean
  /** Whether cases send everything instead of samples; default false. */
  long?: boolean
  /** Whether the wire log of passed cases is retained. */
  keepWire?: boolean
  /** The largest message to send, in bytes. */
  maxMessage: number
  /** Returns the command line that repeats one case. */
  repro(id: string): string
  /** Called before the first case, with the part of the result that is known. */
  onStart?(head: RunHead): void
  onWire?(id: string, event: WireEvent): void
  signal?: AbortSignal
}

/** The part of a result that is known before the first case. */
export type RunHead = Omit<RunResult, 'duration_ms' | 'summary' | 'cases' | 'observations'>

/** Makes the first part of a result. `started` is an ISO 8601 date. */
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
