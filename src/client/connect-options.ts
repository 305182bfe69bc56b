import type { Agent } from 'node:http'
import type { ClientHttp2Session } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { type ConnectionLimits, defaultLimits, type LimitOptions, readLimits } from '../connection/limits.ts'
import { type DeflateOptions, type ResolvedDeflateOptions, readDeflateOptions } from '../deflate/options.ts'
import type { HeaderFields } from '../handshake/header-field.ts'
import { isSubprotocolList } from '../handshake/header-grammar.ts'
import {
  abortSignal,
  callback,
  integer,
  milliseconds,
  type OptionRule,
  objectWith,
  record,
} from '../options/option-rule.ts'
import { checkOption, checkOptionNames, readOptions } from '../options/read-options.ts'
import { watchResult } from '../user-code/user-code.ts'
import type { Transport } from './handshake-request.ts'

/** Options of a client: the limits of its connection, and the options of its handshake (RFC 6455 §4.1). */
export interface ConnectOptions extends LimitOptions {
  /** Requested subprotocols, in order of preference. Default: none. */
  subprotocols?: readonly string[] | undefined
  /** Header fields of the request, in addition to those of the handshake, such as `Authorization`. Default: none. */
  headers?: HeaderFields | undefined
  /** Offers permessage-deflate. `true` means its default options. Default false. */
  deflate?: boolean | DeflateOptions | undefined
  /** Time limit in milliseconds for opening the connection, including redirects. Default 10,000. */
  handshakeTimeout?: number | undefined
  /** Aborts the handshake. It has no effect on an open connection. Default: none. */
  signal?: AbortSignal | undefined
  /**
   * Maximum number of redirects. A redirected request to another origin is sent without `Authorization`, `Cookie` and
   * `Proxy-Authorization`, and of `tls`, only `ca` applies to it. Default 0: a redirect throws a HandshakeError.
   */
  maxRedirects?: number | undefined
  /** Options of `tls.connect`, such as `ca`. By default, the server's certificate is verified. */
  tls?: TlsOptions | undefined
  /**
   * The agent that creates the stream to the server, for example a proxy agent. Default: none; a new TCP or TLS
   * connection is opened.
   */
  agent?: Agent | undefined
  /**
   * Creates and returns the stream to the server. It is called with the options of `net.connect`. For `wss:` it must set
   * up TLS itself. Default: none.
   */
  createConnection?: ((options: object) => Duplex) | undefined
  /**
   * The path of a Unix socket to connect to instead of the host and port of the URL. Ignored for redirects to another
   * origin. Default: none.
   */
  socketPath?: string | undefined
  /**
   * Connects over HTTP/2 (RFC 8441). `true` opens a new connection, to which `agent` does not apply. A session from
   * `http2.connect` can be shared by many WebSockets and requests. Default false.
   */
  http2?: boolean | ClientHttp2Session | undefined
  /** Called with what a callback of the connection throws or rejects with. Default: writes it to standard error. */
  onError?: ((error: unknown) => unknown) | undefined
}

/** The options of `connect` with defaults filled in and values checked. */
export interface ConnectSettings {
  readonly limits: ConnectionLimits
  /** Null when compression is not offered. */
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
    isType: true,
    allowed: 'an array of distinct tokens',
    accepts: isSubprotocolList,
  } as OptionRule<readonly string[]>,
  headers: record<HeaderFields>({}, 'an object of header fields'),
  handshakeTimeout: milliseconds(10_000),
  maxRedirects: integer(0, 0),
  signal: abortSignal,
  tls: record<TlsOptions>({}, 'an object of options of tls.connect'),
  http2: {
    fallback: false,
    type: null,
    allowed: 'true, false or a session from http2.connect',
    accepts: (value) =>
      typeof value === 'boolean' || typeof (value as ClientHttp2Session | null)?.request === 'function',
  } as OptionRule<boolean | ClientHttp2Session>,
  onError: callback<(error: unknown) => unknown>(console.error),
}

const transportRules = {
  agent: objectWith<Agent | undefined>(undefined, 'an http.Agent', ['addRequest']),
  createConnection: callback<((options: object) => Duplex) | undefined>(undefined),
  socketPath: {
    fallback: undefined,
    type: 'string',
    allowed: 'a path',
    accepts: (value) => value !== '',
  } as OptionRule<string | undefined>,
}

const stream = objectWith<Duplex | undefined>(undefined, 'a Duplex', ['on', 'write', 'destroy'])

const names = [...Object.keys({ ...rules, ...transportRules, ...defaultLimits }), 'deflate']

/**
 * Reads the options of `connect`.
 *
 * @throws {TypeError} when an option is unknown or has the wrong type.
 * @throws {RangeError} when the value of an option is not allowed.
 */
export function readConnectOptions(options: ConnectOptions): ConnectSettings {
  checkOptionNames(options, names)
  const { deflate = false } = options
  return {
    ...readOptions(rules, options),
    transport: readTransport(options),
    limits: readLimits(options),
    deflate: deflate === false ? null : readDeflateOptions(deflate, 'client'),
  }
}

/** Node would throw an uncaught error if `createConnection` returned something else, such as a promise. */
function readTransport(options: ConnectOptions): Transport {
  const transport = readOptions(transportRules, options)
  const { createConnection } = transport
  if (createConnection === undefined) return transport
  const create = (options: object): Duplex => {
    const created = createConnection(options)
    watchResult(created, () => {})
    return checkOption('createConnection()', created, stream) as Duplex
  }
  return { ...transport, createConnection: create }
}
