import { parseArgs } from 'node:util'
import { SCENARIOS, type ScenarioName } from '../load/workload.ts'
import { type Pace, QUICK, type RowSketch, THOROUGH } from '../measure/row-plan.ts'
import { ATTACKS } from '../scenarios/hostile.ts'
import { peerNamed } from '../servers/known-servers.ts'
import { KINDS, type Kind } from '../wire/payload.ts'

/** A command line that does not make sense; the exit code is 2. */
export class UsageError extends Error {
  override name = 'UsageError'
}

const OPTIONS = {
  against: { type: 'string' },
  api: { type: 'string', default: 'connection' },
  portable: { type: 'boolean', default: false },
  url: { type: 'string' },
  exec: { type: 'string' },
  pid: { type: 'string' },
  size: { type: 'string' },
  kind: { type: 'string' },
  connections: { type: 'string' },
  depth: { type: 'string' },
  rate: { type: 'string', default: '0' },
  stalled: { type: 'string', default: '0' },
  attack: { type: 'string' },
  memory: { type: 'boolean', default: false },
  duration: { type: 'string' },
  warmup: { type: 'string' },
  rounds: { type: 'string' },
  quick: { type: 'boolean', default: false },
  'no-pin': { type: 'boolean', default: false },
  json: { type: 'boolean', default: false },
  markdown: { type: 'boolean', default: false },
  html: { type: 'string' },
  list: { type: 'boolean', default: false },
  tolerance: { type: 'string', default: '10' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** What the command line asks for. */
export interface Settings {
  command: string
  operands: string[]
  help: boolean
  list: boolean
  json: boolean
  markdown: boolean
  html: string | undefined
  pin: boolean
  pace: Pace
  url: string | undefined
  exec: string | undefined
  pid: number | undefined
  tolerance: number
  /** The rows of a scenario command. */
  sketches: RowSketch[]
}

type Values = ReturnType<typeof parse>['values']

function parse(args: string[]) {
  return parseArgs({ args, options: OPTIONS, allowPositionals: true })
}

/** The commands besides the scenarios. */
const OTHER_COMMANDS = ['micro', 'table', 'compare'] as const

/** Reads the command line. Throws a UsageError that says what was found and what is allowed. */
export function readSettings(args: string[]): Settings {
  let parsed: ReturnType<typeof parse>
  try {
    parsed = parse(args)
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
  const { values, positionals } = parsed
  const [command = '', ...operands] = positionals
  const help = values.help || command === 'help'
  const known: readonly string[] = [...SCENARIOS, ...OTHER_COMMANDS]
  if (!help && !known.includes(command)) {
    throw new UsageError(
      `${command ? `unknown command “${command}”` : 'a command is missing'}, known are ${known.join(', ')}`,
    )
  }
  const isScenario = (SCENARIOS as readonly string[]).includes(command)
  if (isScenario && operands.length > 0) throw new UsageError(`unexpected “${operands[0]}” after ${command}`)
  if (command === 'compare' && operands.length !== 2) throw new UsageError('compare takes two files: OLD.json NEW.json')
  return {
    command,
    operands,
    help,
    list: values.list,
    json: values.json,
    markdown: values.markdown,
    html: values.html,
    pin: !values['no-pin'],
    pace: readPace(values),
    url: values.url,
    exec: values.exec,
    pid: values.pid === undefined ? undefined : integer('pid', values.pid, 1),
    tolerance: integer('tolerance', values.tolerance, 0) / 100,
    sketches: isScenario ? scenarioSketches(command as ScenarioName, values) : [],
  }
}

function readPace(values: Values): Pace {
  const pace = values.quick ? QUICK : THOROUGH
  return {
    rounds: values.rounds === undefined ? pace.rounds : integer('rounds', values.rounds, 1),
    durationMs: values.duration === undefined ? pace.durationMs : seconds('duration', values.duration) * 1000,
    warmupMs: values.warmup === undefined ? pace.warmupMs : seconds('warmup', values.warmup) * 1000,
  }
}

/** Sizes, connections, depth and kind of a scenario when nothing else is said. */
const SCENARIO_DEFAULTS: Record<ScenarioName, { size: string; kind: Kind; connections: string; against: string }> = {
  echo: { size: '128', kind: 'binary', connections: '32', against: 'ws,ws+bufferutil,ws+cork,raw' },
  upload: { size: '1048576', kind: 'binary', connections: '4', against: 'ws,ws+bufferutil,raw' },
  broadcast: { size: '128', kind: 'ascii', connections: '1000', against: 'ws,socket.io' },
  idle: { size: '0', kind: 'binary', connections: '9500', against: 'ws,raw' },
  handshake: { size: '0', kind: 'binary', connections: '32', against: 'ws,raw' },
  deflate: { size: '1024', kind: 'json', connections: '', against: 'ws' },
  hostile: { size: '0', kind: 'binary', connections: '1', against: 'ws' },
}

/** One row for every combination of the listed values. */
function scenarioSketches(scenario: ScenarioName, values: Values): RowSketch[] {
  const defaults = SCENARIO_DEFAULTS[scenario]
  const kind = oneOf('kind', values.kind ?? defaults.kind, KINDS)
  const isMemory = scenario === 'idle' || (scenario === 'deflate' && values.memory)
  const connections = values.connections ?? (defaults.connections || (isMemory ? '1000' : '32'))
  const peers = [...new Set([readSubject(values), ...readPeers(values, defaults.against)])]
  if (scenario === 'hostile') return hostileSketches(values, peers)
  const rate = integer('rate', values.rate, 0)
  const stalled = integer('stalled', values.stalled, 0)
  const sketches: RowSketch[] = []
  for (const size of integers('size', values.size ?? defaults.size, 0)) {
    for (const count of integers('connections', connections, 1)) {
      for (const depth of integers('depth', values.depth ?? '1', 1)) {
        const what = { size, connections: count, depth, rate, stalled }
        const workload = { scenario, kind, ...what, measure: isMemory ? ('memory' as const) : ('cpu' as const) }
        const { id, title } = nameRow(scenario, kind, what, isMemory)
        sketches.push({ id, title, peers, workload, deflate: scenario === 'deflate' })
      }
    }
  }
  return sketches
}

/** Longer than the timers of most servers for what a peer has begun. */
const HOSTILE_MS = 20_000

function hostileSketches(values: Values, peers: string[]): RowSketch[] {
  const names = values.attack === undefined ? ATTACKS : values.attack.split(',')
  return names.map((name) => {
    const attack = oneOf('attack', name, ATTACKS)
    const measure = ['utf8', 'header', 'trickle'].includes(attack) ? 'cpu' : 'peak'
    const durationMs = values.duration === undefined ? HOSTILE_MS : seconds('duration', values.duration) * 1000
    return {
      id: `hostile-${attack}`,
      title: `hostile peer: ${attack}`,
      peers,
      deflate: attack === 'bomb',
      workload: { scenario: 'hostile', measure, attack, connections: 1, durationMs, warmupMs: 0 },
    }
  })
}

interface Named {
  size: number
  connections: number
  depth: number
  rate: number
  stalled: number
}

function nameRow(scenario: string, kind: Kind, what: Named, isMemory: boolean): { id: string; title: string } {
  const { size, connections, depth, rate, stalled } = what
  const hasMessages = size > 0 || scenario === 'echo'
  const extra = `${rate > 0 ? `-r${rate}` : ''}${stalled > 0 ? `-s${stalled}` : ''}${isMemory ? '-memory' : ''}`
  const title = [
    scenario,
    hasMessages ? `${size} B ${kind}` : '',
    rate > 0 ? `${rate} per second` : hasMessages ? `${depth} in flight` : '',
    `× ${connections}`,
    stalled > 0 ? `and ${stalled} that never read` : '',
    isMemory ? '(memory)' : '',
  ]
  return {
    id: `${scenario}-${kind}-${size}-d${depth}-c${connections}${extra}`,
    title: title.filter(Boolean).join(' '),
  }
}

function readSubject(values: Values): string {
  if (values.url !== undefined && values.exec !== undefined) throw new UsageError('--url and --exec exclude each other')
  if (values.url !== undefined) return 'url'
  if (values.exec !== undefined) return 'exec'
  const api = oneOf('api', values.api, ['connection', 'session'])
  if (api === 'session' && values.portable) throw new UsageError('--api session and --portable exclude each other')
  return values.portable ? 'dwebsocket+portable' : api === 'session' ? 'dwebsocket+session' : 'dwebsocket'
}

/** A server given by its address is measured alone unless peers are asked for. */
function readPeers(values: Values, usual: string): string[] {
  const list = values.against ?? (values.url === undefined ? usual : '')
  try {
    return list
      .split(',')
      .filter((name) => name !== '' && name !== 'none')
      .map((name) => peerNamed(name).name)
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function oneOf<Name extends string>(option: string, value: string, allowed: readonly Name[]): Name {
  const found = allowed.find((candidate) => candidate === value)
  if (found === undefined) throw new UsageError(`--${option} ${value}: allowed are ${allowed.join(', ')}`)
  return found
}

function integer(option: string, value: string, least: number): number {
  const number = Number(value)
  if (!/^\d+$/.test(value) || number < least) {
    throw new UsageError(`--${option} ${value}: a whole number of at least ${least} is allowed`)
  }
  return number
}

function integers(option: string, list: string, least: number): number[] {
  return list.split(',').map((value) => integer(option, value, least))
}

function seconds(option: string, value: string): number {
  const number = Number(value)
  if (value === '' || !(number >= 0) || number > 3600) {
    throw new UsageError(`--${option} ${value}: seconds from 0 to 3600 are allowed`)
  }
  return number
}
