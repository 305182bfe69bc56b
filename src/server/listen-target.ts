import type { AddressInfo, Server } from 'node:net'
import { describe } from '../options/read-options.ts'

/** The arguments of node's `server.listen`. */
export type ListenTarget = { readonly port: number; readonly host: string } | { readonly path: string }

const MAX_PORT = 65_535

/**
 * Tells ports from paths. Digits in a string are a port, as in `process.env.PORT`; a path has a slash or backslash, or
 * begins with NUL (an abstract socket of Linux).
 *
 * @throws {RangeError} when it is neither.
 */
export function readListenTarget(portOrPath: unknown, host: string): ListenTarget {
  if (typeof portOrPath === 'string' && /^\0|[\\/]/.test(portOrPath)) return { path: portOrPath }
  const port = typeof portOrPath === 'string' && /^\d{1,5}$/.test(portOrPath) ? Number(portOrPath) : portOrPath
  if (Number.isInteger(port) && (port as number) >= 0 && (port as number) <= MAX_PORT) {
    return { port: port as number, host }
  }
  const allowed = `a port from 0 to ${MAX_PORT}, or a path with a slash, such as ./server.sock`
  throw new RangeError(`listen to ${describe(portOrPath)}; allowed: ${allowed}`)
}

/** A port or unix socket of the server's own. */
export interface Port {
  address(): AddressInfo | string | null
  /**
   * Resolves to the address; rejects with the system's error, or with a RangeError when `portOrPath` is neither.
   *
   * @param host Ignored for a path.
   */
  listen(portOrPath: number | string, host: string): Promise<AddressInfo | string>
  /**
   * Stops listening; resolves when the last connection is closed.
   *
   * @param deadline Milliseconds in which plain requests may still be answered.
   */
  close(deadline: number): Promise<void>
}

/** Lets `server` listen, as `Port` describes. */
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
      // A connection that cannot be accepted, for lack of file descriptors, must not end the process.
      server.on('error', reportError)
      resolve(server.address()!)
    }
    server.listen(target, onListening)
  })
}
