import type { Role } from '../core/frame-parser.ts'
import { flag, integer } from '../options/option-rule.ts'
import { checkOptionNames, readOptions } from '../options/read-options.ts'

/** Options of permessage-deflate (RFC 7692 §7). */
export interface DeflateOptions {
  /**
   * Messages shorter than this many bytes are sent uncompressed; 0 compresses all of them. Below the default of 1024,
   * compression costs more than it saves. Received messages are decompressed whatever their size.
   */
  threshold?: number | undefined
  /**
   * Compression level, from 0 (none) and 1 (fastest) to 9 (smallest). Default 4: for JSON, within 4 % of the size of
   * zlib's default level 6, at two thirds of its cost.
   */
  level?: number | undefined
  /** Memory of the compressor, from 1 (1 KiB of tables) to 9 (256 KiB). Default 8. Short messages use less. */
  memLevel?: number | undefined
  /** Base-2 logarithm of the maximum window for the server's messages, 8–15 (256 bytes to 32 KiB). Default 15. */
  serverMaxWindowBits?: number | undefined
  /**
   * Base-2 logarithm of the maximum window for the client's messages, 8–15. Default on a server: 12. At most 2^12 bytes
   * are then stored per client, and short messages hardly get longer. A client that does not offer the parameter uses
   * 15. Default on a client: 15.
   */
  clientMaxWindowBits?: number | undefined
  /**
   * Whether the server's messages may refer to earlier ones. Default on a server: false, so messages are independent.
   * With true, about 4 KiB more is stored per connection. Short messages get up to 25 % smaller and cost 50 % more, and
   * the length of a message depends on the content of earlier ones (CRIME). On a client, false requests
   * `server_no_context_takeover`. Default on a client: true.
   */
  serverContextTakeover?: boolean | undefined
  /**
   * Whether the client's messages may refer to earlier ones. Default on a server: true, so the last bytes from each
   * client are stored, up to the window and within `maxCompressionMemory`. With false, the response to each client
   * contains `client_no_context_takeover`, and nothing is stored. On a client, this option applies to its own messages.
   * Default on a client: false.
   */
  clientContextTakeover?: boolean | undefined
  /**
   * Memory in bytes that compression may use in this process, for all connections and servers. When it is used up,
   * messages are sent uncompressed and new connections get no context takeover. Default 67108864 (64 MiB).
   */
  maxCompressionMemory?: number | undefined
}

/** Options with defaults filled in and values checked. */
export type ResolvedDeflateOptions = Readonly<Required<DeflateOptions>>

/** The rule of each option, with its default for a server. */
const rules = {
  threshold: integer(1024, 0),
  level: integer(4, 0, 9),
  memLevel: integer(8, 1, 9),
  serverMaxWindowBits: integer(15, 8, 15),
  clientMaxWindowBits: integer(12, 8, 15),
  serverContextTakeover: flag(false),
  clientContextTakeover: flag(true),
  maxCompressionMemory: integer(64 * 1024 * 1024, 0),
}

const clientDefaults = { clientMaxWindowBits: 15, serverContextTakeover: true, clientContextTakeover: false }

/**
 * Fills in the defaults and checks the options (RFC 7692 §7.1).
 *
 * @param options `true` for the defaults.
 * @param role Selects the defaults, which cost this side the least memory. Default `'server'`.
 * @throws {TypeError} when an option is unknown or has the wrong type.
 * @throws {RangeError} when a number is out of range.
 */
export function readDeflateOptions(options: true | DeflateOptions, role: Role = 'server'): ResolvedDeflateOptions {
  const given = options === true ? {} : options
  checkOptionNames(given, Object.keys(rules), 'deflate.')
  return readOptions(rules, given, 'deflate.', role === 'client' ? clientDefaults : {})
}
