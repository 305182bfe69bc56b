import { readFileSync } from 'node:fs'
import {
  applyBaseline,
  type Baseline,
  BaselineError,
  type BaselineFindings,
  type CatalogueEntry,
  catalogue,
  Exit,
  exitCodeOf,
  Progress,
  type RunOptions,
  type RunResult,
  readBaseline,
  SelectionError,
  selectCases,
  type WireEvent,
} from '../../conformance/index.ts'
import { UsageError } from '../usage.ts'
import type { ConformOptions } from './option.ts'
import { type Output, parseOutputs } from './output.ts'

/** The plan of a run, from the options. */
export interface Plan {
  entries: readonly CatalogueEntry[]
  outputs: Output[]
  /** The number of cases in the catalogue for this side, counting all members of families. */
  total: number
  baseline?: Baseline
}

/**
 * Plans a run for one side.
 * @throws {UsageError} when the options contradict each other or select no case.
 */
export function planRun(side: 'server' | 'client', from: readonly CatalogueEntry[], options: ConformOptions): Plan {
  return {
    entries: select(from, options),
    outputs: withAutobahnIndex(parseOutputs(options.outputs), side, options),
    total: countCases(side),
    baseline: options.baseline === undefined ? undefined : loadBaseline(options.baseline),
  }
}

/** Returns the options that runs against servers and against clients have in common. */
export function runOptionsOf(
  options: ConformOptions,
  { entries }: Pick<Plan, 'entries'>,
): Omit<RunOptions, 'repro' | 'onStart'> {
  const { jobs, seed, strict, timeout, timeoutFactor, idle, retries, deadline, bail, shuffle, long } = options
  return {
    entries,
    version: readVersion(),
    selection: describeSelection(options),
    jobs,
    seed,
    strict,
    timeout,
    timeoutFactor,
    idle,
    retries,
    deadline,
    bail,
    shuffle,
    long,
    keepWire: options.verbosity === 2,
    maxMessage: options.maxMessage,
    onWire: options.trace ? printWireEvent : undefined,
  }
}

/** Returns the number of cases in the catalogue for this side, counting all members of families. */
export function countCases(wanted: 'server' | 'client'): number {
  return catalogue.filter(({ side }) => side === wanted).length
}

function select(from: readonly CatalogueEntry[], options: ConformOptions): CatalogueEntry[] {
  try {
    return selectCases(from, options)
  } catch (error) {
    if (error instanceof SelectionError) throw new UsageError(error.message)
    throw error
  }
}

function loadBaseline(path: string): Baseline {
  try {
    return readBaseline(path)
  } catch (error) {
    if (error instanceof BaselineError) throw new UsageError(error.message)
    throw error
  }
}

/** Adds the index of the preset `autobahn` at the path that Autobahn uses, unless the options set another path. */
function withAutobahnIndex(outputs: Output[], side: 'server' | 'client', { include }: ConformOptions): Output[] {
  if (!include.includes('autobahn') || outputs.some(({ format }) => format === 'autobahn')) return outputs
  return [...outputs, { format: 'autobahn', path: `reports/${side}s/index.json` }]
}

/** Formats the selection for the report. */
function describeSelection({ include, perf, robust, all, long, exclude }: ConformOptions): string[] {
  const switches = Object.entries({ perf, robust, all, long }).filter(([, isOn]) => isOn)
  return [
    ...(include.length === 0 ? ['core'] : include),
    ...switches.map(([name]) => `--${name}`),
    ...exclude.map((term) => `!${term}`),
  ]
}

/** `--list`: prints one line per case, and their number. */
export function printSelection(
  { entries, total }: Plan,
  width: number,
  remark: (entry: CatalogueEntry) => string = () => '',
): number {
  const lines = entries.map((entry) =>
    [entry.id.padEnd(width), entry.class.padEnd(7), entry.title, remark(entry)].filter(Boolean).join(' '),
  )
  process.stdout.write(`${lines.join('\n')}\n${entries.length} of ${total} cases\n`)
  return Exit.GOOD
}

/** Shows the progress on standard error. Returns null when progress is disabled. */
export function createProgress(options: ConformOptions): Progress | null {
  if (options.verbosity < 0 || options.trace) return null
  return new Progress({
    write: (text) => process.stderr.write(text),
    isTerminal: process.stderr.isTTY === true,
    width: process.stderr.columns ?? 80,
    color: options.color && process.stderr.isTTY === true,
    strict: options.strict,
  })
}

/** `--trace`: prints one event on the wire to standard error. */
function printWireEvent(id: string, { t, dir, kind, text, hex }: WireEvent): void {
  const arrow = dir === 'out' ? '->' : '<-'
  const shown =
    kind === 'http'
      ? `\n${text.trimEnd().replaceAll('\r', '').replace(/^/gm, '    ')}`
      : `${text}${hex ? `  ${hex}` : ''}`
  process.stderr.write(`${id} ${t.toFixed(1)} ms ${arrow} ${shown}\n`)
}

/** Applies the baseline, reports entries that no longer apply, and returns the exit code for one target. */
export function judgeResult(result: RunResult, lost: boolean, options: ConformOptions, baseline?: Baseline): number {
  const findings = baseline && applyBaseline(result, baseline)
  if (findings !== undefined && baseline !== undefined) warnOfBaseline(findings, baseline)
  return lost ? Exit.UNREACHABLE : exitCodeOf(result, options.failOn, findings)
}

function warnOfBaseline({ fixed, expired }: BaselineFindings, baseline: Baseline): void {
  const known = new Set(catalogue.map(({ id }) => id))
  const unknown = Object.keys(baseline.cases).filter((id) => !known.has(id))
  if (fixed.length > 0) warn(`known failures of the baseline that now pass: ${fixed.join(', ')}`)
  if (expired.length > 0) warn(`expired entries of the baseline: ${expired.join(', ')}`)
  if (unknown.length > 0) warn(`the baseline names unknown cases: ${unknown.join(', ')}`)
}

/** Milliseconds for what an interrupted case left behind, such as a timer. */
const LINGER = 500

/**
 * The first SIGINT or SIGTERM ends the run and the waits of its cases, the second one the process. After the first one,
 * `exit` returns the exit code (130 or 143), and the process ends soon.
 */
export function watchSignals(): { signal: AbortSignal; exit(): number | null; stop(): void } {
  const controller = new AbortController()
  let code: number | null = null
  const on = (received: number) => () => {
    if (code !== null) process.exit(code)
    code = received
    warn('interrupted; the report covers the cases that ran')
    controller.abort()
  }
  const onInterrupt = on(130)
  const onTerminate = on(143)
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', onTerminate)
  return {
    signal: controller.signal,
    exit() {
      if (code !== null) setTimeout(() => process.exit(), LINGER).unref()
      return code
    },
    stop() {
      process.off('SIGINT', onInterrupt)
      process.off('SIGTERM', onTerminate)
    },
  }
}

/** Prints one line to standard error. */
export function warn(text: string): void {
  process.stderr.write(`dwebsocket conform: ${text}\n`)
}

/** Returns the version of the package. */
export function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
  return String(version)
}
