import { type ChildProcess, spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import type { Target } from '../load/connection.ts'
import type { Dialect } from '../load/workload.ts'
import { type Peer, peerNamed } from '../servers/known-servers.ts'
import type { ServerReport, ServerSettings } from '../servers/support.ts'
import { endChild, messageFrom, startScript } from './child-process.ts'
import { pinned } from './pinning.ts'
import { type CpuReading, type CpuSpent, cpuSpentBetween, readCpu, readResidentBytes } from './process-usage.ts'

/** Milliseconds a server may take until it listens. */
const START_TIMEOUT = 20_000
const ANSWER_TIMEOUT = 20_000
/** Milliseconds a command may take to end by itself. */
const END_TIMEOUT = 2000

/** Processor time at one moment: from the operating system, or else as the server itself tells it. */
export type ServerCpu = { system: CpuReading } | { told: number } | undefined

/** A server under measurement, whoever started it. */
export interface MeasuredServer {
  readonly name: string
  readonly version: string
  readonly target: Target
  readonly dialect: Dialect
  readCpu(): Promise<ServerCpu>
  /** Resident bytes, after garbage collection where the server can be asked for it. */
  readResidentBytes(): Promise<number | undefined>
  readonly pid: number | undefined
  stop(): Promise<void>
}

/** Processor time between two readings of one server; undefined when it cannot be known. */
export function cpuBetween(before: ServerCpu, after: ServerCpu): CpuSpent | undefined {
  if (!before || !after) return undefined
  if ('system' in before) return 'system' in after ? cpuSpentBetween(before.system, after.system) : undefined
  return 'told' in after ? { ran: after.told - before.told, waited: 0 } : undefined
}

/** Starts a known peer on a port of its own choice. */
export async function startPeer(
  peer: Peer,
  settings: ServerSettings,
  cpu: number | undefined,
): Promise<MeasuredServer> {
  const args = ['--mode', settings.mode, '--max-message', String(settings.maxMessage)]
  args.push('--frame-bytes', String(settings.frameBytes), '--receipt', settings.receipt)
  if (settings.deflate) args.push('--deflate')
  const child = startScript(`servers/${peer.script}`, { cpu, args, env: peer.env })
  try {
    const { port, version } = await messageFrom(child, peer.name, START_TIMEOUT, (report: ServerReport) => {
      if (report.type === 'missing') throw new MissingPeerError(report.message)
      return report.type === 'listening' ? report : undefined
    })
    const path = peer.dialect === 'socket.io' ? '/socket.io/?EIO=4&transport=websocket' : '/'
    return new ChildServer(peer, version, child, { host: '127.0.0.1', port, path, tls: false })
  } catch (error) {
    await endChild(child)
    throw error
  }
}

/** A peer that is not installed here. */
export class MissingPeerError extends Error {
  override name = 'MissingPeerError'
}

class ChildServer implements MeasuredServer {
  readonly name: string
  readonly version: string
  readonly target: Target
  readonly dialect: Dialect
  readonly #child: ChildProcess

  constructor(peer: Peer, version: string, child: ChildProcess, target: Target) {
    this.name = peer.name
    this.version = version
    this.target = target
    this.dialect = peer.dialect ?? 'websocket'
    this.#child = child
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  async readCpu(): Promise<ServerCpu> {
    const system = readCpu(this.#child.pid!)
    return system ? { system } : { told: (await this.#usage('tell')).cpuMicros }
  }

  async readResidentBytes(): Promise<number | undefined> {
    const { residentBytes } = await this.#usage('collect')
    return readResidentBytes(this.#child.pid!) ?? residentBytes
  }

  stop(): Promise<void> {
    return endChild(this.#child)
  }

  #usage(question: 'tell' | 'collect'): Promise<{ cpuMicros: number; residentBytes: number }> {
    const answer = messageFrom(this.#child, this.name, ANSWER_TIMEOUT, (report: ServerReport) =>
      report.type === 'usage' ? report : undefined,
    )
    this.#child.send(question)
    return answer
  }
}

/** Starts a server by a shell command in which `{port}` stands for a free port. */
export async function startCommand(template: string, path: string, cpu: number | undefined): Promise<MeasuredServer> {
  if (!template.includes('{port}')) throw new RangeError(`“${template}” has no {port} in it`)
  const port = await findFreePort()
  const [command, args] = pinned(cpu, ['sh', '-c', `exec ${template.replaceAll('{port}', String(port))}`])
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'], detached: true })
  const target = { host: '127.0.0.1', port, path, tls: false }
  const orphaned = (): void => signalGroup(child, 'SIGKILL')
  process.once('exit', orphaned)
  const stop = async (): Promise<void> => {
    process.off('exit', orphaned)
    await endGroup(child)
  }
  try {
    await waitForPort(port, child)
  } catch (error) {
    await stop()
    throw error
  }
  return foreignServer('exec', target, child.pid, stop)
}

/** A server that runs already; its cost is known only with its process id. */
export function runningServer(url: string, pid: number | undefined): MeasuredServer {
  const { protocol, hostname, port, pathname, search } = new URL(url)
  if (protocol !== 'ws:' && protocol !== 'wss:') throw new RangeError(`“${url}” is no ws:// or wss:// address`)
  const tls = protocol === 'wss:'
  const host = hostname.replace(/^\[|\]$/g, '')
  return foreignServer('url', { host, port: Number(port) || (tls ? 443 : 80), path: pathname + search, tls }, pid)
}

function foreignServer(
  name: string,
  target: Target,
  pid: number | undefined,
  stop: () => Promise<void> = async () => {},
): MeasuredServer {
  const reading = (): CpuReading | undefined => (pid === undefined ? undefined : readCpu(pid))
  return {
    name,
    version: '',
    target,
    dialect: 'websocket',
    pid,
    async readCpu() {
      const system = reading()
      return system && { system }
    },
    readResidentBytes: async () => (pid === undefined ? undefined : readResidentBytes(pid)),
    stop,
  }
}

/** The command may have children of its own; all of them are in the group that it leads. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal)
  } catch {
    // Nobody of the group is left.
  }
}

function endGroup(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve()
    const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), END_TIMEOUT)
    child.once('exit', () => {
      clearTimeout(timer)
      resolve()
    })
    signalGroup(child, 'SIGTERM')
  })
}

function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer().on('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number }
      probe.close(() => resolve(port))
    })
  })
}

async function waitForPort(port: number, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('the command ended before it listened')
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect({ port, host: '127.0.0.1' })
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
    if (isOpen) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`nothing listened on port ${port} within ${START_TIMEOUT} ms`)
}

/** Starts the server that a name of `--against` stands for. */
export function startNamed(name: string, settings: ServerSettings, cpu: number | undefined): Promise<MeasuredServer> {
  return startPeer(peerNamed(name), settings, cpu)
}
