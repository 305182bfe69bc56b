import { createHash } from 'node:crypto'
import type { RecordedEvent } from '../result.ts'
import { COMMON, LISTENING, MASKING, OPENING, SUMMING, UNPACKING } from './script-helpers.ts'
import { formatLoops, formatSteps, listSteps, type StepWords } from './script-steps.ts'

/** The texts of a script about its case. */
export interface ScriptSubject {
  id: string
  title: string
  send: string
  expect: string
  /** Names, statements and URLs of the rules. */
  rules: readonly string[]
  host: string
  port: number
  /** For a case about clients: what the client must do. */
  clients?: readonly string[]
}

/** Maximum number of lines of steps in a script. With the helpers, most have at most twenty lines of code. */
const STEP_LINES = 9
/** Maximum number of steps without a loop, and of statements with loops. */
const MAX_STEPS = 60
/** Maximum number of characters of all steps together. */
const MAX_LENGTH = 400_000
/** How many connections may be open at the same time, for one script that opens them one after the other. */
const MAX_WIDTH = 16
/** How many characters of received data are printed. */
const SHOWN = 200

/**
 * Formats a case as a script for Node without packages. The script writes the recorded bytes in the recorded pieces,
 * waits where a reply was received, and prints what arrives. In a case about clients it is the server.
 *
 * @throws {RangeError} when the case is too long, or sends nothing.
 */
export function formatScript(subject: ScriptSubject, events: readonly RecordedEvent[]): string {
  const isServer = subject.clients !== undefined
  const words: StepWords = isServer
    ? { open: 'await next(%)', acceptOf: (connection) => acceptOf(events, connection) }
    : { open: 'open(%)' }
  const statements = formatStatements(isServer ? withoutRequests(events) : events, words)
  hoist(statements)
  const length = statements.reduce((sum, one) => sum + one.length, 0)
  if (length > MAX_LENGTH) throw new RangeError(`its bytes need ${length} characters; at most ${MAX_LENGTH} fit`)
  const code = formatCode(subject, joinSteps(statements))
  return `${[...describe(subject, events), ...code].join('\n')}\n`
}

function formatStatements(events: readonly RecordedEvent[], words: StepWords): string[] {
  const steps = listSteps(events, words)
  if (steps.length === 0) throw new RangeError('the case sends nothing')
  if (steps.length <= MAX_STEPS) return formatSteps(steps)
  const loops = formatLoops(steps)
  if (loops.length <= MAX_STEPS) return loops
  // Connections that only overlap can be opened one after the other.
  const width = widthOf(events)
  if (width > MAX_WIDTH)
    throw new RangeError(
      `it has ${steps.length} steps; at most ${MAX_STEPS} fit (${width} connections are open at once)`,
    )
  const inOrder = events.toSorted((one, other) => one.connection - other.connection)
  const apart = formatLoops(listSteps(inOrder, words))
  if (apart.length > MAX_STEPS) throw new RangeError(`it has ${apart.length} steps; at most ${MAX_STEPS} fit`)
  return apart
}

/** Makes constants of long bytes that occur several times. */
function hoist(statements: string[]): void {
  const found = statements.flatMap((statement) => statement.match(/(?:unpack|sums)\('[^']*'\)/g) ?? [])
  const repeated = [...new Set(found.filter((text, index) => found.indexOf(text) !== index))]
  for (const [at, statement] of statements.entries()) {
    statements[at] = repeated.reduce((text, long, index) => text.replaceAll(long, `d${index}`), statement)
  }
  statements.unshift(...repeated.map((long, index) => `const d${index} = ${long}`))
}

/** Returns how many connections were open at the same time. */
function widthOf(events: readonly RecordedEvent[]): number {
  const last = new Map(events.map(({ connection }, index) => [connection, index]))
  let open = 0
  let width = 0
  for (const [index, { connection, kind }] of events.entries()) {
    if (kind === 'open') width = Math.max(width, ++open)
    if (last.get(connection) === index) open--
  }
  return width
}

/** Returns the events without the request heads of clients, which the script reads when a client connects. */
function withoutRequests(events: readonly RecordedEvent[]): RecordedEvent[] {
  const heads = new Set(
    events.filter(({ kind }) => kind === 'open').map(({ connection }) => headOf(events, connection)),
  )
  return events.filter((event) => !heads.has(event))
}

function headOf(events: readonly RecordedEvent[], connection: number): RecordedEvent | undefined {
  return events.find((event) => event.connection === connection && event.kind === 'received')
}

/** Returns the value of Sec-WebSocket-Accept that belongs to the recorded key of a connection (RFC 6455 §4.2.2). */
function acceptOf(events: readonly RecordedEvent[], connection: number): string | undefined {
  const head = headOf(events, connection)?.bytes.toString('latin1') ?? ''
  const key = /^sec-websocket-key: *(\S+)/im.exec(head)?.[1]
  return key && createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
}

function describe(subject: ScriptSubject, events: readonly RecordedEvent[]): string[] {
  const { clients } = subject
  const lines = [
    `${subject.id}: ${subject.title}`,
    `sent: ${subject.send}`,
    `expected: ${subject.expect}`,
    ...subject.rules,
    'run: node --input-type=module < FILE, or save it as NAME.mjs and run: node NAME.mjs [PORT]',
    ...(clients ?? []),
    clients === undefined ? "The tester's own echo server answers:" : "The tester's own echo client answers:",
    ...answersOf(clients === undefined ? events : withoutRequests(events)).map((text) => `  ${text}`),
  ]
  return lines.map((line) => `// ${line.replace(/\s+$/, '').replaceAll(/[\r\n\u2028\u2029]+/g, ' ')}`)
}

/** Formats what arrived in the same way as the script. */
function answersOf(events: readonly RecordedEvent[]): string[] {
  const answers: string[] = []
  for (const { connection, kind, bytes } of events) {
    if (kind === 'received') answers.push(`c${connection} < ${describeBytes(bytes)}`)
    if (kind === 'fin-received') answers.push(`c${connection} < FIN`)
  }
  return answers.slice(0, 8)
}

function describeBytes(bytes: Buffer): string {
  const text = bytes.toString('latin1')
  const shown = /^HTTP/.test(text) ? JSON.stringify(text) : bytes.toString('hex')
  return `${bytes.length} bytes: ${shown.slice(0, SHOWN)}`
}

/** Puts several short steps on a line when there are too many lines. */
function joinSteps(steps: readonly string[]): string[] {
  const perLine = Math.ceil(steps.length / STEP_LINES)
  const lines: string[] = []
  for (let at = 0; at < steps.length; at += perLine) lines.push(steps.slice(at, at + perLine).join('; '))
  return lines
}

function formatCode({ host, port, clients }: ScriptSubject, steps: readonly string[]): string[] {
  const text = steps.join('\n')
  const helpers = [
    ...(clients === undefined ? OPENING : LISTENING),
    ...COMMON,
    ...(/\b(?:unpack|sums)\(/.test(text) ? UNPACKING : []),
    ...(/\bsums\(/.test(text) ? SUMMING : []),
    ...(/\bmasked\(/.test(text) ? MASKING : []),
  ]
  const filled = helpers
    .join('\n')
    .replace('HOST', host)
    .replaceAll('PORT', String(port))
    .replace('SHOWN', String(SHOWN))
  return [...filled.split('\n'), ...steps, 'process.exit()']
}
