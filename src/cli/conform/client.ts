import {
  type ClientOutcome,
  type ClientRunOptions,
  CommandLauncher,
  clientEntries,
  Exit,
  type Progress,
  type RunResult,
  runClients,
  worstExitCode,
  writeBaseline,
} from '../../conformance/index.ts'
import { UsageError } from '../usage.ts'
import { type ConformOptions, quote } from './option.ts'
import { LineStream, type Output, reportContext, writeOutputs } from './output.ts'
import {
  createProgress,
  judgeResult,
  type Plan,
  planRun,
  printSelection,
  runOptionsOf,
  warn,
  watchSignals,
} from './shared.ts'

/** The port of Autobahn, so that its drivers find this tester. */
const DEFAULT_PORT = 9001

/** Tests clients; resolves to the exit code. */
export async function testClients(options: ConformOptions): Promise<number> {
  const plan = planRun('client', clientEntries, options)
  if (options.list) return printSelection(plan, 36)
  const interruption = watchSignals()
  try {
    const { outcomes, unreachable, lost } = await run(plan, options, interruption.signal)
    if (unreachable !== undefined) warn(unreachable)
    if (lost !== undefined) warn(`the client ended before its last case: ${lost}`)
    const code = report(outcomes, plan, options)
    return interruption.exit() ?? (unreachable === undefined ? code : Exit.UNREACHABLE)
  } finally {
    interruption.stop()
  }
}

/** Runs the plan. The files of each client are written when all results of the client are known. */
async function run(plan: Plan, options: ConformOptions, signal: AbortSignal): ReturnType<typeof runClients> {
  const lines = new LineStream(plan.outputs)
  const context = contextOf(plan, options)
  let progress: Progress | null = null
  let written = 0
  const ended = await runClients({
    ...runOptionsOf(options, plan),
    ...placeOf(options),
    ...clientsOf(options),
    repro: (id) => reproOf(id, options),
    onListening: (url) => announce(url, plan.outputs, options),
    onStart(head) {
      lines.start(head)
      // With several clients at the same time, the progress of the first one is shown.
      if (progress !== null) return
      progress = createProgress(options)
      progress?.start(plan.entries.map(({ group }) => group))
    },
    onResult(result) {
      progress?.finished(result)
      lines.result(result)
    },
    onEnd(result) {
      lines.end(result)
      writeOutputs(filesOf(plan.outputs, result, options, written++), [result], context)
    },
    signal,
  })
  endProgress(progress)
  return ended
}

/** Prevents TypeScript from narrowing a variable to null that only callbacks assign. */
function endProgress(progress: Progress | null): void {
  progress?.end()
}

/** Writes the standard output and the baseline. Returns the exit code. */
function report(outcomes: readonly ClientOutcome[], plan: Plan, options: ConformOptions): number {
  const results = outcomes.map(({ result }) => result)
  const codes = outcomes.map(({ result, lost }) => judgeResult(result, lost, options, plan.baseline))
  if (results.length > 0) {
    const shown = plan.outputs.filter(({ path }) => path === null)
    writeOutputs(shown, results, contextOf(plan, options))
  }
  if (options.writeBaseline !== undefined) writeBaseline(options.writeBaseline, results, plan.baseline)
  return worstExitCode(codes)
}

function contextOf({ entries, total }: Plan, options: ConformOptions) {
  return reportContext(options, entries.length, total)
}

/** Returns the address to listen on: from `ws://HOST:PORT`, or from the options. */
function placeOf({ positionals, host, port, exec }: ConformOptions): Pick<ClientRunOptions, 'host' | 'port'> {
  const [text, ...more] = positionals
  if (more.length > 0)
    throw new UsageError('more than one address to listen on; allowed: conform client ws://HOST:PORT')
  const standard = exec === undefined ? DEFAULT_PORT : 0
  if (text === undefined) return { host: host ?? '127.0.0.1', port: port ?? standard }
  try {
    const url = new URL(text)
    return {
      host: host ?? url.hostname.replace(/^\[|\]$/g, ''),
      port: port ?? (url.port === '' ? standard : Number(url.port)),
    }
  } catch {
    throw new UsageError(`address is '${text}'; allowed: ws://HOST:PORT`)
  }
}

/**
 * Returns how clients connect: the tester starts a client for each connection, starts one client for all, or waits for
 * clients that connect on their own.
 */
function clientsOf(options: ConformOptions): Pick<ClientRunOptions, 'launcher' | 'driver' | 'agents' | 'label'> {
  const { exec, execOnce, agents, labels } = options
  if (exec === undefined) {
    if (execOnce) throw new UsageError('--exec-once needs --exec CMD')
    return { launcher: null, agents }
  }
  const launcher = new CommandLauncher(exec)
  const [label = exec] = labels
  if (!execOnce) return { launcher, label }
  return { launcher: null, driver: (url) => launcher.start(url), agents }
}

/** Writes the line for which other programs wait. It goes to standard error when standard output is for data. */
function announce(url: string, outputs: readonly Output[], { exec }: ConformOptions): void {
  if (exec !== undefined) return
  const isData = outputs.some(({ format, path }) => path === null && format !== 'text')
  ;(isData ? process.stderr : process.stdout).write(`listening ${url}\n`)
}

/** Returns the files of one client. Its name replaces `{agent}` in a path. Several clients have separate files. */
function filesOf(outputs: readonly Output[], { target }: RunResult, options: ConformOptions, before: number): Output[] {
  const name = target.label.replace(/[^\w.-]+/g, '_')
  const isOne = options.agents === 1 && before === 0
  return outputs.flatMap(({ format, path }) => {
    if (path === null) return []
    if (path.includes('{agent}')) return [{ format, path: path.replaceAll('{agent}', name) }]
    return [{ format, path: isOne ? path : path.replace(/(\.[^./]*)?$/, `-${name}$1`) }]
  })
}

function reproOf(id: string, { exec, execOnce, seed }: ConformOptions): string {
  const how = exec === undefined ? [] : ['--exec', quote(exec), ...(execOnce ? ['--exec-once'] : [])]
  return ['dwebsocket conform client', ...how, '-c', id, '--trace', '--seed', String(seed)].join(' ')
}
