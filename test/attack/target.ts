import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { get as getPlain, type IncomingMessage } from 'node:http'
import { get as getSecure } from 'node:https'
import type { AddressInfo, Server } from 'node:net'
import { createInterface } from 'node:readline'
import type { Duplex } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import { makeCertificate } from '../support/certificate.ts'
import { Connector, startBridge, type Transport } from './transport.ts'

const ECHO = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url))
const WS_ECHO = fileURLToPath(new URL('./ws-echo.mjs', import.meta.url))
const ROOMS = fileURLToPath(new URL('./rooms-server.mjs', import.meta.url))
const MEASURE_PINNED = ['--expose-gc', '--import', new URL('./pinned-memory.mjs', import.meta.url).href]

/** Whether `--http2` is on the command line: servers then use TLS, and attacks run over streams of HTTP/2. */
export const isOverHttp2 = process.argv.includes('--http2')
const HTTP2 = isOverHttp2 ? ['--http2'] : []

/** Processes that must end with this one. */
const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** A server in a separate process, measured from outside. */
export class Target {
  /** The port of the server. */
  readonly ownPort: number
  readonly transport: Transport
  readonly #child: ChildProcess
  readonly #connector: Connector
  #bridge: Server | undefined

  private constructor(child: ChildProcess, ownPort: number, transport: Transport) {
    this.#child = child
    this.ownPort = ownPort
    this.transport = transport
    this.#connector = new Connector(ownPort, transport)
  }

  /** Starts `dwebsocket echo` with its defaults. */
  static echo(): Promise<Target> {
    return Target.#start([ECHO, 'echo', '--port', '0', ...HTTP2])
  }

  /** Starts npm ws with its defaults and permessage-deflate. It supports TLS but not HTTP/2. */
  static ws(): Promise<Target> {
    return Target.#start([WS_ECHO], isOverHttp2 ? 'tls' : 'tcp')
  }

  /** Starts rooms with their defaults, with and without history, and measures `pinned`. */
  static rooms(): Promise<Target> {
    return Target.#start([...MEASURE_PINNED, ROOMS])
  }

  /** Starts `dwebsocket echo` with a `maxMemory` in bytes, and measures `pinned`. */
  static limitedEcho(maxMemory: number): Promise<Target> {
    const limit = ['--limit', `maxMemory=${maxMemory}`]
    return Target.#start([...MEASURE_PINNED, ECHO, 'echo', '--port', '0', ...limit, ...HTTP2])
  }

  static async #start(args: string[], transport: Transport = isOverHttp2 ? 'http2' : 'tcp'): Promise<Target> {
    const env = { ...process.env, ...(isOverHttp2 && certificateOf()) }
    const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit', 'ipc'] })
    children.add(child)
    for await (const line of createInterface(child.stdout!)) {
      const port = /:(\d+)$/.exec(line)?.[1]
      if (port === undefined) continue
      const target = new Target(child, Number(port), transport)
      if (isOverHttp2) target.#bridge = await startBridge(target.#connector)
      return target
    }
    throw new Error(`${args.join(' ')} ended before it listened`)
  }

  /** The port for peers that speak HTTP/1.1 over TCP. */
  get port(): number {
    return this.#bridge === undefined ? this.ownPort : (this.#bridge.address() as AddressInfo).port
  }

  /** Opens a direct connection, without a bridge. */
  connect(): Promise<Duplex> {
    return this.#connector.open()
  }

  /** Resolves to the metrics of `dwebsocket echo`. */
  metrics(): Promise<string> {
    const place = { port: this.ownPort, host: '127.0.0.1', path: '/metrics' }
    return new Promise((resolve, reject) => {
      const onResponse = (response: IncomingMessage): void => resolve(text(response))
      const request = isOverHttp2
        ? getSecure({ ...place, rejectUnauthorized: false }, onResponse)
        : getPlain(place, onResponse)
      request.on('error', reject)
    })
  }

  /** Resident memory in bytes. */
  get resident(): number {
    return this.#status('VmRSS')
  }

  /** The most resident memory since `resetPeak`, in bytes. */
  get peak(): number {
    return this.#status('VmHWM')
  }

  /**
   * Resolves to the maximum memory in use after a garbage collection since the last call, in bytes. Only for `rooms`
   * and `limitedEcho`.
   */
  async pinned(): Promise<number> {
    const answer = once(this.#child, 'message')
    this.#child.send('pinned')
    const [bytes] = await answer
    return bytes
  }

  resetPeak(): void {
    writeFileSync(`/proc/${this.#child.pid}/clear_refs`, '5')
  }

  /** CPU time so far of the thread that runs the event loop, in milliseconds. */
  get loopCpu(): number {
    const { pid } = this.#child
    return readCpu(`/proc/${pid}/task/${pid}`)
  }

  /** CPU time so far of all threads, in milliseconds. */
  get cpu(): number {
    const folder = `/proc/${this.#child.pid}/task`
    return readdirSync(folder).reduce((sum, task) => sum + readCpu(`${folder}/${task}`), 0)
  }

  /** Number of open files and sockets. */
  get handles(): number {
    return readdirSync(`/proc/${this.#child.pid}/fd`).length
  }

  get isAlive(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  async stop(): Promise<void> {
    this.#bridge?.close()
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

/** Returns the environment of servers that need a certificate: `CERT` and `KEY` as PEM. */
function certificateOf(): Record<string, string> {
  certificate ??= makeCertificate()
  return { CERT: `${certificate.cert}`, KEY: `${certificate.key}` }
}

let certificate: ReturnType<typeof makeCertificate> | undefined

const readCpu = (task: string): number => Number(readFileSync(`${task}/schedstat`, 'utf8').split(' ')[0]) / 1e6
