import type { RecordedEvent } from '../result.ts'

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
}

/** Maximum number of lines of steps in a script. With the helpers, it has at most twenty lines of code. */
const STEP_LINES = 9
const MAX_STEPS = 60
/** Maximum number of characters of all steps together. */
const MAX_LENGTH = 100_000
/** Minimum duration of a pause in milliseconds for the script to repeat it. */
const PAUSE = 250
/** How many characters of received data are printed. */
const SHOWN = 200
/** Minimum number of bytes in a repetition. */
const LONG_RUN = 48
const PERIODS = [1, 2, 4, 8, 16, 32, 64] as const

/**
 * Formats a case as a script for Node without packages. The script writes the recorded bytes in the recorded pieces,
 * waits where a reply was received, and prints what arrives. It has at most twenty lines of code, after comments about
 * what is expected.
 *
 * @throws {RangeError} when the case is too long, or sends nothing.
 */
export function formatScript(subject: ScriptSubject, events: readonly RecordedEvent[]): string {
  const steps = formatSteps(events)
  if (steps.length === 0) throw new RangeError('the case sends nothing')
  if (steps.length > MAX_STEPS) throw new RangeError(`it has ${steps.length} steps; at most ${MAX_STEPS} fit`)
  const length = steps.reduce((sum, step) => sum + step.length, 0)
  if (length > MAX_LENGTH) throw new RangeError(`its bytes need ${length} characters; at most ${MAX_LENGTH} fit`)
  return `${[...describe(subject, events), ...formatCode(subject, joinSteps(steps))].join('\n')}\n`
}

function describe(subject: ScriptSubject, events: readonly RecordedEvent[]): string[] {
  const lines = [
    `${subject.id}: ${subject.title}`,
    `sent: ${subject.send}`,
    `expected: ${subject.expect}`,
    ...subject.rules,
    'run: node --input-type=module < FILE, or save it as NAME.mjs and run: node NAME.mjs [PORT]',
    "The tester's own echo server answers:",
    ...answersOf(events).map((text) => `  ${text}`),
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

/** Combines what arrived without anything sent in between into one event. */
function joinReceived(events: readonly RecordedEvent[]): RecordedEvent[] {
  const joined: RecordedEvent[] = []
  for (const event of events) {
    const last = joined.at(-1)
    if (event.kind === 'received' && last?.kind === 'received' && last.connection === event.connection) {
      last.bytes = Buffer.concat([last.bytes, event.bytes])
    } else joined.push({ ...event })
  }
  return joined
}

/** Returns one statement for each step. */
function formatSteps(events: readonly RecordedEvent[]): string[] {
  const steps: string[] = []
  const joined = joinWrites(events)
  for (const [index, { connection, kind, after, bytes, size }] of joined.entries()) {
    const name = `c${connection}`
    const previous = joined[index - 1]?.kind
    if (after > PAUSE && kind !== 'received' && previous !== 'open') steps.push(`await sleep(${Math.round(after)})`)
    if (kind === 'open') steps.push(`const ${name} = open('${name}')`)
    else if (kind === 'sent') {
      const pieces = size < bytes.length ? `, ${size}` : ''
      steps.push(`await send(${name}, ${formatBytes(bytes)}${pieces})`)
    } else if (kind === 'fin-sent') steps.push(`${name}.end()`)
    else if (kind === 'reset') steps.push(`${name}.resetAndDestroy()`)
    else if (steps.at(-1) !== `await answer(${name})`) steps.push(`await answer(${name})`)
  }
  const last = joined.at(-1)
  if (last !== undefined && !steps.at(-1)?.startsWith('await answer')) steps.push(`await answer(c${last.connection})`)
  return steps
}

interface Write extends RecordedEvent {
  /** The size of the pieces in bytes; the last one may be shorter. */
  size: number
}

/** Combines consecutive writes of the same size into one event. */
function joinWrites(events: readonly RecordedEvent[]): Write[] {
  const joined: Write[] = []
  for (const event of joinReceived(events)) {
    const last = joined.at(-1)
    const isPiece =
      event.kind === 'sent' &&
      last?.kind === 'sent' &&
      last.connection === event.connection &&
      last.bytes.length % last.size === 0 &&
      event.bytes.length <= last.size &&
      event.after <= PAUSE
    if (isPiece) last.bytes = Buffer.concat([last.bytes, event.bytes])
    else joined.push({ ...event, size: event.bytes.length })
  }
  return joined
}

/** Returns a JavaScript expression for bytes: text as a string, other bytes in hex, long repetitions with a count. */
function formatBytes(bytes: Buffer): string {
  const parts: string[] = []
  const isText = /^[\t\r\n -~]{4,}$/.test(bytes.toString('latin1', 0, 64))
  const add = (from: number, to: number): void => {
    if (to > from) parts.push(isText ? quote(bytes.subarray(from, to)) : hex(bytes.subarray(from, to)))
  }
  let from = 0
  for (let at = 0; at < bytes.length; ) {
    const run = findRun(bytes, at)
    if (run === null) at++
    else {
      add(from, at)
      parts.push(hex(bytes.subarray(at, at + run.period), run.length / run.period))
      at += run.length
      from = at
    }
  }
  add(from, bytes.length)
  return parts.length === 1 ? parts[0] : `Buffer.concat([${parts.map(asBuffer).join(', ')}])`
}

/** Finds a repetition that begins at `at`, in whole periods. */
function findRun(bytes: Buffer, at: number): { period: number; length: number } | null {
  for (const period of PERIODS) {
    let end = at + period
    while (end < bytes.length && bytes[end] === bytes[end - period]) end++
    const length = end - at - ((end - at) % period)
    if (length >= LONG_RUN && length >= 2 * period) return { period, length }
  }
  return null
}

function hex(bytes: Buffer, times = 1): string {
  return `hex('${bytes.toString('hex')}'${times === 1 ? '' : `, ${times}`})`
}

function quote(bytes: Buffer): string {
  const text = JSON.stringify(bytes.toString('latin1'))
  return text.includes('\\"') || text.includes("'") ? text : `'${text.slice(1, -1)}'`
}

function asBuffer(expression: string): string {
  return expression.startsWith('hex(') ? expression : `Buffer.from(${expression}, 'latin1')`
}

/** Puts several short steps on a line when there are too many lines. */
function joinSteps(steps: readonly string[]): string[] {
  const perLine = Math.ceil(steps.length / STEP_LINES)
  const lines: string[] = []
  for (let at = 0; at < steps.length; at += perLine) lines.push(steps.slice(at, at + perLine).join('; '))
  return lines
}

/** The beginning of every script. */
const HELPERS = [
  "import { connect } from 'node:net'",
  "import { setTimeout as sleep } from 'node:timers/promises'",
  "const hex = (digits, times = 1) => Buffer.alloc((digits.length / 2) * times, digits, 'hex')",
  "const show = (b) => b.length + ' bytes: ' + (b.indexOf('HTTP') ? b.toString('hex') : JSON.stringify(b.toString('latin1'))).slice(0, SHOWN)",
  "const open = (name, socket = Object.assign(connect({ host: 'HOST', port: process.argv[2] ?? PORT, noDelay: true, allowHalfOpen: true }), { got: [] }), note = (text) => socket.got.push(name + ' < ' + text)) =>",
  "  socket.on('data', (bytes) => note(show(bytes))).on('end', () => note('FIN')).on('error', ({ code }) => note(code))",
  "const send = async (socket, bytes, size = bytes.length) => { for (let at = 0; at < bytes.length && socket.writable; at += size, await sleep(5)) socket.write(bytes.slice(at, at + size), 'latin1') }",
  'const answer = async (socket) => {',
  '  for (let n = 0; n < 100 && socket.readable && socket.got.length === 0; n++) await sleep(50)',
  "  await sleep(100); console.log(socket.got.splice(0).join('\\n') || (socket.readable ? 'nothing within 5 s' : 'closed')) }",
].join('\n')

function formatCode({ host, port }: ScriptSubject, steps: readonly string[]): string[] {
  const helpers = HELPERS.replace('HOST', host).replace('PORT', String(port)).replace('SHOWN', String(SHOWN))
  return [...helpers.split('\n'), ...steps, 'process.exit()']
}
