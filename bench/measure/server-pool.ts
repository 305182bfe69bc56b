import type { ServerSettings } from '../servers/support.ts'
import { headerSize } from '../wire/frame.ts'
import { makePayload, uploadReceipt } from '../wire/payload.ts'
import type { MeasuredServer } from './measured-server.ts'
import type { RowPlan } from './row-plan.ts'

/** Starts the server with this name. */
export type StartServer = (name: string, settings: ServerSettings) => Promise<MeasuredServer>

/** Servers accept messages of at least this many bytes. */
const LEAST_LIMIT = 1024 * 1024

/** The servers of one row. They run for all its rounds, or are started for each round where memory is measured. */
export class ServerPool {
  readonly versions = new Map<string, string>()
  readonly #start: StartServer
  readonly #settings: ServerSettings
  readonly #isFresh: boolean
  readonly #running = new Map<string, MeasuredServer>()
  readonly #excluded = new Set<string>()

  constructor(row: RowPlan, start: StartServer) {
    this.#start = start
    this.#settings = settingsFor(row)
    this.#isFresh = row.workload.measure !== 'cpu'
  }

  /** Returns the running server with this name, or undefined when it is excluded. */
  async get(name: string): Promise<MeasuredServer | undefined> {
    if (this.#excluded.has(name)) return undefined
    const running = this.#running.get(name)
    if (running) return running
    const server = await this.#start(name, this.#settings)
    this.#running.set(name, server)
    this.versions.set(name, server.version)
    return server
  }

  /** Called after each round of a server. */
  async release(name: string): Promise<void> {
    if (!this.#isFresh) return
    await this.#running.get(name)?.stop()
    this.#running.delete(name)
  }

  exclude(name: string): void {
    this.#excluded.add(name)
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#running.values()].map((server) => server.stop()))
  }
}

function settingsFor(row: RowPlan): ServerSettings {
  const { scenario, size, kind } = row.workload
  const isUpload = scenario === 'upload'
  return {
    mode: scenario === 'broadcast' || scenario === 'keepalive' || isUpload ? scenario : 'echo',
    maxMessage: Math.max(LEAST_LIMIT, size),
    deflate: row.deflate,
    frameBytes: headerSize(size, true) + size,
    receipt: isUpload ? uploadReceipt(kind, makePayload(kind, size, 0)) : '',
  }
}
