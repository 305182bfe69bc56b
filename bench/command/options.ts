import { parseArgs } from 'node:util'
import { SCENARIOS, type ScenarioName } from '../load/workload.ts'
import { type Pace, QUICK, type RowSketch, THOROUGH } from '../measure/row-plan.ts'
import { integer, seconds, UsageError } from './option-value.ts'
import { scenarioSketches } from './scenario-rows.ts'

const OPTIONS = {
  against: { type: 'string' },
  api: { type: 'string', default: 'connection' },
  portable: { type: 'boolean', default: false },
  url: { type: 'string' },
  exec: { type: 'string' },
  pid: { type: 'string' },
  http2: { type: 'boolean', default: false },
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

/** The settings from the command line. */
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
  http2: boolean
  tolerance: number
  /** The rows of a scenario command. */
  sketches: RowSketch[]
}

function parse(args: string[]) {
  return parseArgs({ args, options: OPTIONS, allowPositionals: true })
}

/** The commands other than the scenarios. */
const OTHER_COMMANDS = ['micro', 'table', 'compare'] as const

/**
 * Reads the command line.
 *
 * @throws {UsageError} when something is unknown, missing or not allowed.
 */
export function readSettings(args: string[]): Settings {
  const { values, positionals } = parseOrExplain(args)
  const [command = '', ...operands] = positionals
  const help = values.help || command === 'help'
  if (!help) checkCommand(command, operands)
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
    http2: values.http2,
    tolerance: integer('tolerance', values.tolerance, 0) / 100,
    sketches: isScenario(command) ? scenarioSketches(command, values) : [],
  }
}

function parseOrExplain(args: string[]): ReturnType<typeof parse> {
  try {
    return parse(args)
  } catch (error) {
    throw new UsageError((error as Error).message)
  }
}

function checkCommand(command: string, operands: readonly string[]): void {
  const known: readonly string[] = [...SCENARIOS, ...OTHER_COMMANDS]
  if (!known.includes(command)) {
    const found = command === '' ? 'the command is missing' : `unknown command “${command}”`
    throw new UsageError(`${found}; allowed: ${known.join(', ')}`)
  }
  if (isScenario(command) && operands.length > 0) throw new UsageError(`unexpected “${operands[0]}” after ${command}`)
  if (command === 'compare' && operands.length !== 2) {
    throw new UsageError(`compare has ${operands.length} files; allowed: two files, OLD.json NEW.json`)
  }
}

function isScenario(command: string): command is ScenarioName {
  return (SCENARIOS as readonly string[]).includes(command)
}

function readPace(values: ReturnType<typeof parse>['values']): Pace {
  const pace = values.quick ? QUICK : THOROUGH
  return {
    rounds: values.rounds === undefined ? pace.rounds : integer('rounds', values.rounds, 1),
    durationMs: values.duration === undefined ? pace.durationMs : seconds('duration', values.duration) * 1000,
    warmupMs: values.warmup === undefined ? pace.warmupMs : seconds('warmup', values.warmup) * 1000,
  }
}
