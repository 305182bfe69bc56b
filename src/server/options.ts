import { maxHeaderSize } from 'node:http'
import type { SecureServerOptions } from 'node:http2'
import { isIP } from 'node:net'
import type { ConnectionLimits, LimitOptions } from '../connection/limits.ts'
import { defaultLimits, readLimits } from '../connection/limits.ts'
import { type DeflateOptions, type ResolvedDeflateOptions, readDeflateOptions } from '../deflate/options.ts'
import {
  callback,
  flag,
  integer,
  milliseconds,
  type OptionRule,
  positive,
  type Settings,
} from '../options/option-rule.ts'
import { checkOptionNames, readOptions } from '../options/read-options.ts'
import { defaultMaxMemory } from './memory.ts'
import { type PolicySettings, policyNames, readPolicy, type UpgradePolicy } from './policy.ts'

/** How many connections are accepted, and how a client's address is determined. */
export interface AdmissionOptions {
  /**
   * Maximum number of connections, including pending upgrades. Further requests are refused with 503 and `Retry-After`.
   * Default: no limit.
   */
  maxConnections?: number | undefined
  /**
   * Maximum number of connections per client address, including pending upgrades. Further requests are refused with 503
   * and `Retry-After`. Default: no limit.
   */
  maxConnectionsPerAddress?: number | undefined
  /**
   * Addresses and networks (`10.0.0.0/8`) of trusted proxies. In requests from these proxies, the client's address is
   * the last address in `X-Forwarded-For` that is not a trusted proxy. Without this field, `Forwarded` (RFC 7239) is
   * read in the same way. Each proxy must remove whichever of the two fields it does not set. Default: none, and both
   * fields are ignored.
   */
  trustedProxies?: readonly string[] | undefined
}

/** Options of a server: the policy for upgrades, the limits of each connection and the limits of the server. */
export interface ServerOptions extends UpgradePolicy, AdmissionOptions, LimitOptions {
  /**
   * Maximum memory in bytes for the buffers and queues of all connections, and for the messages that rooms and brokers
   * store in this process. Above it, the largest stores drop their oldest messages. If that is not enough, the
   * connections that use the most memory are closed with 1013, and new connections are refused with 503 and
   * `Retry-After`. Default: a quarter of V8's heap size limit.
   */
  maxMemory?: number | undefined
  /**
   * Time limit in milliseconds for the decision on an upgrade request, including `authorize`. After that, the request
   * is refused with 503. On the server's own port, the request head has the same time limit; a late one is refused with
   * 408. Default 10,000.
   */
  handshakeTimeout?: number | undefined
  /**
   * How long the server's own port keeps an idle plain HTTP connection open, in milliseconds; 0 means no limit. It must
   * be longer than the idle timeout of a load balancer in front of the server. Default 65,000.
   */
  keepAliveTimeout?: number | undefined
  /**
   * Maximum size in bytes of a request head on the server's own port. A larger one is refused with 431. Default: Node's
   * `http.maxHeaderSize`, which is 16 KiB unless `--max-http-header-size` changes it.
   */
  maxHeaderSize?: number | undefined
  /**
   * Serves HTTP/2 in addition to HTTP/1.1 on the server's own port, including WebSockets over HTTP/2 (RFC 8441). `true`
   * serves it without TLS to clients that begin with the HTTP/2 preface. Options of Node's `http2.createSecureServer`,
   * such as `key` and `cert`, turn on TLS; clients then choose the version through ALPN. Default false.
   */
  http2?: boolean | SecureServerOptions | undefined
  /**
   * Whether to warn once about each refused origin with `process.emitWarning`, because browsers do not show the
   * response. At most 100 warnings are emitted. Default true.
   */
  originWarnings?: boolean | undefined
  /**
   * Called with each error that a callback or view throws or rejects with, and with errors of the listening socket.
   * Default: writes the error to standard error.
   */
  onError?: ((error: unknown) => void) | undefined
  /**
   * Compresses messages when the client offers permessage-deflate (RFC 7692). `true` selects the default options.
   * Default false, because compression costs CPU time and memory, and because the length of a compressed message can
   * reveal its content to an attacker who can choose a part of it (CRIME). Turn compression on for text messages of
   * several kilobytes over slow networks, and send secrets with `compress: false`.
   */
  deflate?: boolean | DeflateOptions | undefined
}

/** Server options with defaults filled in and values checked. */
export interface ServerSettings extends Settings<typeof rules> {
  readonly policy: PolicySettings
  readonly limits: ConnectionLimits
  /** Null when compression is off. */
  readonly deflate: ResolvedDeflateOptions | null
}

const networks: OptionRule<readonly string[]> = {
  fallback: [],
  type: 'object',
  allowed: 'an array of addresses and networks such as 10.0.0.0/8',
  accepts: (value) => Array.isArray(value) && value.every(isNetwork),
}

/** Without a certificate, Node accepts the options but every TLS handshake fails. */
const CERTIFICATES = ['key', 'pfx', 'SNICallback']

const http2: OptionRule<boolean | SecureServerOptions> = {
  fallback: false,
  type: null,
  allowed: 'true, false, or options of http2.createSecureServer with key and cert, with pfx, or with SNICallback',
  accepts: (value) =>
    typeof value === 'boolean' ||
    (typeof value === 'object' && value !== null && CERTIFICATES.some((name) => name in value)),
}

const rules = {
  maxConnections: positive(Number.POSITIVE_INFINITY),
  maxConnectionsPerAddress: positive(Number.POSITIVE_INFINITY),
  trustedProxies: networks,
  maxMemory: positive(defaultMaxMemory()),
  handshakeTimeout: milliseconds(10_000),
  keepAliveTimeout: milliseconds(65_000, 0),
  maxHeaderSize: integer(maxHeaderSize, 1024, 2 ** 30),
  originWarnings: flag(true),
  http2,
  onError: callback<(error: unknown) => unknown>((error) => console.error(error)),
}

/** The names of all server options. */
export const serverOptionNames: readonly string[] = [
  ...Object.keys(rules),
  ...policyNames,
  ...Object.keys(defaultLimits),
  'deflate',
]

/**
 * Reads the options of a server.
 *
 * @throws {TypeError} when an option is unknown or has the wrong type.
 * @throws {RangeError} when the value of an option is not allowed.
 */
export function readServerOptions(options: ServerOptions): ServerSettings {
  checkOptionNames(options, serverOptionNames)
  const { deflate = false } = options
  return {
    ...readOptions(rules, options),
    policy: readPolicy(options),
    limits: readLimits(options),
    deflate: deflate === false ? null : readDeflateOptions(deflate),
  }
}

function isNetwork(text: unknown): boolean {
  if (typeof text !== 'string') return false
  const [address, prefix, ...rest] = text.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 6 ? 128 : 32))
}
