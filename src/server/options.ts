import { maxHeaderSize } from 'node:http'
import type { SecureServerOptions } from 'node:http2'
import { isIP } from 'node:net'
import type { ConnectionLimits, LimitOptions } from '../connection/limits.ts'
import { defaultLimits, readLimits } from '../connection/limits.ts'
import { type DeflateOptions, type ResolvedDeflateOptions, readDeflateOptions } from '../deflate/options.ts'
import { callback, flag, integer, type OptionRule, positive, type Settings } from '../options/option-rule.ts'
import { checkOptionNames, readOptions } from '../options/read-options.ts'
import { defaultMaxMemory } from './memory.ts'
import { type PolicySettings, policyNames, readPolicy, type UpgradePolicy } from './policy.ts'

/** How many connections are accepted, and how a client's address is found. */
export interface AdmissionOptions {
  /** Connections at once, including upgrades without a decision; more get 503 with `Retry-After`. Default: no limit. */
  maxConnections?: number | undefined
  /** Connections at once from one address; more get 503 with `Retry-After`. Default: no limit. */
  maxConnectionsPerAddress?: number | undefined
  /**
   * Addresses and networks (`10.0.0.0/8`) of proxies whose `X-Forwarded-For`, or else `Forwarded` (RFC 7239), is
   * trusted, read from right to left. Proxies must remove the one of the two that they do not set. Default: none, and
   * both fields are ignored.
   */
  trustedProxies?: readonly string[] | undefined
}

/** Options of a server: the policy of every upgrade, the limits of every connection and of all together. */
export interface ServerOptions extends UpgradePolicy, AdmissionOptions, LimitOptions {
  /**
   * Bytes that all connections together may use for buffers and queues. Above it new connections get 503 with
   * `Retry-After`, and the connections that use most are closed with 1013. Default: a quarter of the heap's limit.
   */
  maxMemory?: number | undefined
  /** Milliseconds for the opening handshake, including the decision of `authorize`; then 503. Default 10 s. */
  handshakeTimeout?: number | undefined
  /**
   * Milliseconds for which the server's own port keeps an idle connection of plain HTTP open. Must be longer than that
   * of a load balancer in front. Default 65 s; 0 for no limit.
   */
  keepAliveTimeout?: number | undefined
  /** Bytes of a request head on the server's own port; more get 431. Default: node's `http.maxHeaderSize`, 16 KiB. */
  maxHeaderSize?: number | undefined
  /**
   * Serves HTTP/2 on the server's own port besides HTTP/1.1 (RFC 8441): `true` without TLS, for clients that begin with
   * the preface of HTTP/2; options of node's `http2.createSecureServer`, such as `key` and `cert`, for TLS, where
   * clients choose by ALPN. Default: false.
   */
  http2?: boolean | SecureServerOptions | undefined
  /** Warns of each refused origin once, with `process.emitWarning`: no browser shows the response. Default true. */
  originWarnings?: boolean | undefined
  /** Called with what callbacks and views throw. Default: writes it to standard error. */
  onError?: ((error: unknown) => void) | undefined
  /**
   * Compresses messages (permessage-deflate, RFC 7692) when the client offers it; `true` for its default options.
   * Default: false. It costs CPU and memory, and the length of a compressed message reveals its content when an
   * attacker can choose a part of it (CRIME): turn it on for text of several kilobytes over slow networks, and send
   * secrets with `compress: false`.
   */
  deflate?: boolean | DeflateOptions | undefined
}

/** Server options, filled in and checked. */
export interface ServerSettings extends Settings<typeof rules> {
  readonly policy: PolicySettings
  readonly limits: ConnectionLimits
  /** `null` when compression is off. */
  readonly deflate: ResolvedDeflateOptions | null
}

const networks: OptionRule<readonly string[]> = {
  fallback: [],
  type: 'object',
  allowed: 'an array of addresses and networks such as 10.0.0.0/8',
  accepts: (value) => Array.isArray(value) && value.every(isNetwork),
}

/** Without a certificate node accepts the options, and every TLS handshake fails. */
const CERTIFICATES = ['key', 'pfx', 'SNICallback']

const http2: OptionRule<boolean | SecureServerOptions> = {
  fallback: false,
  type: null,
  allowed: 'true, false, or options of http2.createSecureServer with key and cert, pfx or SNICallback',
  accepts: (value) =>
    typeof value === 'boolean' ||
    (typeof value === 'object' && value !== null && CERTIFICATES.some((name) => name in value)),
}

const rules = {
  maxConnections: positive(Number.POSITIVE_INFINITY),
  maxConnectionsPerAddress: positive(Number.POSITIVE_INFINITY),
  trustedProxies: networks,
  maxMemory: positive(defaultMaxMemory()),
  handshakeTimeout: integer(10_000, 1, 2 ** 31 - 1),
  keepAliveTimeout: integer(65_000, 0, 2 ** 31 - 1),
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
 * @throws {TypeError} when an option is unknown or has the wrong type.
 * @throws {RangeError} when its value is not allowed.
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
