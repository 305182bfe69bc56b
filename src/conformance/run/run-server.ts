import type { CatalogueEntry } from '../catalogue/index.ts'
import { Ledger, type Target } from '../peer/index.ts'
import type { CaseResult, RunResult } from '../result.ts'
import { type Capabilities, Crowd, type RunContext } from '../script/index.ts'
import { findCase } from '../sections/index.ts'
import { skipped } from './case-result.ts'
import { acceptsConnection, type DetectOptions, detect, patienceFor, serves, waitUntilServing } from './detect.ts'
import { createHead, type RunOptions } from './options.ts'
import { Runner, type RunOutcome } from './runner.ts'
import { summarize, UNREACHABLE } from './verdict.ts'

/** The options of a run against one server. */
export interface ServerRunOptions extends RunOptions, DetectOptions {
  target: Target
  subprotocol?: string
  onBegin?(entry: CatalogueEntry): void
  onResult?(result: CaseResult): void
  /** The process of the target, if the tester started it. */
  process?: {
    readonly crashTimes: readonly number[]
    readonly hangTimes?: readonly number[]
    readonly lastWords: string
    /** The milliseconds for which it was ready to run and waited for a processor. */
    readonly runDelay?: number
    revive(isServing: () => Promise<boolean>, patience: number): Promise<boolean>
  }
}

/**
 * Runs the selected cases against one server. When the target does not serve a plain connection at the start, the cases
 * that need a WebSocket are skipped, `lost` is true, and `unreachable` is the reason.
 */
export async function runServer(
  options: ServerRunOptions,
): Promise<{ result: RunResult; lost: boolean; unreachable?: string }> {
  const began = performance.now()
  const started = new Date().toISOString()
  const context = contextOf(options)
  const unreachable = await detect(context, options)
  const head = createHead(options, targetOf(options.target, context.capabilities), started)
  options.onStart?.(head)
  const { results, lost } =
    unreachable === undefined ? await runCases(options, context) : await runUnserved(options, context)
  const result: RunResult = {
    ...head,
    duration_ms: Math.round(performance.now() - began),
    summary: summarize(results),
    cases: results,
    observations: { ...context.observations, ...observe(context.ledger) },
  }
  return { result, lost, unreachable }
}

function runCases(options: ServerRunOptions, context: RunContext): Promise<RunOutcome> {
  const { process } = options
  const isServing = (): Promise<boolean> => serves(context)
  const recovers = (): Promise<boolean> => waitUntilServing(isServing, context, () => process?.runDelay ?? 0)
  const revive = (isHung = false): Promise<boolean> =>
    process?.revive(isServing, isHung ? 0 : patienceFor(context)) ?? recovers()
  if (process !== undefined) context.recover = () => revive()
  const runner = new Runner({
    ...options,
    context,
    isServing,
    revive,
    crashTimes: process && (() => process.crashTimes),
    hangTimes: () => process?.hangTimes ?? [],
    recovers,
    isAccepting: () => acceptsConnection(context),
    lastWords: () => process?.lastWords ?? '',
  })
  return runner.run(options.entries.map(({ id }) => findCase(id)).filter((one) => one !== undefined))
}

/** Runs the cases that need no WebSocket: over HTTP/2 some cases are about servers that accept none (RFC 8441 §3). */
async function runUnserved(options: ServerRunOptions, context: RunContext): Promise<RunOutcome> {
  const entries = options.entries.filter(({ id }) => options.target.http2 && UNSERVED.has(id))
  const { results: run } = await runCases({ ...options, entries }, context)
  const results = options.entries.map((entry) => {
    const result = run.find(({ id }) => id === entry.id) ?? skipped(entry, UNREACHABLE, options.repro(entry.id))
    if (!run.includes(result)) options.onResult?.(result)
    return result
  })
  return { results, lost: true }
}

const UNSERVED: ReadonlySet<string> = new Set(['h2.setting.announced', 'h2.setting.value', 'h2.off.connect'])

function contextOf(options: ServerRunOptions): RunContext {
  return {
    target: options.target,
    capabilities: {
      echo: options.echo !== 'none',
      echoPrefix: options.echoPrefix,
      greetings: 0,
      pmd: false,
      serverHeader: null,
      tls: null,
    },
    ledger: new Ledger(),
    crowd: new Crowd(),
    timeout: options.timeout,
    idle: options.idle,
    seed: options.seed,
    subprotocol: options.subprotocol ?? null,
    maxMessage: options.maxMessage,
    long: options.long ?? false,
    observations: {},
  }
}

function targetOf(target: Target, capabilities: Capabilities): RunResult['target'] {
  return {
    url: target.url,
    label: target.label ?? capabilities.serverHeader ?? new URL(target.url).host,
    side: 'server',
    server_header: capabilities.serverHeader,
    pmd: capabilities.pmd,
    h2: target.http2,
    tls: capabilities.tls,
  }
}

/** Returns the observations about the target from the traffic of the whole run. */
function observe(ledger: Ledger): Record<string, unknown> {
  const codes = ledger.countsOf('close.')
  const observed = {
    close_codes: Object.keys(codes).length === 0 ? null : codes,
    ends_with_close: ledger.countOf('end.close') || null,
    ends_without_close: ledger.breachCountOf('inv.close-before-fin') || null,
    pong_ms: ledger.timesOf('pong'),
    close_ms: ledger.timesOf('close'),
    fin_ms: ledger.timesOf('fin'),
  }
  return Object.fromEntries(Object.entries(observed).filter(([, value]) => value !== null))
}
