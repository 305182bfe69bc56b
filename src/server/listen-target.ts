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
