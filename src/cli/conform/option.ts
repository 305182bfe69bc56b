import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import type { FailOn } from '../../conformance/index.ts'
import { optionMessage } from '../../options/read-options.ts'
import { UsageError } from '../usage.ts'

/** The options of a run, as `parseArgs` reads them. */
const OPTIONS = {
  case: { type: 'string', short: 'c', multiple: true, default: [] as string[] },
  exclude: { type: 'string', short: 'x', multiple: true, default: [] as string[] },
  long: { type: 'boolean', default: false },
  perf: { type: 'boolean', default: false },
  robust: { type: 'boolean', default: false },
  all: { type: 'boolean', default: false },
  list: { type: 'boolean', default: false },
  'dry-run': { type: 'boolean', default: false },
  strict: { type: 'boolean', default: false },
  'fail-on': { type: 'string', default: 'must' },
  baseline: { type: 'string' },
  'write-baseline': { type: 'string' },
  retries: { type: 'string', default: '0' },
  bail: { type: 'string' },
  jobs: { type: 'string', short: 'j', default: '8' },
  timeout: { type: 'string', default: '2' },
  'timeout-factor': { type: 'string', default: '1' },
  idle: { type: 'string', default: '5' },
  deadline: { type: 'string' },
  'wait-for': { type: 'string', default: '0' },
  seed: { type: 'string' },
  shuffle: { type: 'boolean', default: false },
  exec: { type: 'string' },
  'exec-once': { type: 'boolean', default: false },
  port: { type: 'string' },
  agents: { type: 'string', default: '1' },
  header: { type: 'string', short: 'H', multiple: true, default: [] as string[] },
  origin: { type: 'string' },
  host: { type: 'string' },
  user: { type: 'string' },
  subprotocol: { type: 'string' },
  unix: { type: 'string' },
  resolve: { type: 'string' },
  http2: { type: 'boolean', default: false },
  insecure: { type: 'boolean', default: false },
  ca: { type: 'string' },
  sni: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
  echo: { type: 'string', default: 'auto' },
  'echo-prefix': { type: 'string', default: '' },
  'max-message': { type: 'string', default: '16777216' },
  label: { type: 'string', multiple: true, default: [] as string[] },
  'i-own-this-target': { type: 'boolean', default: false },
  output: { type: 'string', short: 'o', multiple: true, default: [] as string[] },
  quiet: { type: 'boolean', short: 'q', default: false },
  verbose: { type: 'boolean', short: 'v', multiple: true, default: [] as boolean[] },
  trace: { type: 'boolean', default: false },
  color: { type: 'string', default: 'auto' },
  json: { type: 'boolean', default: false },
  script: { type: 'boolean', default: false },
  version: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** The checked command line of `dwebsocket conform`. */
export type ConformOptions = ReturnType<typeof parseOptions>

/**
 * Reads the options.
 * @throws {UsageError} when an option or its value is not allowed.
 */
export function parseOptions(args: readonly string[]) {
  const { values, positionals } = parseArgs({ args: giveBailItsNumber(args), options: OPTIONS, allowPositionals: true })
  const factor = readNumber('timeout-factor', values['timeout-factor'], 0.01, 1000)
  const seconds = (name: string, text: string): number => readNumber(name, text, 0, 86_400) * 1000
  return {
    positionals,
    ...readSwitches(values),
    include: values.case,
    exclude: values.exclude,
    failOn: readChoice('fail-on', values['fail-on'], ['must', 'should', 'new', 'never'] as const) satisfies FailOn,
    baseline: values.baseline,
    writeBaseline: values['write-baseline'],
    retries: readNumber('retries', values.retries, 0, 100),
    bail: values.bail === undefined ? undefined : readNumber('bail', values.bail, 1, 1e6),
    jobs: values.trace ? 1 : readNumber('jobs', values.jobs, 1, 1000),
    timeout: seconds('timeout', values.timeout) * factor,
    timeoutFactor: factor,
    idle: seconds('idle', values.idle),
    deadline: values.deadline === undefined ? undefined : seconds('deadline', values.deadline),
    waitFor: seconds('wait-for', values['wait-for']),
    seed: values.seed === undefined ? Math.floor(Math.random() * 1e6) : readNumber('seed', values.seed, 0, 2 ** 31),
    exec: values.exec,
    execOnce: values['exec-once'],
    port: values.port === undefined ? undefined : readNumber('port', values.port, 0, 65_535),
    agents: readNumber('agents', values.agents, 1, 100),
    fields: fieldsOf(values),
    host: values.host,
    subprotocol: values.subprotocol,
    unix: values.unix,
    resolve: values.resolve,
    tls: tlsOf(values),
    http2: values.http2,
    echo: readChoice('echo', values.echo, ['auto', 'plain', 'none'] as const),
    echoPrefix: values['echo-prefix'],
    maxMessage: readNumber('max-message', values['max-message'], 1, 2 ** 32),
    labels: values.label,
    outputs: values.output,
    verbosity: verbosityOf(values),
    color: isColored(readChoice('color', values.color, ['auto', 'always', 'never'] as const)),
    /** The further options that are needed to repeat a case, quoted for a shell. */
    repeat: repeatOf(values),
  }
}

type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS; allowPositionals: true }>>['values']

function readSwitches(values: Values) {
  return {
    long: values.long,
    perf: values.perf,
    robust: values.robust,
    all: values.all,
    list: values.list || values['dry-run'],
    strict: values.strict,
    shuffle: values.shuffle,
    ownsTarget: values['i-own-this-target'],
    trace: values.trace,
    json: values.json,
    script: values.script,
    version: values.version,
    help: values.help,
  }
}

/** `--bail` may have no value; parseArgs requires one. */
function giveBailItsNumber(args: readonly string[]): string[] {
  return args.flatMap((word, index) => {
    if (word !== '--bail') return [word]
    return /^\d+$/.test(args[index + 1] ?? '') ? [word] : ['--bail=1']
  })
}

function verbosityOf(values: Values): -1 | 0 | 1 | 2 {
  if (values.quiet) return -1
  return Math.min(2, values.verbose.length) as 0 | 1 | 2
}

function isColored(when: 'auto' | 'always' | 'never'): boolean {
  if (when !== 'auto') return when === 'always'
  return !process.env.NO_COLOR && process.stdout.isTTY === true
}

function fieldsOf(values: Values): [name: string, value: string][] {
  const fields = values.header.map((text): [string, string] => {
    const match = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):\s*(.*)$/.exec(text)
    if (match === null) throw new UsageError(optionMessage('-H', text, 'Name: value'))
    return [match[1], match[2]]
  })
  if (values.origin !== undefined) fields.push(['Origin', values.origin])
  if (values.user !== undefined) fields.push(['Authorization', `Basic ${Buffer.from(values.user).toString('base64')}`])
  return fields
}

function tlsOf(values: Values) {
  return {
    ...(values.insecure && { rejectUnauthorized: false }),
    ...(values.ca !== undefined && { ca: readFile('ca', values.ca) }),
    ...(values.cert !== undefined && { cert: readFile('cert', values.cert) }),
    ...(values.key !== undefined && { key: readFile('key', values.key) }),
    ...(values.sni !== undefined && { servername: values.sni }),
  }
}

function readFile(name: string, path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (error) {
    throw new UsageError(`--${name} ${path}: ${(error as Error).message}`)
  }
}

/** Returns the further options that are needed to repeat a single case, quoted for a shell. */
function repeatOf(values: Values): string {
  const words: string[] = []
  const add = (name: string, value: string | undefined): void => {
    if (value !== undefined) words.push(`--${name}`, quote(value))
  }
  for (const header of values.header) add('header', header)
  add('origin', values.origin)
  add('host', values.host)
  add('subprotocol', values.subprotocol)
  add('unix', values.unix)
  add('resolve', values.resolve)
  if (values.http2) words.push('--http2')
  if (values.insecure) words.push('--insecure')
  add('ca', values.ca)
  add('sni', values.sni)
  if (values['echo-prefix'] !== '') add('echo-prefix', values['echo-prefix'])
  if (values.echo !== 'auto') add('echo', values.echo)
  if (values['i-own-this-target']) words.push('--i-own-this-target')
  return words.join(' ')
}

/** Quotes a command-line argument for a shell. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}

function readNumber(name: string, text: string, least: number, most: number): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= least && value <= most)) {
    throw new UsageError(optionMessage(`--${name}`, text, `a number from ${least} to ${most}`))
  }
  return value
}

function readChoice<const T extends string>(name: string, text: string, choices: readonly T[]): T {
  const choice = choices.find((one) => one === text)
  if (choice === undefined) throw new UsageError(optionMessage(`--${name}`, text, choices.join(', ')))
  return choice
}
