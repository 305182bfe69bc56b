import type { ScenarioName } from '../load/workload.ts'
import type { RowSketch } from '../measure/row-plan.ts'
import { ATTACKS } from '../scenarios/hostile.ts'
import { KNOWN_SERVERS } from '../servers/known-servers.ts'
import { KINDS, type Kind } from '../wire/payload.ts'
import { integer, integers, oneOf, seconds, UsageError } from './option-value.ts'

/** The options of a scenario, as strings. */
export interface ScenarioOptions {
  against?: string
  api: string
  portable: boolean
  url?: string
  exec?: string
  http2: boolean
  size?: string
  kind?: string
  connections?: string
  depth?: string
  rate: string
  stalled: string
  attack?: string
  memory: boolean
  duration?: string
}

/** The default sizes, connections and kind of a scenario. */
const SCENARIO_DEFAULTS: Record<ScenarioName, { size: string; kind: Kind; connections: string; against: string }> = {
  echo: { size: '128', kind: 'binary', connections: '32', against: 'ws,ws+bufferutil,ws+cork,raw' },
  upload: { size: '1048576', kind: 'binary', connections: '4', against: 'ws,ws+bufferutil,raw' },
  broadcast: { size: '128', kind: 'ascii', connections: '1000', against: 'ws,socket.io' },
  idle: { size: '0', kind: 'binary', connections: '9500', against: 'ws,raw' },
  keepalive: { size: '0', kind: 'binary', connections: '9500', against: 'ws' },
  handshake: { size: '0', kind: 'binary', connections: '32', against: 'ws,raw' },
  deflate: { size: '1024', kind: 'json', connections: '', against: 'ws' },
  hostile: { size: '0', kind: 'binary', connections: '1', against: 'ws' },
}

/**
 * Returns one row for each combination of the listed values.
 *
 * @throws {UsageError} when a value is not allowed.
 */
export function scenarioSketches(scenario: ScenarioName, values: ScenarioOptions): RowSketch[] {
  const defaults = SCENARIO_DEFAULTS[scenario]
  const kind = oneOf('kind', values.kind ?? defaults.kind, KINDS)
  const isMemory = scenario === 'idle' || (scenario === 'deflate' && values.memory)
  const connections = values.connections ?? defaultConnections(scenario, values, isMemory)
  const peers = [...new Set([readSubject(values), ...readPeers(values, defaults.against)])]
  if (scenario === 'hostile') return hostileSketches(values, peers)
  const rate = integer('rate', values.rate, 0)
  const stalled = integer('stalled', values.stalled, 0)
  const sketches: RowSketch[] = []
  for (const size of integers('size', values.size ?? defaults.size, 0)) {
    for (const count of integers('connections', connections, 1)) {
      for (const depth of integers('depth', values.depth ?? '1', 1)) {
        const shape = { size, connections: count, depth, rate, stalled }
        const workload = { scenario, kind, ...shape, measure: isMemory ? ('memory' as const) : ('cpu' as const) }
        const { id, title } = nameRow(scenario, kind, shape, isMemory)
        sketches.push({ id, title, peers, workload, deflate: scenario === 'deflate' })
      }
    }
  }
  return sketches
}

/** Returns the default number of connections. Over HTTP/2 these are the streams of ten connections. */
function defaultConnections(scenario: ScenarioName, { http2 }: ScenarioOptions, isMemory: boolean): string {
  if (http2 && scenario !== 'handshake') return '1000'
  return SCENARIO_DEFAULTS[scenario].connections || (isMemory ? '1000' : '32')
}

/** Milliseconds; longer than most servers wait for the rest of an unfinished message. */
const HOSTILE_MS = 20_000

function hostileSketches(values: ScenarioOptions, peers: string[]): RowSketch[] {
  if (values.http2) throw new UsageError('hostile and --http2 exclude each other: its peers speak HTTP/1.1')
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

/** The properties that distinguish the rows of a scenario. */
interface RowShape {
  size: number
  connections: number
  depth: number
  rate: number
  stalled: number
}

function nameRow(scenario: string, kind: Kind, shape: RowShape, isMemory: boolean): { id: string; title: string } {
  const { size, connections, depth, rate, stalled } = shape
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

function readSubject(values: ScenarioOptions): string {
  if (values.url !== undefined && values.exec !== undefined) throw new UsageError('--url and --exec exclude each other')
  if (values.url !== undefined) return 'url'
  if (values.exec !== undefined) return 'exec'
  const api = oneOf('api', values.api, ['connection', 'session', 'borrowed', 'streamed', 'borrowed-parts'])
  if (values.http2) {
    if (api !== 'connection') throw new UsageError(`--api ${api} and --http2 exclude each other`)
    if (values.portable) throw new UsageError('--portable and --http2 exclude each other')
    return 'dwebsocket+http2'
  }
  if (api !== 'connection' && values.portable) throw new UsageError(`--api ${api} and --portable exclude each other`)
  if (values.portable) return 'dwebsocket+portable'
  return api === 'connection' ? 'dwebsocket' : `dwebsocket+${api}`
}

/** Returns the peers. A server given by its URL is measured alone unless peers are requested. */
function readPeers(values: ScenarioOptions, usual: string): string[] {
  const ownPeers = values.http2 ? 'dwebsocket+tls' : usual
  const list = values.against ?? (values.url === undefined ? ownPeers : '')
  const known = KNOWN_SERVERS.map((server) => server.name)
  return list
    .split(',')
    .filter((name) => name !== '' && name !== 'none')
    .map((name) => oneOf('against', name, known))
}
