import { TLSSocket } from 'node:tls'
import type { CatalogueEntry } from '../catalogue/entry.ts'
import { CATALOGUE_VERSION, findEntry } from '../catalogue/index.ts'
import { Mismatch } from '../peer/inbound.ts'
import { Ledger } from '../peer/ledger.ts'
import type { Target } from '../peer/target.ts'
import { WireLog } from '../peer/wire-log.ts'
import type { CaseResult, RunResult, WireEvent } from '../result.ts'
import { type Capabilities, type RunContext, Trial } from '../script/trial.ts'
import { findCase } from '../sections/index.ts'
import { fieldTokens, fieldValue } from '../wire/http.ts'
import { poll } from '../wire/poll.ts'
import { Random } from '../wire/random.ts'
import { summarise, UNREACHABLE } from './baseline.ts'
import { Runner, type RunOutcome, skipped } from './runner.ts'

/** Everything a run against one server needs. */
export interface ServerRunOptions {
  target: Target
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
  shuffle?: boolean
  /** Cases that take samples take all; default false. */
  long?: boolean
  keepWire?: boolean
  subprotocol?: string
  maxMessage: number
  /** `auto`: whether the target echoes is found out at the start. */
  echo: 'auto' | 'plain' | 'none'
  echoPrefix: string
  repro(id: string): string
  /** Called when the target is known, before the first case: the result but for what is found out later. */
  onStart?(head: RunHead): void
  onBegin?(entry: CatalogueEntry): void
  onResult?(result: CaseResult): void
  onWire?(id: string, event: WireEvent): void
  /** The process of the target, when the tool started it. */
  process?: {
    readonly crashes: number
    readonly output: string
    revive(isServing: () => Promise<boolean>): Promise<boolean>
  }
  signal?: AbortSignal
}

/** What is known of a result before the first case. */
export type RunHead = Omit<RunResult, 'duration_ms' | 'summary' | 'cases' | 'observations'>

/** Milliseconds, before the factor, in which a target that stopped serving may come back. */
const GRACE = 3_000

/**
 * Runs the selected cases against one server. A target that serves no plain connection at the start gives a result
 * of skipped cases, `lost`, and the reason as `unreachable`.
 */
export async function runServer(
  options: ServerRunOptions,
): Promise<{ result: RunResult; lost: boolean; unreachable?: string }> {
  const began = performance.now()
  const started = new Date().toISOString()
  const context = contextOf(options)
  const unreachable = await detect(context, options)
  const head = headOf(options, context, started)
  options.onStart?.(head)
  const { results, lost } = unreachable === undefined ? await runCases(options, context) : skipAll(options)
  const result: RunResult = {
    ...head,
    duration_ms: Math.round(performance.now() - began),
    summary: summarise(results),
    cases: results,
    observations: { ...context.observations, ...observe(context.ledger) },
  }
  return { result, lost, unreachable }
}

function headOf(options: ServerRunOptions, context: RunContext, started: string): RunHead {
  return {
    schema: 'dwebsocket-conform/1',
    tool: { name: 'dwebsocket conform', version: options.version },
    catalogue: CATALOGUE_VERSION,
    started,
    target: targetOf(options.target, context.capabilities),
    options: { strict: options.strict, seed: options.seed, jobs: options.jobs, selection: [...options.selection] },
  }
}

function runCases(options: ServerRunOptions, context: RunContext): Promise<RunOutcome> {
  const isServing = (): Promise<boolean> => serves(context)
  const runner = new Runner({
    ...options,
    context,
    isServing,
    revive: () => options.process?.revive(isServing) ?? poll(isServing, GRACE * options.timeoutFactor),
    crashCount: () => options.process?.crashes ?? 0,
    lastWords: () => options.process?.output ?? '',
  })
  return runner.run(options.entries.map(({ id }) => findCase(id)).filter((one) => one !== undefined))
}

function skipAll(options: ServerRunOptions): RunOutcome {
  const results = options.entries.map((entry) => skipped(entry, UNREACHABLE, options.repro(entry.id)))
  for (const result of results) options.onResult?.(result)
  return { results, lost: true }
}

function contextOf(options: ServerRunOptions): RunContext {
  return {
    target: options.target,
    capabilities: {
      echo: options.echo !== 'none',
      echoPrefix: options.echoPrefix,
      pmd: false,
      serverHeader: null,
      tls: null,
    },
    ledger: new Ledger(),
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
    h2: false,
    tls: capabilities.tls,
  }
}

/** What the traffic of the whole run tells about the target; what was not seen is left out. */
function observe(ledger: Ledger): Record<string, unknown> {
  const codes = ledger.countsOf('close.')
  const observed = {
    close_codes: Object.keys(codes).length === 0 ? null : codes,
    ends_with_close: ledger.countOf('end.close') || null,
    ends_without_close: ledger.countOf('end.bare') || null,
    pong_ms: ledger.timesOf('pong'),
    close_ms: ledger.timesOf('close'),
    fin_ms: ledger.timesOf('fin'),
  }
  return Object.fromEntries(Object.entries(observed).filter(([, value]) => value !== null))
}

/** A trial that belongs to no case: for looking at the target before and between cases. */
function lookAt(context: RunContext): Trial {
  const entry = findEntry('hs.ok.minimal') as CatalogueEntry
  const quiet: RunContext = { ...context, ledger: new Ledger(), observations: {} }
  return new Trial(entry, quiet, new Random(context.seed, `look-${performance.now()}`), new WireLog())
}

/** Finds out what the target can: an echo, permessage-deflate, its Server field. Returns why it cannot be tested. */
async function detect(context: RunContext, options: ServerRunOptions): Promise<string | undefined> {
  const trial = lookAt(context)
  const { capabilities } = context
  try {
    const { peer, response } = await trial.handshake({ add: [['Sec-WebSocket-Extensions', 'permessage-deflate']] })
    if (response === null) return `${options.target.url} gave no answer to a plain handshake`
    const { stream } = peer.transport
    if (stream instanceof TLSSocket) capabilities.tls = stream.getProtocol()
    capabilities.serverHeader = fieldValue(response, 'server')
    if (response.status !== 101) return `${options.target.url} answers a plain handshake with “${response.statusLine}”`
    capabilities.pmd = fieldTokens(response, 'sec-websocket-extensions').some((one) =>
      one.startsWith('permessage-deflate'),
    )
    capabilities.echo =
      options.echo === 'plain' || (options.echo === 'auto' && (await echoes(trial, options.echoPrefix)))
    return undefined
  } catch (error) {
    if (error instanceof Mismatch) return `${options.target.url}: ${error.actual}`
    throw error
  } finally {
    trial.close()
  }
}

/** What a broken echo breaks. */
const ECHO_RULES = ['inv.frame-grammar', 'inv.rsv', 'inv.message-order', 'inv.text-utf8']

/**
 * Whether the target echoes, well or badly: a broken echo is judged, not left out. One that stays silent, ends, or
 * says something else is no echo server; a greeting before the echo does not disturb.
 */
async function echoes(trial: Trial, prefix: string): Promise<boolean> {
  const peer = await trial.open()
  const text = `echo-${trial.random.integer(0, 1e9)}`
  await peer.sendText(text)
  for (;;) {
    const event = await peer.nextMeaningful()
    if (event === null || event.kind === 'end')
      return ECHO_RULES.some((rule) => trial.context.ledger.breachesOf(rule).length > 0)
    // it takes a plain text for a violation, or breaks the rules itself
    if (event.kind === 'close') return event.code === 1002 || event.code === 1007
    if (event.kind !== 'message') return true
    if (event.message.payload.length === prefix.length + text.length) return true
  }
}

/** Whether a fresh connection is served right now. */
async function serves(context: RunContext): Promise<boolean> {
  const trial = lookAt(context)
  try {
    const peer = await trial.open()
    await peer.sendPing('alive')
    await peer.expectPong()
    return true
  } catch {
    return false
  } finally {
    trial.close()
  }
}
