import type { CatalogueEntry } from '../../../src/conformance/catalogue/entry.ts'
import { parseTarget } from '../../../src/conformance/peer/target.ts'
import type { CaseResult } from '../../../src/conformance/result.ts'
import { runServer } from '../../../src/conformance/run/run-server.ts'
import type { Defects } from './defects.ts'
import { startHttp2Server } from './http2-server.ts'
import { startServer } from './server.ts'

export interface TryOptions {
  /** Connections at once; default 1: then no failure is repeated. */
  jobs?: number
  /** Milliseconds for one event; default 1500, for servers that are expected to fail. */
  timeout?: number
  /** Multiplies the minute in which a case must end; default 1. */
  timeoutFactor?: number
  /** Leaves the other cases out after that many failures. */
  bail?: number
  /** The server over HTTP/2. */
  http2?: boolean
}

/** Limits for a peer that passes: it never waits for them, however busy the machine is. */
export const PATIENT = { timeout: 30_000, timeoutFactor: 5 } as const

/** Runs cases of the catalogue against a server of its own with these defects, strictly. */
export async function tryServer(
  entries: readonly CatalogueEntry[],
  defects: Defects = new Set(),
  options: TryOptions = {},
): Promise<CaseResult[]> {
  const { jobs = 1, timeout = 1500, timeoutFactor = 1, bail, http2 = false } = options
  const server = await (http2 ? startHttp2Server(defects) : startServer({ defects }))
  try {
    const { result } = await runServer({
      target: parseTarget(server.url, { http2 }),
      entries,
      version: '0',
      selection: entries.map(({ id }) => id),
      jobs,
      seed: 1,
      strict: true,
      timeout,
      bail,
      timeoutFactor,
      idle: 1000,
      slowFactor: 1,
      retries: 0,
      subprotocol: 'chat',
      maxMessage: 16 * 1024 * 1024,
      echo: 'auto',
      echoPrefix: '',
      repro: (id) => id,
    })
    return result.cases
  } finally {
    await server.close()
  }
}
