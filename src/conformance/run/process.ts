import { type ChildProcess, spawn } from 'node:child_process'
import { connect, createServer } from 'node:net'
import { endWithTester, signalGroup } from '../client/index.ts'
import { poll, readingTurn } from '../wire/index.ts'
import { pollRunning, runDelayOf } from './run-delay.ts'

/** Milliseconds within which a server must accept connections. */
const START_LIMIT = 120_000
/** Milliseconds for a server to exit after SIGTERM. */
const STOP_LIMIT = 2_000
/** How often a process is restarted in one run. The search for the cause of a crash needs several restarts. */
const RESTARTS = 200
/** How many bytes of the output are retained. */
const KEPT_OUTPUT = 16_384

/** Output of one process. The last of it may be read after the exit. */
interface Output {
  text: string
}

/** A server under test that the tester starts, watches, restarts after a crash, and stops. */
export class ServerProcess {
  readonly port: number
  #command: string
  #child: ChildProcess | null = null
  #output: Output = { text: '' }
  #lastWords: Output = { text: '' }
  #stopping = false
  /** Whether the run has ended. The process is then not started again. */
  #isClosed = false
  readonly #crashTimes: number[] = []
  readonly #hangTimes: number[] = []
  #restarting: Promise<boolean> | null = null
  #restartsLeft: number

  /** @param command may contain `{port}`. */
  constructor(command: string, port: number, restarts = RESTARTS) {
    this.#command = command.replaceAll('{port}', String(port))
    this.port = port
    this.#restartsLeft = restarts
  }

  /** When the process ended without being stopped by the tester, by `performance.now()`. */
  get crashTimes(): readonly number[] {
    return this.#crashTimes
  }

  /** When the process had to be ended because it lived and served nothing, by `performance.now()`. */
  get hangTimes(): readonly number[] {
    return this.#hangTimes
  }

  /** The milliseconds for which the process was ready to run and waited for a processor. */
  get runDelay(): number {
    return this.#child?.pid === undefined ? 0 : runDelayOf(this.#child.pid)
  }

  /** The last part of the standard output and standard error of the process that was started last. */
  get output(): string {
    return this.#output.text
  }

  /** The last part of the output of the process that crashed last. */
  get lastWords(): string {
    return this.#lastWords.text
  }

  /**
   * Starts the process and waits until its port accepts connections. Resolves to false on a timeout, or when the
   * process exits.
   */
  async start(): Promise<boolean> {
    // Starts a new process group, so that the processes started by the shell end with it.
    const child = spawn(this.#command, { shell: true, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    this.#child = child
    endWithTester(child)
    const output: Output = { text: '' }
    this.#output = output
    const append = (chunk: Buffer): void => {
      output.text = (output.text + chunk.toString('utf8')).slice(-KEPT_OUTPUT)
    }
    child.stdout?.on('data', append)
    child.stderr?.on('data', append)
    child.on('error', (error) => append(Buffer.from(`${error.message}\n`)))
    child.on('exit', () => this.#onExit(child, output))
    await poll(async () => this.#child !== child || (await accepts(this.port)), START_LIMIT)
    return this.#child === child && (await accepts(this.port))
  }

  /**
   * Restores the service after a crash, or after a hang of `patience` milliseconds. Resolves to false when that fails.
   */
  revive(isServing: () => Promise<boolean>, patience: number): Promise<boolean> {
    this.#restarting ??= this.#restart(isServing, patience).finally(() => {
      this.#restarting = null
    })
    return this.#restarting
  }

  /** Ends the run of the process: stops it, or its restart. */
  async stop(): Promise<void> {
    this.#isClosed = true
    await this.#end()
  }

  /** Stops the process with SIGTERM to its process group, then with SIGKILL. */
  async #end(): Promise<void> {
    this.#stopping = true
    const child = this.#child
    if (child === null) return
    const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()))
    signalGroup(child, 'SIGTERM')
    const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), STOP_LIMIT)
    await exited
    clearTimeout(timer)
    // The shell may exit before the processes it started.
    signalGroup(child, 'SIGKILL')
    await poll(async () => !(await accepts(this.port)), STOP_LIMIT)
  }

  async #restart(isServing: () => Promise<boolean>, patience: number): Promise<boolean> {
    if (this.#child !== null) {
      // The exit may be reported shortly after the connections of the process have ended.
      const isDecided = await pollRunning(
        async () => this.#child === null || (await isServing()),
        patience,
        () => this.runDelay,
      )
      if (isDecided && this.#child !== null) return true
      if (this.#child !== null && !this.#isClosed) this.#hangTimes.push(performance.now())
      await this.#end()
      this.#stopping = false
      this.#child = null
    }
    if (this.#isClosed || this.#restartsLeft-- <= 0) return false
    return this.start()
  }

  #onExit(child: ChildProcess, output: Output): void {
    if (this.#child !== child) return
    this.#child = null
    if (this.#stopping) return
    this.#crashTimes.push(performance.now())
    this.#lastWords = output
  }
}

/** Resolves to whether this port of this machine accepts TCP connections. */
export function accepts(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host })
    const settle = (open: boolean): void => {
      socket.destroy()
      resolve(open)
    }
    socket.once('connect', () => settle(true))
    socket.once('error', () => settle(false))
    // Only a listener whose queue is full leaves a connection without an answer.
    // After a blocked event loop, a refusal may have arrived.
    socket.setTimeout(1000, () => void readingTurn().then(() => settle(true)))
  })
}

/** Ports below those that operating systems assign, so that no connection and no other server uses them by chance. */
const FIRST_PORT = 20_000
const PORT_COUNT = 12_000

/** Returns a free TCP port of this machine for a server that will be started. */
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
