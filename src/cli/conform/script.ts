import type { AddressInfo } from 'node:net'
import {
  type CatalogueEntry,
  findEntry,
  findRequirement,
  formatScript,
  parseTarget,
  Recorder,
  runServer,
  type Target,
} from '../../conformance/index.ts'
import { UsageError } from '../usage.ts'
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
  const recorder = await recordCase(entry, url, options)
  const rules = entry.requirements.map(describeRule)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  try {
    const subject = { ...entry, rules, host, port: Number(url.port) || 80 }
    return formatScript(subject, recorder.events)
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`no script for ${entry.id}: ${error.message}`)
    throw error
  }
}

function readSubject({ positionals }: ConformOptions): { entry: CatalogueEntry; url: URL } {
  const [id, text = DEFAULT_URL, ...more] = positionals
  if (id === undefined || more.length > 0)
    throw new UsageError('--script needs exactly one case: conform explain CASE [URL] --script')
  const entry = findEntry(id)
  if (entry === undefined) throw new UsageError(`unknown case '${id}'; conform list prints the names`)
  if (entry.side !== 'server')
    throw new UsageError(`no script for ${id}: in a case for clients, the tester is the server`)
  if (!URL.canParse(text) || new URL(text).protocol !== 'ws:')
    throw new UsageError(`URL is '${text}'; allowed: ws://HOST:PORT/PATH`)
  return { entry, url: new URL(text) }
}

/** Runs the case against this package's echo server, with the host and path of the URL. */
async function recordCase(entry: CatalogueEntry, url: URL, options: ConformOptions): Promise<Recorder> {
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
    const [{ verdict, note, assertions }] = result.cases
    if (verdict === 'skip') throw new UsageError(`no script for ${entry.id}: ${note}`)
    // A case that has failed may not have sent everything.
    if (verdict !== 'pass' && verdict !== 'info')
      throw new UsageError(
        `no script for ${entry.id}: its recording ended with ${verdict}: ${note ?? assertions.find(({ ok }) => !ok)?.actual}`,
      )
  } finally {
    await server.shutdown({ deadline: 0 })
  }
  return recorder
}

function describeRule(id: string): string {
  const rule = findRequirement(id)
  if (rule === undefined) return `rule ${id}`
  const address = `https://www.rfc-editor.org/rfc/rfc${rule.rfc}.html#section-${rule.section}`
  return `rule ${id} (${rule.level}): ${rule.statement} ${address}`
}
