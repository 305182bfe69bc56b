import { type ChildProcess, spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { poll } from '../wire/index.ts'

/** Milliseconds a server may take until it accepts connections; one that ends before is noticed at once. */
const START_LIMIT = 120_000
/** Milliseconds a server has to end by itself after SIGTERM. */
const STOP_LIMIT = 2_000
/** Milliseconds in which a running server must serve again before it counts as hung. */
const HANG_LIMIT = 3_000
/** Bytes of its output that are retained. */
const KEPT_OUTPUT = 16_384

/** A server under test that the tester starts, watches, restarts after a crash, and ends. */
export class ServerProcess {
  readonly port: number
  #command: string
  #child: ChildProcess | null = null
  #output = ''
  #stopping = false
  #crashes = 0
  #restarting: Promise<boolean> | null = null
  #restartsLeft: number

  /** `command` may hold `{port}`. */
  constructor(command: string, port: number, restarts = 20) {
    this.#command = command.replaceAll('{port}', String(port))
    this.port = port
    this.#restartsLeft = restarts
  }

  /** How often it died by itself. */
  get crashes(): number {
    return this.#crashes
  }

  /** The end of what it wrote to standard output and standard error. */
  get output(): string {
    return this.#output
  }

  /** Starts it and waits until its port accepts; false when it does not in time or ends before. */
  async start(): Promise<boolean> {
    // A process group of its own, so that what the shell starts ends with it.
    const child = spawn(this.#command, { shell: true, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    // When the tester exits early, no child process must survive it.
    const kill = (): void => signalGroup(child, 'SIGKILL')
    process.once('exit', kill)
    child.once('exit', () => process.off('exit', kill))
    const append = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString('utf8')).slice(-KEPT_OUTPUT)
    }
    child.stdout?.on('data', append)
    child.stderr?.on('data', append)
    child.on('error', (error) => append(Buffer.from(`${error.message}\n`)))
    child.on('exit', () => this.#onExit(child))
    await poll(async () => this.#child !== child || (await accepts(this.port)), START_LIMIT)
    return this.#child === child && (await accepts(this.port))
  }

  /** Whether its port accepts connections. */
  isAccepting(): Promise<boolean> {
    return accepts(this.port)
  }

  /** Restores service after a crash or a hang; false when that fails. */
  revive(isServing: () => Promise<boolean>): Promise<boolean> {
    this.#restarting ??= this.#restart(isServing).finally(() => {
      this.#restarting = null
    })
    return this.#restarting
  }

  /** Ends it: SIGTERM to its process group, SIGKILL when it stays. */
  async stop(): Promise<void> {
    this.#stopping = true
    const child = this.#child
    if (child === null) return
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    signalGroup(child, 'SIGTERM')
    const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_LIMIT)
    await exited
    clearTimeout(timer)
    // The shell may be gone before what it started.
    signalGroup(child, 'SIGKILL')
    await poll(async () => !(await accepts(this.port)), STOP_LIMIT)
  }

  async #restart(isServing: () => Promise<boolean>): Promise<boolean> {
    if (this.#child !== null) {
      // Its death may be known a moment after the connections it took with it.
      await poll(async () => this.#child === null || (await isServing()), HANG_LIMIT)
      if (this.#child !== null && (await isServing())) return true
      await this.stop()
      this.#stopping = false
      this.#child = null
    }
    if (this.#restartsLeft-- <= 0) return false
    return this.start()
  }

  #onExit(child: ChildProcess): void {
    if (this.#child !== child) return
    this.#child = null
    if (!this.#stopping) this.#crashes++
  }
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, signal)
  } catch {
    // It is gone already.
  }
}

/** Whether something accepts TCP connections on that port of this machine. */
export function accepts(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host })
    const settle = (open: boolean): void => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
    socket.setTimeout(1000, () => settle(false))
  })
}

/** Below the ports that systems choose by themselves: no connection and no other server gets one of these by chance. */
const FIRST_PORT = 20_000
const PORT_COUNT = 12_000

/** A free TCP port of this machine for a server that is about to start. */
export async function findFreePort(): Promise<number> {
  const first = Math.floor(Math.random() * PORT_COUNT)
  for (let i = 0; i < PORT_COUNT; i++) {
    const port = FIRST_PORT + ((first + i) % PORT_COUNT)
    if (await isFree(port)) return port
  }
  throw new Error(`no port from ${FIRST_PORT} to ${FIRST_PORT + PORT_COUNT - 1} is free`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}
