import type { AddressInfo } from 'node:net'
import type { ShutdownOptions, WebSocketServer } from '../index.ts'
import { integer } from '../options/option-rule.ts'
import { serveMetrics } from './metrics.ts'
import { readOption, UsageError } from './usage.ts'

/** The options of every command that listens. */
export const listenOptions = {
  port: { type: 'string' },
  host: { type: 'string', default: '127.0.0.1' },
  help: { type: 'boolean', short: 'h', default: false },
} as const

/** @throws {UsageError} when `port` is not a port number. */
export function readPort(port: string | undefined, fallback: number): number {
  return port === undefined ? fallback : readOption('port', port, integer(fallback, 0, 65_535))
}

/**
 * Listens, prints the address in one parseable line, serves `/metrics`, runs until SIGINT or SIGTERM, then shuts down
 * and prints the outcome in one line. A second signal ends the process at once.
 *
 * @throws {UsageError} when the address is not available.
 */
export async function runServer(
  server: WebSocketServer,
  scheme: 'http' | 'https' | 'ws' | 'wss',
  port: number,
  host: string,
  shutdown: ShutdownOptions,
): Promise<number> {
  serveMetrics(server)
  const ended = terminationSignal()
  const address = (await server.listen(port, host).catch((error) => {
    throw explainListenError(error, `${bracket(host)}:${port}`)
  })) as AddressInfo
  process.stdout.write(`listening ${scheme}://${bracket(host)}:${address.port}\n`)
  await ended
  const { clean, unclean, cut } = await server.shutdown(shutdown)
  process.stdout.write(`stopped ${clean} clean, ${unclean} unclean, ${cut} cut\n`)
  return 0
}

/** Converts an error from the operating system about the address to an error about the arguments. */
function explainListenError(error: NodeJS.ErrnoException, place: string): Error {
  if (error.code === undefined) return error
  if (error.code !== 'EADDRINUSE') return new UsageError(`cannot listen on ${place}: ${error.message}`)
  return new UsageError(`${place} is in use by another program; --port 0 picks a free port`)
}

function bracket(host: string): string {
  return host.includes(':') ? `[${host}]` : host
}

function terminationSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve())
    process.once('SIGTERM', () => resolve())
  })
}
