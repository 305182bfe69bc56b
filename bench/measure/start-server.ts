import type { ServerSettings } from '../servers/support.ts'
import { runningServer, startCommand } from './external-server.ts'
import { startKnownServer } from './known-server.ts'
import type { MeasuredServer } from './measured-server.ts'

/** Where the subjects `url` and `exec` come from, and the processor of every server that is started. */
export interface ServerSources {
  url?: string
  exec?: string
  /** The process id behind `url`. */
  pid?: number
  /** Whether `url` and `exec` are reached by HTTP/2. */
  http2: boolean
  cpu?: number
}

/** Starts the server that a row names: `url`, `exec`, or a known one. */
export async function startServer(
  name: string,
  settings: ServerSettings,
  { url, exec, pid, http2, cpu }: ServerSources,
): Promise<MeasuredServer> {
  if (name === 'url') return runningServer(url!, { http2, pid })
  return name === 'exec' ? startCommand(exec!, { http2, cpu }) : startKnownServer(name, settings, cpu)
}
