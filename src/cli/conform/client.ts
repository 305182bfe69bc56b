import { catalogue } from '../../conformance/catalogue/index.ts'
import { CommandLauncher } from '../../conformance/client/launcher.ts'
import type { Progress } from '../../conformance/report/index.ts'
import type { RunResult } from '../../conformance/result.ts'
import { applyBaseline, type Baseline, Exit, exitCodeOf, writeBaseline } from '../../conformance/run/baseline.ts'
import type { ClientRunOptions } from '../../conformance/run/client/client-run.ts'
import { runClients } from '../../conformance/run/client/run-clients.ts'
import { clientEntries } from '../../conformance/run/select.ts'
import { UsageError } from '../usage.ts'
import { type ConformOptions, quote } from './option.ts'
import { LineStream, type Output, parseOutputs, reportContext, writeOutputs } from './output.ts'
import {
  createProgress,
  loadBaseline,
  readVersion,
  say,
  sayFindings,
  select,
  selectionWords,
  trace,
  watchSignals,
} from './server.ts'

/** Where Autobahn's own tool listens, so that its drivers find this one. */
const DEFAULT_PORT = 9001

/** Tests clients; resolves to the exit code. */
export async function testClients(options: ConformOptions): Promise<number> {
  const outputs = withAutobahnIndex(parseOutputs(options.outputs), options)
  const entries = select(clientEntries, options)
  const old = options.baseline === undefined ? undefined : loadBaseline(options.baseline)
  if (options.list) {
    const lines = entries.map(({ id, class: level, title }) => `${id.padEnd(36)} ${level.padEnd(7)} ${title}`)
    process.stdout.write(`${lines.join('\n')}\n${entries.length} of ${clientTotal()} cases\n`)
    return Exit.GOOD
  }
  const interruption = watchSignals()
  const lines = new LineStream(outputs)
  const context = reportContext(options, entries.length, clientTotal())
  const ended: RunResult[] = []
  let progress: Progress | null = null
  try {
    const { outcomes, unreachable } = await runClients({
      ...placeOf(options),
      ...clientsOf(options),
      entries,
      version: readVersion(),
      selection: selectionWords(options),
      jobs: options.jobs,
      seed: options.seed,
      strict: options.strict,
      timeout: options.timeout,
      timeoutFactor: options.timeoutFactor,
      idle: options.idle,
      retries: options.retries,
      deadline: options.deadline,
      bail: options.bail,
      keepWire: options.verbosity === 2,
      long: options.long,
      maxMessage: options.maxMessage,
      repro: (id) => reproOf(id, options),
      onListening: (url) => announce(url, outputs, options),
      onStart(head) {
        lines.start(head)
        // Of several clients at once the first is followed.
        if (progress !== null) return
        progress = createProgress(options)
        progress?.start(entries.map(({ group }) => group))
      },
      onResult(result) {
        progress?.finished(result)
        lines.result(result)
      },
      onEnd(result) {
        lines.end(result)
        writeOutputs(filesOf(outputs, result, options, ended.length), [result], context)
        ended.push(result)
      },
      onWire: options.trace ? trace : undefined,
      signal: interruption.signal,
    })
    endProgress(progress)
    if (unreachable !== undefined) say(unreachable)
    const results = outcomes.map(({ result }) => result)
    const codes = outcomes.map(({ result, lost }) => (lost ? Exit.UNREACHABLE : codeOf(result, options, old)))
    if (results.length > 0) {
      writeOutputs(
        outputs.filter(({ path }) => path === null),
        results,
        context,
      )
    }
    if (options.writeBaseline !== undefined) writeBaseline(options.writeBaseline, results, old)
    return interruption.code() ?? (unreachable === undefined ? Math.max(...codes) : Exit.UNREACHABLE)
  } finally {
    interruption.stop()
  }
}

function endProgress(progress: Progress | null): void {
  progress?.end()
}

function codeOf(result: RunResult, options: ConformOptions, baseline?: Baseline): number {
  const findings = baseline && applyBaseline(result, baseline)
  if (findings !== undefined && baseline !== undefined) sayFindings(findings, baseline)
  return exitCodeOf(result, options.failOn, findings)
}

/** Cases of the catalogue against clients, the Autobahn ones counted one by one. */
function clientTotal(): number {
  return catalogue.filter(({ side }) => side === 'client').length
}

/** Where to listen: `ws://HOST:PORT`, or the options. */
function placeOf({ positionals, host, port, exec }: ConformOptions): Pick<ClientRunOptions, 'host' | 'port'> {
  const [text, ...more] = positionals
  if (more.length > 0) throw new UsageError('one address to listen on: conform client ws://HOST:PORT')
  const standard = exec === undefined ? DEFAULT_PORT : 0
  if (text === undefined) return { host: host ?? '127.0.0.1', port: port ?? standard }
  try {
    const url = new URL(text)
    return {
      host: host ?? url.hostname.replace(/^\[|\]$/g, ''),
      port: port ?? (url.port === '' ? standard : Number(url.port)),
    }
  } catch {
    throw new UsageError(`${text}: ws://HOST:PORT is allowed`)
  }
}

/** How clients come: started one by one, started once, or by themselves. */
function clientsOf(
  options: ConformOptions,
): Pick<ClientRunOptions, 'launcher' | 'driver' | 'agents' | 'label' | 'retries'> {
  const { exec, execOnce, agents, retries, labels } = options
  if (exec === undefined) {
    if (execOnce) throw new UsageError('--exec-once wants --exec CMD')
    return { launcher: null, agents, retries }
  }
  const launcher = new CommandLauncher(exec)
  const [label = exec] = labels
  if (!execOnce) return { launcher, label, retries }
  return { launcher: null, driver: (url) => launcher.start(url), agents, retries }
}

/** The line that other programs wait for; on standard error when standard output is for data. */
function announce(url: string, outputs: readonly Output[], { exec }: ConformOptions): void {
  if (exec !== undefined) return
  const isData = outputs.some(({ format, path }) => path === null && format !== 'text')
  ;(isData ? process.stderr : process.stdout).write(`listening ${url}\n`)
}

/** The preset `autobahn` leaves its index where Autobahn does, unless it is told another place. */
function withAutobahnIndex(outputs: Output[], { include }: ConformOptions): Output[] {
  if (!include.includes('autobahn') || outputs.some(({ format }) => format === 'autobahn')) return outputs
  return [...outputs, { format: 'autobahn', path: 'reports/clients/index.json' }]
}

/** The files of one client: `{agent}` in a path is its name; several clients have a file each. */
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
