/** What the user may say about permessage-deflate (RFC 7692 §7). */
export interface DeflateOptions {
  /**
   * Messages shorter than this many bytes are sent as they are; 0 compresses all of them. Default 1024: below that
   * the work costs more than the bytes saved. What arrives compressed is read whatever its size.
   */
  threshold?: number
  /**
   * Effort from 0 (stored) and 1 (fast) to 9 (small). Default 4: within 4 % of zlib's own default 6 on JSON,
   * at two thirds of its cost.
   */
  level?: number
  /** Memory of the compressor while it works, 1 (2 KiB of tables) to 9. Default 8. Short messages use less by themselves. */
  memLevel?: number
  /** Largest window of what the server compresses, as a power of two, 8–15 (256 bytes to 32 KiB). Default 15. */
  serverMaxWindowBits?: number
  /**
   * Largest window of what the client compresses, 8–15. Default 12 for a server: at most 2^12 bytes are kept for each
   * client, which short messages hardly feel. A client that did not offer the parameter cannot be told and keeps 15.
   * As a client: default 15.
   */
  clientMaxWindowBits?: number
  /**
   * Whether the server may refer to what it sent before. Default false for a server: each message stands alone.
   * With true about 4 KiB more are kept for each connection, short messages get up to a quarter smaller and cost half
   * as much again, and the length of a message tells about the texts of earlier ones (CRIME).
   * As a client: false asks the server for `server_no_context_takeover`; default true.
   */
  serverContextTakeover?: boolean
  /**
   * Whether the client may refer to what it sent before. Default true for a server: as much as the window holds of
   * what the client really sent is kept for each connection, inside `maxCompressionMemory`. With false every client is told
   * `client_no_context_takeover` and nothing is kept. As a client: whether its own messages do; default false.
   */
  clientContextTakeover?: boolean
  /**
   * Bytes that compression may hold in this process, over all connections and servers. Default 67108864 (64 MiB).
   * When it is spent messages go out uncompressed and new connections are given no context takeover.
   */
  maxCompressionMemory?: number
}

/** Options with every default filled in and every value checked. */
export type NormalisedDeflateOptions = Readonly<Required<DeflateOptions>>

/** Which end of the connection this is. */
export type Role = 'server' | 'client'

/** Lowest and highest value of each number. */
const ranges = {
  threshold: [0, Number.MAX_SAFE_INTEGER],
  level: [0, 9],
  memLevel: [1, 9],
  serverMaxWindowBits: [8, 15],
  clientMaxWindowBits: [8, 15],
  maxCompressionMemory: [0, Number.MAX_SAFE_INTEGER],
} as const

const flags = ['serverContextTakeover', 'clientContextTakeover'] as const

function defaultsOf(role: Role): Required<DeflateOptions> {
  return {
    threshold: 1024,
    level: 4,
    memLevel: 8,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: role === 'server' ? 12 : 15,
    serverContextTakeover: role === 'client',
    clientContextTakeover: role === 'server',
    maxCompressionMemory: 64 * 1024 * 1024,
  }
}

/**
 * Fills in the defaults of the role and checks what was given (RFC 7692 §7.1).
 *
 * @param options `true` for the defaults.
 * @param role The defaults of context takeover cost a server or a client the least memory; default `'server'`.
 * @throws TypeError for an unknown option or a value of the wrong type, RangeError for a number out of range.
 */
export function normaliseDeflateOptions(
  options: true | DeflateOptions,
  role: Role = 'server',
): NormalisedDeflateOptions {
  if (options === true) return defaultsOf(role)
  if (typeof options !== 'object' || options === null) {
    throw new TypeError(
      `deflate must be true or an object of options, got ${options === null ? 'null' : typeof options}`,
    )
  }
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined))
  for (const [name, value] of Object.entries(given)) checkOption(name, value)
  return { ...defaultsOf(role), ...given }
}

function checkOption(name: string, value: unknown): void {
  if (flags.some((flag) => flag === name)) {
    if (typeof value !== 'boolean') throw new TypeError(`deflate.${name} must be a boolean, got ${typeof value}`)
    return
  }
  if (!Object.hasOwn(ranges, name)) throw new TypeError(`deflate.${name} is not an option`)
  const [lowest, highest] = ranges[name as keyof typeof ranges]
  if (typeof value !== 'number') throw new TypeError(`deflate.${name} must be a number, got ${typeof value}`)
  if (!Number.isInteger(value) || value < lowest || value > highest) {
    throw new RangeError(`deflate.${name} must be a whole number from ${lowest} to ${highest}, got ${value}`)
  }
}
