import type { CatalogueEntry } from '../../../src/conformance/catalogue/entry.ts'
import { carries } from '../../../src/conformance/catalogue/index.ts'
import { parseTarget } from '../../../src/conformance/peer/target.ts'
import type { CaseResult } from '../../../src/conformance/result.ts'
import { runServer } from '../../../src/conformance/run/run-server.ts'
import type { Defects } from './defects.ts'
import { startHttp2Server } from './http2-server.ts'
import { startServer } from './server.ts'

export interface TryOptions {
  /** Number of cases at the same time. With the default 1, no failure is repeated. */
  jobs?: number
  /** Time limit in milliseconds for one event. Default 1500, for servers that should fail. */
  timeout?: number
  /** Multiplies the time limit of one minute for a case; default 1. */
  timeoutFactor?: number
  /** Skips the other cases after this many failures. */
  bail?: number
  /** Whether to test the server over HTTP/2. */
  http2?: boolean
}

/** Time limits for a peer that passes. It does not reach them, even on a busy machine. */
export const PATIENT = { timeout: 30_000, timeoutFactor: 5 } as const

/** Runs cases of the catalogue strictly against a new server with these defects. */
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
    return checkCarriers(result.cases)
  } finally {
    await server.close()
  }
}

/** Returns the results. Throws if an assertion is stronger than the statement that it names, whatever its outcome. */
export function checkCarriers(results: CaseResult[]): CaseResult[] {
  for (const { id, assertions } of results) {
    const weak = assertions.find(({ requirement, class: kind }) => !carries(requirement, kind))
    if (weak !== undefined) throw new Error(`${id}: ${weak.requirement} carries no ${weak.class} “${weak.expected}”`)
  }
  return results
}
