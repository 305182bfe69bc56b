import type { RecordedEvent } from '../result.ts'
import { formatBytes, joinBytes } from './script-bytes.ts'

/** Minimum duration of a pause in milliseconds for the script to repeat it. */
const PAUSE = 250
/** The longest sequence of steps that a loop repeats, and how often it must occur. */
const LONGEST_BODY = 24
const FEWEST_TURNS = 3

/** The size of a header with a 64-bit length and a masking key, in bytes. */
const LONGEST_HEADER = 14

/** Stands for the connection in a value. No other text of a script contains it. */
const SELF = '\0'

/** A statement of a script. In the template, `$` stands for the connection and `%` for each of its values. */
export interface Step {
  template: string
  connection: number
  values: readonly string[]
  /** The line begins a connection. */
  isOpen?: boolean
}

/** How a script opens a connection, and what replaces text that depends on the other side. */
export interface StepWords {
  /** The expression that opens the connection `$` with the name `%`. */
  open: string
  /** Returns the text of a 101 that depends on the key of the client, for a connection. */
  acceptOf?(connection: number): string | undefined
}

/** Returns the steps that repeat what was sent, and wait where something was received. */
export function listSteps(events: readonly RecordedEvent[], words: StepWords): Step[] {
  const steps: Step[] = []
  const joined = joinWrites(events)
  for (const [index, { connection, kind, after, bytes, size, first }] of joined.entries()) {
    const add = (template: string, ...values: string[]): void => {
      steps.push({ template, connection, values, isOpen: kind === 'open' })
    }
    const previous = joined[index - 1]?.kind
    if (after > PAUSE && kind !== 'received' && kind !== 'open' && previous !== 'open')
      add(`await sleep(${Math.round(after)})`)
    if (kind === 'open') add(`const $ = ${words.open}`, `'c${connection}'`)
    else if (kind === 'sent') {
      const shown = formatSent(bytes, words.acceptOf?.(connection))
      if (first !== undefined) add('await send($, %, ...%)', shown, `[${first}, ${size}]`)
      else if (size < bytes.length) add('await send($, %, %)', shown, String(size))
      else add('await send($, %)', shown)
    } else if (kind === 'fin-sent') add('$.end()')
    else if (kind === 'reset') add('$.resetAndDestroy()')
    else if (!isAnswer(steps.at(-1), connection)) add('await answer($)')
  }
  const last = joined.at(-1)
  if (last !== undefined && !steps.at(-1)?.template.startsWith('await answer'))
    steps.push({ template: 'await answer($)', connection: last.connection, values: [] })
  return steps
}

function isAnswer(step: Step | undefined, connection: number): boolean {
  return step?.template === 'await answer($)' && step.connection === connection
}

/** Formats what was sent. The value of Sec-WebSocket-Accept depends on the key that the client sends this time. */
function formatSent(bytes: Buffer, accept: string | undefined): string {
  const parts = accept === undefined ? [] : bytes.toString('latin1').split(accept)
  if (parts.length < 2) return formatBytes(bytes)
  const shown = parts.flatMap((text, index) => [
    ...(index === 0 ? [] : [`accept(${SELF})`]),
    ...(text === '' ? [] : [formatBytes(Buffer.from(text, 'latin1'))]),
  ])
  return joinBytes(shown)
}

/** Formats steps as statements, one by one. */
export function formatSteps(steps: readonly Step[]): string[] {
  return steps.map((step) => formatStep(step, `c${step.connection}`, step.values))
}

function formatStep({ template }: Step, name: string, values: readonly string[]): string {
  let index = 0
  const filled = template.replaceAll('$', name).replaceAll('%', () => values[index++])
  return filled.replaceAll(SELF, name)
}

/** Formats steps as statements, with a loop for each sequence that is repeated, also on other connections. */
export function formatLoops(steps: readonly Step[]): string[] {
  const statements: string[] = []
  for (let at = 0; at < steps.length; ) {
    const { size, turns } = findLoop(steps, at)
    if (turns < FEWEST_TURNS) statements.push(...formatSteps(steps.slice(at, ++at)))
    else {
      statements.push(formatLoop(steps.slice(at, at + size * turns), size, turns))
      at += size * turns
    }
  }
  return statements
}

/** Finds the longest repetition that begins at a step. */
function findLoop(steps: readonly Step[], at: number): { size: number; turns: number } {
  let best = { size: 1, turns: 1 }
  for (let size = 1; size <= LONGEST_BODY && at + size <= steps.length; size++) {
    const body = (turn: number): Step[] => steps.slice(at + size * turn, at + size * (turn + 1))
    const isWhole = (turn: number): boolean => !isUsedAfter(steps, at + size * turn, size)
    const first = body(0)
    if (!isBody(first) || !isWhole(0)) continue
    let turns = 1
    while (isSame(first, body(turns)) && isWhole(turns)) turns++
    if (turns >= FEWEST_TURNS && size * turns > best.size * best.turns) best = { size, turns }
  }
  return best
}

/** Returns whether a connection that these steps open is used after them, where the name of the loop is unknown. */
function isUsedAfter(steps: readonly Step[], at: number, size: number): boolean {
  const { isOpen, connection } = steps[at]
  return isOpen === true && steps.slice(at + size).some((step) => step.connection === connection)
}

/** A loop opens its connection first, or uses one that is open. */
function isBody(steps: readonly Step[]): boolean {
  const [{ connection }] = steps
  return steps.every((step, index) => step.connection === connection && (index === 0 || !step.isOpen))
}

function isSame(first: readonly Step[], next: readonly Step[]): boolean {
  if (next.length < first.length || !isBody(next)) return false
  const isNew = first[0].isOpen === true
  return first.every(
    ({ template, connection, values }, index) =>
      template === next[index].template &&
      (isNew || connection === next[index].connection) &&
      // A value outside the loop cannot name its connection.
      values.every((value, at) => value === next[index].values[at] || !value.includes(SELF)),
  )
}

function formatLoop(steps: readonly Step[], size: number, turns: number): string {
  const body = steps.slice(0, size)
  const name = body[0].isOpen ? 'c' : `c${body[0].connection}`
  const rows = Array.from({ length: turns }, (_, turn) =>
    steps.slice(turn * size, (turn + 1) * size).flatMap(({ values }) => values),
  )
  const isVaried = rows[0].map((value, column) => rows.some((row) => row[column] !== value))
  const names = isVaried.flatMap((varied, column) => (varied ? [`v${column}`] : []))
  let column = 0
  const lines = body.map((step) => {
    const values = step.values.map((value) => (isVaried[column++] ? `v${column - 1}` : value))
    return formatStep(step, name, values)
  })
  const table = rows.map((row) => `[${row.filter((_, index) => isVaried[index]).join(', ')}]`).join(', ')
  const head = names.length === 0 ? `let n = 0; n < ${turns}; n++` : `const [${names.join(', ')}] of [${table}]`
  return `for (${head}) { ${lines.join('; ')} }`
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

interface Write extends RecordedEvent {
  /** The size of the pieces in bytes; the last one may be shorter. */
  size: number
  /** The size of the first piece, if it is a part of a header. */
  first?: number
}

/** Combines consecutive writes of the same size into one event. */
function joinWrites(events: readonly RecordedEvent[]): Write[] {
  const joined: Write[] = []
  for (const event of joinReceived(events)) {
    const last = joined.at(-1)
    const follows = event.kind === 'sent' && last?.kind === 'sent' && last.connection === event.connection
    if (!follows || event.after > PAUSE) joined.push({ ...event, size: event.bytes.length })
    else if (last.first === undefined && last.bytes.length % last.size === 0 && event.bytes.length <= last.size) {
      last.bytes = Buffer.concat([last.bytes, event.bytes])
    } else if (last.bytes.length < LONGEST_HEADER && last.size === last.bytes.length) {
      last.first = last.size
      last.size = event.bytes.length
      last.bytes = Buffer.concat([last.bytes, event.bytes])
    } else joined.push({ ...event, size: event.bytes.length })
  }
  return joined
}
