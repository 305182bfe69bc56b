import type { Role } from '../core/frame-parser.ts'
import { flag, integer } from '../options/option-rule.ts'
import { checkOptionNames, readOptions } from '../options/read-options.ts'

/** Options of permessage-deflate (RFC 7692 §7). */
export interface DeflateOptions {
  /**
   * Messages shorter than this many bytes are sent as they are; 0 compresses all of them. Default 1024: below that
   * the work costs more than the bytes saved. What arrives compressed is read whatever its size.
   */
  threshold?: number | undefined
  /**
   * Effort from 0 (stored) and 1 (fast) to 9 (small). Default 4: within 4 % of zlib's own default 6 on JSON,
   * at two thirds of its cost.
   */
  level?: number | undefined
  /** Memory of the compressor while it works, 1 (2 KiB of tables) to 9. Default 8. Short messages use less by themselves. */
  memLevel?: number | undefined
  /** Largest window of what the server compresses, as a power of two, 8–15 (256 bytes to 32 KiB). Default 15. */
  serverMaxWindowBits?: number | undefined
  /**
   * Largest window of what the client compresses, 8–15. Default 12 for a server: at most 2^12 bytes are stored for each
   * client, which makes short messages hardly longer. A client that did not offer the parameter uses 15. As a client:
   * default 15.
   */
  clientMaxWindowBits?: number | undefined
  /**
   * Whether the server may refer to what it sent before. Default false for a server: messages are independent. With
   * true about 4 KiB more are stored for each connection, short messages get up to a quarter smaller and cost half as
   * much again, and the length of a message depends on the texts of earlier ones (CRIME).
   * As a client: false asks the server for `server_no_context_takeover`; default true.
   */
  serverContextTakeover?: boolean | undefined
  /**
   * Whether the client may refer to what it sent before. Default true for a server: what the client sent last is
   * stored for each connection, up to the window and inside `maxCompressionMemory`. With false every client gets
   * `client_no_context_takeover` and nothing is stored. As a client: whether its own messages do; default false.
   */
  clientContextTakeover?: boolean | undefined
  /**
   * Bytes that compression may use in this process, over all connections and servers. Default 67108864 (64 MiB).
   * When they are used up, messages are sent uncompressed and new connections get no context takeover.
   */
  maxCompressionMemory?: number | undefined
}

/** Options with every default filled in and every value checked. */
export type ResolvedDeflateOptions = Readonly<Required<DeflateOptions>>

/** What each option accepts, and its default for a server. */
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
 * Fills in the defaults of the role and checks what was given (RFC 7692 §7.1).
 *
 * @param options `true` for the defaults.
 * @param role Its defaults cost this side the least memory. Default `'server'`.
 * @throws {TypeError} when an option is unknown or has the wrong type.
 * @throws {RangeError} when a number is out of range.
 */
export function readDeflateOptions(options: true | DeflateOptions, role: Role = 'server'): ResolvedDeflateOptions {
  const given = options === true ? {} : options
  checkOptionNames(given, Object.keys(rules), 'deflate.')
  return readOptions(rules, given, 'deflate.', role === 'client' ? clientDefaults : {})
}
