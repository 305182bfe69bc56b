import { readFileSync } from 'node:fs'
import type { CatalogueEntry } from '../../conformance/catalogue/entry.ts'
import { catalogue } from '../../conformance/catalogue/index.ts'
import { parseTarget, type Target } from '../../conformance/peer/target.ts'
import { Progress } from '../../conformance/report/index.ts'
import type { RunResult, WireEvent } from '../../conformance/result.ts'
import {
  applyBaseline,
  type Baseline,
  BaselineError,
  type BaselineFindings,
  Exit,
  exitCodeOf,
  readBaseline,
  writeBaseline,
} from '../../conformance/run/baseline.ts'
import { findFreePort, ServerProcess } from '../../conformance/run/process.ts'
import { runServer } from '../../conformance/run/run-server.ts'
import { SelectionError, selectCases, serverEntries } from '../../conformance/run/select.ts'
import { findCase } from '../../conformance/sections/index.ts'
import { poll } from '../../conformance/wire/poll.ts'
import { UsageError } from '../usage.ts'
import { type ConformOptions, quote } from './option.ts'
import { LineStream, type Output, parseOutputs, reportContext, writeOutputs } from './output.ts'

/** A target and the process behind it, when the tool started one. */
interface Subject {
  target: Target
  /** How to name it on a command line. */
  words: string
  process?: ServerProcess
}

/** Tests one or more servers; resolves to the exit code. */
export async function testServers(options: ConformOptions): Promise<number> {
  const outputs = withAutobahnIndex(parseOutputs(options.outputs), options)
  const entries = select(serverEntries, options)
  const old = options.baseline === undefined ? undefined : loadBaseline(options.baseline)
  if (options.list) return printSelection(entries, options)
  const subjects = await openSubjects(options)
  const interruption = watchSignals()
  const lines = new LineStream(outputs)
  const ends: { result: RunResult; code: number }[] = []
  try {
    for (const subject of subjects) {
      const harmless = leaveOutHostile(subject.target, entries, options)
      ends.push(await testOne(subject, harmless, options, lines, interruption.signal, old))
      if (interruption.signal.aborted) break
    }
  } finally {
    interruption.stop()
    for (const { process: child } of subjects) await child?.stop()
  }
  const results = ends.map(({ result }) => result)
  writeOutputs(outputs, results, reportContext(options, entries.length, serverTotal()))
  if (options.writeBaseline !== undefined) writeBaseline(options.writeBaseline, results, old)
  return interruption.code() ?? Math.max(...ends.map(({ code }) => code))
}

/** Cases of the catalogue against servers, the parametrised ones counted one by one. */
export function serverTotal(): number {
  return catalogue.filter(({ side }) => side === 'server').length
}

/** The cases that the options select; throws a UsageError for what selects none. */
export function select(from: readonly CatalogueEntry[], options: ConformOptions): CatalogueEntry[] {
  try {
    return selectCases(from, options)
  } catch (error) {
    if (error instanceof SelectionError) throw new UsageError(error.message)
    throw error
  }
}

/** The baseline in that file; throws a UsageError when it is none. */
export function loadBaseline(path: string): Baseline {
  try {
    return readBaseline(path)
  } catch (error) {
    if (error instanceof BaselineError) throw new UsageError(error.message)
    throw error
  }
}

/** The preset `autobahn` leaves its index where Autobahn does, unless it is told another place. */
function withAutobahnIndex(outputs: Output[], { include }: ConformOptions): Output[] {
  if (!include.includes('autobahn') || outputs.some(({ format }) => format === 'autobahn')) return outputs
  return [...outputs, { format: 'autobahn', path: 'reports/servers/index.json' }]
}

async function openSubjects(options: ConformOptions): Promise<Subject[]> {
  const { positionals: urls, exec } = options
  if (exec === undefined && urls.length === 0) throw new UsageError('no target; give a URL, or --exec CMD')
  if (exec !== undefined && urls.length > 1) throw new UsageError('--exec starts one server: give one URL, or none')
  if (exec === undefined)
    return urls.map((url, index) => ({ target: targetOf(url, index, options), words: quote(url) }))
  const port = Number(urls[0] === undefined ? await findFreePort() : new URL(urls[0]).port || 80)
  const labels = options.labels.length === 0 ? [exec] : options.labels
  const target = targetOf(urls[0] ?? `ws://127.0.0.1:${port}/`, 0, { ...options, labels })
  const words = [...urls.map(quote), '--exec', quote(exec)].join(' ')
  return [{ target, words, process: new ServerProcess(exec, port) }]
}

/** Groups that may harm a server run against a public one only when they are asked for by `--robust`. */
const HOSTILE_GROUPS: ReadonlySet<string> = new Set(['robust', 'hs.limit', 'pmd.limit'])

function leaveOutHostile(
  target: Target,
  entries: readonly CatalogueEntry[],
  { robust }: ConformOptions,
): readonly CatalogueEntry[] {
  if (target.isPrivate || robust) return entries
  return entries.filter(({ group }) => !HOSTILE_GROUPS.has(group))
}

function targetOf(url: string, index: number, options: ConformOptions): Target {
  let target: Target
  try {
    target = parseTarget(url, { ...options, label: options.labels[index] })
  } catch (error) {
    throw new UsageError(`${url}: ${(error as Error).message}`)
  }
  if (!target.isPrivate && !options.ownsTarget) {
    throw new UsageError(`${url} is not on this machine or in a private network; --i-own-this-target says it is yours`)
  }
  return target
}

async function testOne(
  subject: Subject,
  entries: readonly CatalogueEntry[],
  options: ConformOptions,
  lines: LineStream,
  signal: AbortSignal,
  baseline?: Baseline,
): Promise<{ result: RunResult; code: number }> {
  await start(subject, options)
  const progress = createProgress(options)
  progress?.start(entries.map(({ group }) => group))
  const { result, lost, unreachable } = await runServer({
    ...options,
    target: subject.target,
    process: subject.process,
    entries,
    version: readVersion(),
    selection: selectionWords(options),
    keepWire: options.verbosity === 2,
    repro: (id) => reproOf(subject, id, options),
    onStart: (head) => lines.start(head),
    onBegin: ({ group }) => progress?.running(group),
    onResult: (one) => {
      progress?.finished(one)
      lines.result(one)
    },
    onWire: options.trace ? trace : undefined,
    signal,
  })
  progress?.end()
  lines.end(result)
  if (unreachable !== undefined) say(`target not reachable: ${unreachable}`)
  else if (lost) say(`${subject.target.url} was lost on the way and did not come back`)
  const findings = baseline && applyBaseline(result, baseline)
  if (findings !== undefined && baseline !== undefined) sayFindings(findings, baseline)
  return { result, code: lost ? Exit.UNREACHABLE : exitCodeOf(result, options.failOn, findings) }
}

/** The selection as the report shows it. */
export function selectionWords({ include, perf, robust, all, long, exclude }: ConformOptions): string[] {
  const switches = Object.entries({ perf, robust, all, long }).filter(([, isOn]) => isOn)
  return [
    ...(include.length === 0 ? ['core'] : include),
    ...switches.map(([name]) => `--${name}`),
    ...exclude.map((term) => `!${term}`),
  ]
}

/** Starts the process, or waits for a target that is starting by itself. */
async function start({ target, process: child }: Subject, options: ConformOptions): Promise<void> {
  if (child !== undefined) {
    if (!(await child.start()))
      say(`${options.exec} does not accept connections on port ${child.port}\n${child.output}`)
    return
  }
  if (options.waitFor === 0) return
  await poll(async () => {
    try {
      const { stream } = await target.connect(options.timeout)
      stream.destroy()
      return true
    } catch {
      return false
    }
  }, options.waitFor)
}

/** What says on standard error how far a run is; null when that is not wanted. */
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

function reproOf({ words }: Subject, id: string, { repeat, seed }: ConformOptions): string {
  return ['dwebsocket conform', words, '-c', id, '--trace', '--seed', String(seed), repeat].filter(Boolean).join(' ')
}

/** `--trace`: one event on the wire, on standard error. */
export function trace(id: string, { t, dir, kind, text, hex }: WireEvent): void {
  const arrow = dir === 'out' ? '->' : '<-'
  const shown =
    kind === 'http'
      ? `\n${text.trimEnd().replaceAll('\r', '').replace(/^/gm, '    ')}`
      : `${text}${hex ? `  ${hex}` : ''}`
  process.stderr.write(`${id} ${t.toFixed(1)} ms ${arrow} ${shown}\n`)
}

/** Says on standard error what a baseline holds that is no longer so. */
export function sayFindings({ fixed, expired }: BaselineFindings, baseline: Baseline): void {
  const known = new Set(catalogue.map(({ id }) => id))
  const unknown = Object.keys(baseline.cases).filter((id) => !known.has(id))
  if (fixed.length > 0) say(`the baseline expects a failure that is none: ${fixed.join(', ')}`)
  if (expired.length > 0) say(`the date of these entries of the baseline is over: ${expired.join(', ')}`)
  if (unknown.length > 0) say(`the baseline names unknown cases: ${unknown.join(', ')}`)
}

/** `--list`: what would run, and what the options alone would skip. */
function printSelection(entries: readonly CatalogueEntry[], options: ConformOptions): number {
  const lines = entries.map((entry) => {
    const needs = findCase(entry.id)?.needs ?? []
    const tls = options.positionals.some((url) => url.startsWith('wss:'))
    const reason =
      needs.includes('subprotocol') && options.subprotocol === undefined
        ? 'skip: needs --subprotocol NAME'
        : needs.includes('tls') && !tls
          ? 'skip: only for wss targets'
          : ''
    return [entry.id.padEnd(32), entry.class.padEnd(7), entry.title, reason && `(${reason})`].filter(Boolean).join(' ')
  })
  process.stdout.write(`${lines.join('\n')}\n${entries.length} of ${serverTotal()} cases\n`)
  return Exit.GOOD
}

/** The first SIGINT or SIGTERM ends the run in order; the second one at once. */
export function watchSignals(): { signal: AbortSignal; code(): number | null; stop(): void } {
  const controller = new AbortController()
  let code: number | null = null
  const on = (received: number) => () => {
    if (code !== null) process.exit(code)
    code = received
    say('interrupted: the report of what ran follows')
    controller.abort()
  }
  const onInterrupt = on(130)
  const onTerminate = on(143)
  process.on('SIGINT', onInterrupt)
  process.on('SIGTERM', onTerminate)
  return {
    signal: controller.signal,
    code: () => code,
    stop() {
      process.off('SIGINT', onInterrupt)
      process.off('SIGTERM', onTerminate)
    },
  }
}

/** One line on standard error. */
export function say(text: string): void {
  process.stderr.write(`dwebsocket conform: ${text}\n`)
}

/** The version of the package. */
export function readVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8'))
  return String(version)
}
