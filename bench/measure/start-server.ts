import type { ServerSettings } from '../servers/support.ts'
import { runningServer, startCommand } from './external-server.ts'
import { startKnownServer } from './known-server.ts'
import type { MeasuredServer } from './measured-server.ts'

/** The servers behind the names `url` and `exec`, and the processor of started servers. */
export interface ServerSources {
  url?: string
  exec?: string
  /** The process id of the server at `url`. */
  pid?: number
  /** Whether HTTP/2 is used for `url` and `exec`. */
  http2: boolean
  cpu?: number
}

/** Starts the server with a name of a row: `url`, `exec`, or a known server. */
export async function startServer(
  name: string,
  settings: ServerSettings,
  { url, exec, pid, http2, cpu }: ServerSources,
): Promise<MeasuredServer> {
  if (name === 'url') return runningServer(url!, { http2, pid })
  return name === 'exec' ? startCommand(exec!, { http2, cpu }) : startKnownServer(name, settings, cpu)
}
