import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const ECHO = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const WS_ECHO = fileURLToPath(new URL('./ws-echo.mjs', import.meta.url))
const ROOMS = fileURLToPath(new URL('./rooms-server.mjs', import.meta.url))
const MEASURE_PINNED = ['--expose-gc', '--import', new URL('./pinned-memory.mjs', import.meta.url).href]

/** Processes that must end with this one. */
const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** A server in a separate process, measured from outside. */
export class Target {
  readonly port: number
  readonly #child: ChildProcess

  constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.port = port
  }

  /** `dwebsocket echo` with its defaults. */
  static echo(): Promise<Target> {
    return Target.#start([ECHO, 'echo', '--port', '0'])
  }

  /** `dwebsocket echo --http2` with its defaults. */
  static http2(): Promise<Target> {
    return Target.#start([ECHO, 'echo', '--port', '0', '--http2'])
  }

  /** npm ws with its defaults, with permessage-deflate. */
  static ws(): Promise<Target> {
    return Target.#start([WS_ECHO])
  }

  /** Rooms with their defaults, with and without history; measures `pinned`. */
  static rooms(): Promise<Target> {
    return Target.#start([...MEASURE_PINNED, ROOMS])
  }

  /** `dwebsocket echo` with a `maxMemory` in bytes, which measures `pinned`. */
  static limitedEcho(maxMemory: number): Promise<Target> {
    return Target.#start([...MEASURE_PINNED, ECHO, 'echo', '--port', '0', '--limit', `maxMemory=${maxMemory}`])
  }

  static async #start(args: string[]): Promise<Target> {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    children.add(child)
    for await (const line of createInterface(child.stdout!)) {
      const port = /:(\d+)$/.exec(line)?.[1]
      if (port !== undefined) return new Target(child, Number(port))
    }
    throw new Error(`${args.join(' ')} ended before it listened`)
  }

  /** Resident memory in bytes. */
  get resident(): number {
    return this.#status('VmRSS')
  }

  /** The most resident memory since `resetPeak`, in bytes. */
  get peak(): number {
    return this.#status('VmHWM')
  }

  /** The most memory in use after a garbage collection since the last call, in bytes; of `rooms` and `limitedEcho` only. */
  async pinned(): Promise<number> {
    const answer = once(this.#child, 'message')
    this.#child.send('pinned')
    const [bytes] = await answer
    return bytes
  }

  resetPeak(): void {
    writeFileSync(`/proc/${this.#child.pid}/clear_refs`, '5')
  }

  /** Milliseconds of CPU of the thread that runs the event loop so far. */
  get loopCpu(): number {
    const { pid } = this.#child
    return readCpu(`/proc/${pid}/task/${pid}`)
  }

  /** Milliseconds of CPU of all threads so far. */
  get cpu(): number {
    const folder = `/proc/${this.#child.pid}/task`
    return readdirSync(folder).reduce((sum, task) => sum + readCpu(`${folder}/${task}`), 0)
  }

  /** Open files and sockets. */
  get handles(): number {
    return readdirSync(`/proc/${this.#child.pid}/fd`).length
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  async stop(): Promise<void> {
    if (!this.isAlive) return
    const exited = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exited
  }

  #status(field: string): number {
    const text = readFileSync(`/proc/${this.#child.pid}/status`, 'utf8')
    return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(text)![1]) * 1024
  }
}

const readCpu = (task: string): number => Number(readFileSync(`${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6
