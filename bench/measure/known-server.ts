import type { ChildProcess } from 'node:child_process'
import type { Dialect, Target } from '../load/workload.ts'
import { findKnownServer, type KnownServer } from '../servers/known-servers.ts'
import type { ServerReport, ServerSettings } from '../servers/support.ts'
import { endChild, messageFrom, startScript } from './child-process.ts'
import { type MeasuredServer, MissingServerError, type ServerCpu } from './measured-server.ts'
import { readCpu, readResidentBytes } from './process-usage.ts'

/** Milliseconds until a server must listen. */
const START_TIMEOUT = 20_000
/** Milliseconds until a server must reply to a message from the benchmark. */
const ANSWER_TIMEOUT = 20_000

/** Starts a server of `servers/` on a free port. */
export async function startKnownServer(
  name: string,
  settings: ServerSettings,
  cpu: number | undefined,
): Promise<MeasuredServer> {
  const known = findKnownServer(name)
  const args = ['--mode', settings.mode, '--max-message', String(settings.maxMessage)]
  args.push('--frame-bytes', String(settings.frameBytes), '--receipt', settings.receipt)
  if (settings.deflate) args.push('--deflate')
  const child = startScript(`servers/${known.script}`, { cpu, args, env: known.env })
  try {
    const { port, version } = await messageFrom(child, known.name, START_TIMEOUT, (report: ServerReport) => {
      if (report.type === 'missing') throw new MissingServerError(report.message)
      return report.type === 'listening' ? report : undefined
    })
    const path = known.dialect === 'socket.io' ? '/socket.io/?EIO=4&transport=websocket' : '/'
    const { transport } = known
    const target = { host: '127.0.0.1', port, path, tls: transport !== undefined, http2: transport === 'http2' }
    return new ChildServer(known, version, child, target)
  } catch (error) {
    await endChild(child)
    throw error
  }
}

class ChildServer implements MeasuredServer {
  readonly name: string
  readonly version: string
  readonly target: Target
  readonly dialect: Dialect
  readonly #child: ChildProcess

  constructor(known: KnownServer, version: string, child: ChildProcess, target: Target) {
    this.name = known.name
    this.version = version
    this.target = target
    this.dialect = known.dialect ?? 'websocket'
    this.#child = child
  }

  get pid(): number | undefined {
    return this.#child.pid
  }

  async readCpu(): Promise<ServerCpu> {
    const system = readCpu(this.#child.pid!)
    return system ? { system } : { reported: (await this.#usage('report')).cpuMicros }
  }

  async readResidentBytes(): Promise<number | undefined> {
    const { residentBytes } = await this.#usage('collect')
    return readResidentBytes(this.#child.pid!) ?? residentBytes
  }

  stop(): Promise<void> {
    return endChild(this.#child)
  }

  #usage(question: 'report' | 'collect'): Promise<{ cpuMicros: number; residentBytes: number }> {
    const answer = messageFrom(this.#child, this.name, ANSWER_TIMEOUT, (report: ServerReport) =>
      report.type === 'usage' ? report : undefined,
    )
    this.#child.send(question)
    return answer
  }
}
