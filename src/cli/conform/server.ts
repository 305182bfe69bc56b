import {
  type CatalogueEntry,
  findCase,
  findFreePort,
  parseTarget,
  poll,
  type RunResult,
  runServer,
  ServerProcess,
  serverEntries,
  type Target,
  unlessAborted,
  worstExitCode,
  writeBaseline,
} from '../../conformance/index.ts'
import { UsageError } from '../usage.ts'
import { type ConformOptions, quote } from './option.ts'
import { LineStream, reportContext, writeOutputs } from './output.ts'
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

/** A target, and its process if the tester started one. */
interface Subject {
  target: Target
  /** The words for the target on a command line. */
  words: string
  process?: ServerProcess
}

/** Tests one or more servers; resolves to the exit code. */
export async function testServers(options: ConformOptions): Promise<number> {
  const plan = planRun('server', serverEntries, options)
  if (options.list) return printSelection(plan, 32, (entry) => predictSkip(entry, options))
  const subjects = await openSubjects(options)
  const interruption = watchSignals()
  const lines = new LineStream(plan.outputs)
  const ends: { result: RunResult; code: number }[] = []
  try {
    for (const subject of subjects) {
      ends.push(await testOne(subject, plan, options, lines, interruption.signal))
      if (interruption.signal.aborted) break
    }
  } finally {
    interruption.stop()
    for (const { process: child } of subjects) await child?.stop()
  }
  const results = ends.map(({ result }) => result)
  writeOutputs(plan.outputs, results, reportContext(options, plan.entries.length, plan.total))
  if (options.writeBaseline !== undefined) writeBaseline(options.writeBaseline, results, plan.baseline)
  return interruption.exit() ?? worstExitCode(ends.map(({ code }) => code))
}

async function openSubjects(options: ConformOptions): Promise<Subject[]> {
  const { positionals: urls, exec } = options
  if (exec === undefined && urls.length === 0) throw new UsageError('no target; add a URL or --exec CMD')
  if (exec !== undefined && urls.length > 1) throw new UsageError('--exec starts one server; use at most one URL')
  if (exec === undefined)
    return urls.map((url, index) => ({ target: targetOf(url, index, options), words: quote(url) }))
  const port = await choosePort(urls[0])
  const labels = options.labels.length === 0 ? [exec] : options.labels
  const url = urls[0]?.replaceAll('{port}', String(port)) ?? `ws://127.0.0.1:${port}/`
  const target = targetOf(url, 0, { ...options, labels })
  const words = [...urls.map(quote), '--exec', quote(exec)].join(' ')
  return [{ target, words, process: new ServerProcess(exec, port) }]
}

/** Returns the port of a URL, or a free port when there is no URL or it contains `{port}`. */
async function choosePort(url = 'ws://127.0.0.1:{port}/'): Promise<number> {
  if (url.includes('{port}')) return findFreePort()
  try {
    return Number(new URL(url).port || 80)
  } catch {
    throw new UsageError(`URL is '${url}'; allowed: ws://HOST:PORT/ ({port} as the PORT picks a free port)`)
  }
}

function targetOf(url: string, index: number, options: ConformOptions): Target {
  let target: Target
  try {
    target = parseTarget(url, { ...options, label: options.labels[index] })
  } catch (error) {
    throw new UsageError(`${url}: ${(error as Error).message}`)
  }
  if (!target.isPrivate && !options.ownsTarget) {
    throw new UsageError(
      `${url} is neither on this machine nor in a private network; if it is yours, add --i-own-this-target`,
    )
  }
  return target
}

async function testOne(
  subject: Subject,
  plan: Plan,
  options: ConformOptions,
  lines: LineStream,
  signal: AbortSignal,
): Promise<{ result: RunResult; code: number }> {
  await unlessAborted(start(subject, options), undefined, signal)
  const { target } = subject
  const entries = leaveOutHostile(target, plan.entries, options)
  const progress = createProgress(options)
  progress?.start(entries.map(({ group }) => group))
  const { result, lost, unreachable } = await runServer({
    ...runOptionsOf(options, { entries }),
    target,
    process: subject.process,
    echo: options.echo,
    echoPrefix: options.echoPrefix,
    subprotocol: options.subprotocol,
    repro: (id) => reproOf(subject, id, options),
    onStart: (head) => lines.start(head),
    onBegin: ({ group }) => progress?.running(group),
    onResult: (one) => {
      progress?.finished(one)
      lines.result(one)
    },
    signal,
  })
  progress?.end()
  lines.end(result)
  if (unreachable !== undefined) warn(`target not reachable: ${unreachable}`)
  else if (lost) warn(`${target.url} stopped serving during the run and did not recover`)
  return { result, code: judgeResult(result, lost, options, plan.baseline) }
}

/** Groups that may harm a server. Against a public server they run only with `--robust`. */
const HOSTILE_GROUPS: ReadonlySet<string> = new Set(['robust', 'hs.limit', 'pmd.limit'])

function leaveOutHostile(
  target: Target,
  entries: readonly CatalogueEntry[],
  { robust }: ConformOptions,
): readonly CatalogueEntry[] {
  if (target.isPrivate || robust) return entries
  return entries.filter(({ group }) => !HOSTILE_GROUPS.has(group))
}

/** Starts the process, or waits for a target that is starting. */
async function start({ target, process: child }: Subject, options: ConformOptions): Promise<void> {
  if (child !== undefined) {
    if (!(await child.start()))
      warn(`${options.exec} does not accept connections on port ${child.port}\n${child.output}`)
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

function reproOf({ words }: Subject, id: string, { repeat, seed }: ConformOptions): string {
  return ['dwebsocket conform', words, '-c', id, '--trace', '--seed', String(seed), repeat].filter(Boolean).join(' ')
}

/** Returns why the options skip a case, for `--list`. */
function predictSkip({ id }: CatalogueEntry, { positionals, subprotocol }: ConformOptions): string {
  const needs = findCase(id)?.needs ?? []
  if (needs.includes('subprotocol') && subprotocol === undefined) return '(skip: needs --subprotocol NAME)'
  const isTls = positionals.some((url) => url.startsWith('wss:'))
  return needs.includes('tls') && !isTls ? '(skip: only for wss targets)' : ''
}
