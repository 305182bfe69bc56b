import type { AddressInfo } from 'node:net'
import {
  type CaseResult,
  type CatalogueEntry,
  findEntry,
  findRequirement,
  formatScript,
  parseTarget,
  type RecordedEvent,
  Recorder,
  runServer,
  type Target,
} from '../../conformance/index.ts'
import { UsageError } from '../usage.ts'
import { recordClientCase } from './client-recording.ts'
import type { ConformOptions } from './option.ts'
import { runOptionsOf } from './shared.ts'

/** The URL to which the script connects by default. */
const DEFAULT_URL = 'ws://127.0.0.1:9001/'
const MAX_MESSAGE = 16 * 1024 * 1024
/** Time limit in milliseconds. The echo server always responds, so the limit matters only on a busy machine. */
const RECORD_TIMEOUT = 30_000

/**
 * `conform explain CASE [URL] --script`: a program that sends the same bytes as the case sends to this package's echo
 * server.
 *
 * @throws {UsageError} when there is no such program.
 */
export async function writeScript(options: ConformOptions): Promise<string> {
  const { entry, url } = readSubject(options)
  const { events, clients } = await (entry.side === 'server' ? recordCase : recordClient)(entry, url, options)
  const rules = entry.requirements.map(describeRule)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  try {
    const subject = { ...entry, rules, host, port: Number(url.port) || 80, clients }
    return formatScript(subject, events)
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`no script for ${entry.id}: ${error.message}`)
    throw error
  }
}

interface Recording {
  events: readonly RecordedEvent[]
  /** What a client must do. */
  clients?: readonly string[]
}

function readSubject({ positionals }: ConformOptions): { entry: CatalogueEntry; url: URL } {
  const [id, text = DEFAULT_URL, ...more] = positionals
  if (id === undefined || more.length > 0)
    throw new UsageError('--script needs exactly one case: conform explain CASE [URL] --script')
  const entry = findEntry(id)
  if (entry === undefined) throw new UsageError(`unknown case '${id}'; conform list prints the names`)
  if (!URL.canParse(text) || new URL(text).protocol !== 'ws:')
    throw new UsageError(`URL is '${text}'; allowed: ws://HOST:PORT/PATH`)
  return { entry, url: new URL(text) }
}

/** Runs the case against this package's echo server, with the host and path of the URL. */
async function recordCase(entry: CatalogueEntry, url: URL, options: ConformOptions): Promise<Recording> {
  // Only this command needs the modules of the server.
  const { serveConnections } = await import('../echo.ts')
  const server = serveConnections({ maxMessageSize: MAX_MESSAGE, deflate: true })
  const { port } = (await server.listen(0, '127.0.0.1')) as AddressInfo
  const local: Target = parseTarget(`ws://127.0.0.1:${port}${url.pathname}${url.search}`, {
    host: options.host ?? url.host,
    fields: options.fields,
  })
  const recorder = new Recorder(local)
  try {
    const { result } = await runServer({
      ...runOptionsOf(options, { entries: [entry] }),
      timeout: RECORD_TIMEOUT,
      target: recorder.target,
      echo: 'plain',
      echoPrefix: '',
      subprotocol: options.subprotocol,
      repro: () => '',
      onBegin: () => recorder.clear(),
    })
    checkRecording(result.cases[0])
  } finally {
    await server.shutdown({ deadline: 0 })
  }
  return { events: withoutProbe(recorder.events) }
}

/** Returns the events without the last connection if nothing was sent on it: the run only checks that there is a server. */
function withoutProbe(events: readonly RecordedEvent[]): readonly RecordedEvent[] {
  const last = Math.max(...events.map(({ connection }) => connection))
  const isProbe = last > 0 && !events.some(({ connection, kind }) => connection === last && kind === 'sent')
  return isProbe ? events.filter(({ connection }) => connection !== last) : events
}

/** Runs the case against this package's client. */
async function recordClient(entry: CatalogueEntry, url: URL, options: ConformOptions): Promise<Recording> {
  const { events, urls, isAsked, result } = await recordClientCase(entry, options, RECORD_TIMEOUT)
  if (urls.some((one) => one.startsWith('wss:')))
    throw new UsageError(`no script for ${entry.id}: its server needs certificates`)
  checkRecording(result.cases[0])
  const places = urls.map((one) => `ws://${url.host}${pathOf(one)}`)
  const clients = [
    `Then let the client connect, one connection after the other, to: ${places.join(' ')}`,
    ...(isAsked ? ['Let it close the connection when it is open.'] : []),
  ]
  return { events, clients }
}

/** Returns what follows the authority of a URL. The path of the numbered connections of a run means nothing here. */
function pathOf(url: string): string {
  const path = url.replace(/^\w+:\/\/[^/?#]*/, '')
  return path.startsWith('/runCase?') ? '/' : path
}

/** @throws {UsageError} when the case was skipped or has failed, so that it may not have sent everything. */
function checkRecording({ id, verdict, note, assertions }: CaseResult): void {
  if (verdict === 'skip') throw new UsageError(`no script for ${id}: ${note}`)
  if (verdict !== 'pass' && verdict !== 'info')
    throw new UsageError(
      `no script for ${id}: its recording ended with ${verdict}: ${note ?? assertions.find(({ ok }) => !ok)?.actual}`,
    )
}

function describeRule(id: string): string {
  const rule = findRequirement(id)
  if (rule === undefined) return `rule ${id}`
  const address = `https://www.rfc-editor.org/rfc/rfc${rule.rfc}.html#section-${rule.section}`
  return `rule ${id} (${rule.level}): ${rule.statement} ${address}`
}
