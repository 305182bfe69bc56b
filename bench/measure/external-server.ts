import { type ChildProcess, spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Target } from '../load/workload.ts'
import type { MeasuredServer } from './measured-server.ts'
import { pinned } from './pinning.ts'
import { readCpu, readResidentBytes } from './process-usage.ts'

/** Milliseconds until a command must listen. */
const START_TIMEOUT = 20_000
/** Milliseconds between SIGTERM and SIGKILL. */
const END_TIMEOUT = 2000

/**
 * Starts a server with a shell command in which `{port}` is replaced by a free port.
 *
 * @throws {RangeError} when the command has no `{port}`.
 */
export async function startCommand(
  template: string,
  { http2, cpu }: { http2: boolean; cpu: number | undefined },
): Promise<MeasuredServer> {
  if (!template.includes('{port}'))
    throw new RangeError(`option --exec is '${template}'; allowed: a command with {port}`)
  const port = await findFreePort()
  const [command, args] = pinned(cpu, ['sh', '-c', `exec ${template.replaceAll('{port}', String(port))}`])
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'inherit'], detached: true })
  const target = { host: '127.0.0.1', port, path: '/', tls: false, http2 }
  const killOrphans = (): void => signalGroup(child, 'SIGKILL')
  process.once('exit', killOrphans)
  const stop = async (): Promise<void> => {
    process.off('exit', killOrphans)
    await endGroup(child)
  }
  try {
    await waitForPort(port, child)
  } catch (error) {
    await stop()
    throw error
  }
  return externalServer('exec', target, child.pid, stop)
}

/**
 * Uses a server that is already running. Its cost is only known with its process id.
 *
 * @throws {RangeError} when `url` is not a ws: or wss: URL.
 */
export function runningServer(
  url: string,
  { http2, pid }: { http2: boolean; pid: number | undefined },
): MeasuredServer {
  const { protocol, hostname, port, pathname, search } = new URL(url)
  if (protocol !== 'ws:' && protocol !== 'wss:') {
    throw new RangeError(`option --url is '${url}'; allowed: a ws: or wss: URL`)
  }
  const tls = protocol === 'wss:'
  const host = hostname.replace(/^\[|\]$/g, '')
  const target = { host, port: Number(port) || (tls ? 443 : 80), path: pathname + search, tls, http2 }
  return externalServer('url', target, pid)
}

function externalServer(
  name: string,
  target: Target,
  pid: number | undefined,
  stop: () => Promise<void> = async () => {},
): MeasuredServer {
  return {
    name,
    version: '',
    target,
    dialect: 'websocket',
    pid,
    async readCpu() {
      const system = pid === undefined ? undefined : readCpu(pid)
      return system && { system }
    },
    readResidentBytes: async () => (pid === undefined ? undefined : readResidentBytes(pid)),
    stop,
  }
}

/** The command leads a process group, so that its children are signaled too. */
function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    process.kill(-child.pid!, signal)
  } catch {
    // No process of the group is left.
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

/** Ports below those that operating systems assign, so that no connection and no other server uses them by chance. */
const FIRST_PORT = 20_000
const PORT_COUNT = 12_000

async function findFreePort(): Promise<number> {
  const first = Math.floor(Math.random() * PORT_COUNT)
  for (let i = 0; i < PORT_COUNT; i++) {
    const port = FIRST_PORT + ((first + i) % PORT_COUNT)
    if (await isFree(port)) return port
  }
  throw new Error(`no port from ${FIRST_PORT} to ${FIRST_PORT + PORT_COUNT - 1} is free`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer().on('error', () => resolve(false))
    probe.listen({ port, host: '127.0.0.1', exclusive: true }, () => probe.close(() => resolve(true)))
  })
}

async function waitForPort(port: number, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + START_TIMEOUT
  while (performance.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('the command ended before it listened')
    if (await acceptsConnections(port)) return
    await sleep(50)
  }
  throw new Error(`nothing listened on port ${port} within ${START_TIMEOUT} ms`)
}

function acceptsConnections(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('error', () => resolve(false))
    socket.on('connect', () => {
      socket.destroy()
      resolve(true)
    })
  })
}
