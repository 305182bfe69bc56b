import type { Agent } from 'node:http'
import type { ClientHttp2Session } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { type ConnectionLimits, defaultLimits, type LimitOptions, readLimits } from '../connection/limits.ts'
import { type DeflateOptions, type ResolvedDeflateOptions, readDeflateOptions } from '../deflate/options.ts'
import type { HeaderFields } from '../handshake/header-field.ts'
import { anyObject, callback, integer, type OptionRule } from '../options/option-rule.ts'
import { checkOptionNames, readOptions } from '../options/read-options.ts'
import type { Transport } from './handshake-request.ts'

/** How a client connects: the limits of its connection, and the options of its handshake (RFC 6455 §4.1). */
export interface ConnectOptions extends LimitOptions {
  /** Subprotocols offered, in order of preference. Default: none. */
  subprotocols?: readonly string[] | undefined
  /** Header fields of the request besides those of the handshake, such as `Authorization`. */
  headers?: HeaderFields | undefined
  /** Offers permessage-deflate; `true` for its default options. Default: false. */
  deflate?: boolean | DeflateOptions | undefined
  /** Milliseconds until the connection must be open, redirects included. Default 10 s. */
  handshakeTimeout?: number | undefined
  /** Aborts the handshake; it has no effect on an open connection. */
  signal?: AbortSignal | undefined
  /**
   * Redirects that are followed. To another origin, `Authorization`, `Cookie` and `Proxy-Authorization` are left out,
   * and of `tls` all but `ca`. Default 0: a redirect is a HandshakeError.
   */
  maxRedirects?: number | undefined
  /** Options of `tls.connect`, such as `ca`. The server's certificate is verified unless they say otherwise. */
  tls?: TlsOptions | undefined
  /** Makes the stream to the server, for example a proxy agent. Default: a TCP or TLS connection. */
  agent?: Agent | undefined
  /** Makes the stream to the server from options of `net.connect`; for `wss:` it must set up TLS itself. Default: none. */
  createConnection?: ((options: object) => Duplex) | undefined
  /** The path of a unix socket to connect to, in place of host and port. Redirects to another origin ignore it. */
  socketPath?: string | undefined
  /**
   * Connects over HTTP/2 (RFC 8441): `true` on a connection of its own, which `agent` does not apply to; or a session of
   * `http2.connect` on which many WebSockets and requests can share one connection. Default: false.
   */
  http2?: boolean | ClientHttp2Session | undefined
  /** Called with what callbacks throw. Default: writes it to standard error. */
  onError?: ((error: unknown) => unknown) | undefined
}

/** The options of `connect`, filled in and checked. */
export interface ConnectSettings {
  readonly limits: ConnectionLimits
  /** `null` when compression is not offered. */
  readonly deflate: ResolvedDeflateOptions | null
  readonly signal: AbortSignal | undefined
  readonly handshakeTimeout: number
  readonly maxRedirects: number
  readonly subprotocols: readonly string[]
  readonly headers: HeaderFields
  readonly tls: TlsOptions
  readonly transport: Transport
  readonly http2: boolean | ClientHttp2Session
  readonly onError: (error: unknown) => unknown
}

const rules = {
  subprotocols: {
    fallback: [],
    type: 'object',
    allowed: 'an array of strings',
    accepts: (value) => Array.isArray(value),
  } as OptionRule<readonly string[]>,
  headers: anyObject<HeaderFields>({}),
  handshakeTimeout: integer(10_000, 1, 2 ** 31 - 1),
  maxRedirects: integer(0, 0),
  signal: anyObject<AbortSignal | undefined>(undefined),
  tls: anyObject<TlsOptions>({}),
  http2: {
    fallback: false,
    type: null,
    allowed: 'true, false or a session of http2.connect',
    accepts: (value) =>
      typeof value === 'boolean' || typeof (value as ClientHttp2Session | null)?.request === 'function',
  } as OptionRule<boolean | ClientHttp2Session>,
  onError: callback<(error: unknown) => unknown>(console.error),
}

const transportRules = {
  agent: anyObject<Agent | undefined>(undefined),
  createConnection: callback<((options: object) => Duplex) | undefined>(undefined),
  socketPath: {
    fallback: undefined,
    type: 'string',
    allowed: 'a path',
    accepts: (value) => value !== '',
  } as OptionRule<string | undefined>,
}

const names = [...Object.keys({ ...rules, ...transportRules, ...defaultLimits }), 'deflate']

/**
 * @throws {TypeError} when an option is unknown or has the wrong type.
 * @throws {RangeError} when its value is not allowed.
 */
export function readConnectOptions(options: ConnectOptions): ConnectSettings {
  checkOptionNames(options, names)
  const { deflate = false } = options
  return {
    ...readOptions(rules, options),
    transport: readOptions(transportRules, options),
    limits: readLimits(options),
    deflate: deflate === false ? null : readDeflateOptions(deflate, 'client'),
  }
}
