import type { AddressInfo, Server } from 'node:net'
import { describe } from '../options/read-options.ts'

/** The arguments of Node's `server.listen`. */
export type ListenTarget = { readonly port: number; readonly host: string } | { readonly path: string }

const MAX_PORT = 65_535

/**
 * Distinguishes ports from paths. A string of digits is a port, as in `process.env.PORT`. A path contains a slash or
 * backslash, or begins with NUL (an abstract socket on Linux).
 *
 * @throws {RangeError} when the value is neither.
 */
export function readListenTarget(portOrPath: unknown, host: string): ListenTarget {
  if (typeof portOrPath === 'string' && /^\0|[\\/]/.test(portOrPath)) return { path: portOrPath }
  const port = typeof portOrPath === 'string' && /^\d{1,5}$/.test(portOrPath) ? Number(portOrPath) : portOrPath
  if (Number.isInteger(port) && (port as number) >= 0 && (port as number) <= MAX_PORT) {
    return { port: port as number, host }
  }
  const allowed = `a port from 0 to ${MAX_PORT}, or a path with a slash, such as ./server.sock`
  throw new RangeError(`port is ${describe(portOrPath)}; allowed: ${allowed}`)
}

/** A TCP port or a Unix socket of the server. */
export interface Port {
  address(): AddressInfo | string | null
  /**
   * Starts to listen. Resolves to the address. Rejects with the system's error, or with a RangeError when `portOrPath`
   * is neither a port nor a path.
   *
   * @param host Ignored for a path.
   */
  listen(portOrPath: number | string, host: string): Promise<AddressInfo | string>
  /**
   * Stops listening. Resolves when the last connection has closed.
   *
   * @param deadline Time in milliseconds during which plain requests may still be answered.
   */
  close(deadline: number): Promise<void>
}

/** Starts to listen with `server`; see `Port`. */
export function listenOn(
  server: Server,
  portOrPath: number | string,
  host: string,
  reportError: (error: unknown) => void,
): Promise<AddressInfo | string> {
  return new Promise((resolve, reject) => {
    const target = readListenTarget(portOrPath, host)
    server.once('error', reject)
    const onListening = (): void => {
      server.off('error', reject)
      // Failure to accept a connection, for example for lack of file descriptors, must not end the process.
      server.on('error', reportError)
      resolve(server.address()!)
    }
    server.listen(target, onListening)
  })
}
