import type { CatalogueEntry } from '../../../src/conformance/catalogue/entry.ts'
import { EventLog } from '../../../src/conformance/client/event-log.ts'
import type { Launcher } from '../../../src/conformance/client/launcher.ts'
import type { CaseResult } from '../../../src/conformance/result.ts'
import type { ClientRunOptions } from '../../../src/conformance/run/client/client-run.ts'
import { runClients } from '../../../src/conformance/run/client/run-clients.ts'
import { runClient } from './client.ts'
import type { Defects } from './defects.ts'
import { checkCarriers } from './try-server.ts'

/** Starts the reference client with these defects in this process. */
export function launchReference(defects: Defects = new Set()): Launcher {
  return {
    crashTimes: [],
    output: '',
    start(url) {
      const events = new EventLog()
      const abort = new AbortController()
      let client: Promise<void> | undefined
      const opened = new Promise<(code: number) => void>((onOpen) => {
        client = runClient(url, { defects, signal: abort.signal, onOpen, onEvent: (event) => events.push(event) })
      })
      const exited = Promise.resolve(client).then(() => 'exit code 0')
      const ask = (command: string): boolean => {
        if (command === 'close') opened.then((close) => close(1000))
        return command === 'close'
      }
      const stop = async (): Promise<void> => {
        // The case is over, so the client can no longer affect its result.
        abort.abort()
        await exited
      }
      return { events, exited, ask, stop }
    },
  }
}

/** Returns the options of a strict run against clients that listens on a free port. */
export function clientOptions(
  entries: readonly CatalogueEntry[],
  changes: Partial<ClientRunOptions> = {},
): ClientRunOptions {
  return {
    host: '127.0.0.1',
    port: 0,
    launcher: null,
    entries,
    version: '0',
    selection: entries.map(({ id }) => id),
    jobs: 1,
    seed: 1,
    strict: true,
    timeout: 1500,
    timeoutFactor: 1,
    idle: 1000,
    slowFactor: 1,
    retries: 0,
    maxMessage: 16 * 1024 * 1024,
    repro: (id) => id,
    ...changes,
  }
}

/** Runs cases of the catalogue against the reference client with these defects. */
export async function tryClient(
  entries: readonly CatalogueEntry[],
  defects: Defects = new Set(),
  changes: Partial<ClientRunOptions> = {},
): Promise<CaseResult[]> {
  const { outcomes } = await runClients(clientOptions(entries, { launcher: launchReference(defects), ...changes }))
  return checkCarriers(outcomes.flatMap(({ result }) => result.cases))
}
