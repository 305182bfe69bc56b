import type { ConnectionOptions as TlsOptions } from 'node:tls'
import { type ConnectionLimits, defaultLimits, readLimits } from '../connection/limits.ts'
import { type DeflateOptions, type ResolvedDeflateOptions, readDeflateOptions } from '../deflate/options.ts'
import type { HeaderFields } from '../handshake/header-field.ts'
import { callback, integer, type OptionRule } from '../options/option-rule.ts'
import { checkOptionNames, readOptions } from '../options/read-options.ts'

/** How a client connects: the limits of its connection, and the options of its handshake (RFC 6455 §4.1). */
export interface ConnectOptions extends Partial<ConnectionLimits> {
  /** Subprotocols offered, in order of preference. Default: none. */
  subprotocols?: readonly string[]
  /** Header fields of the request besides those of the handshake, such as `Authorization`. */
  headers?: HeaderFields
  /** Offers permessage-deflate; `true` for its default options. Default: false. */
  deflate?: boolean | DeflateOptions
  /** Milliseconds until the connection must be open, redirects included. Default 10 s. */
  handshakeTimeout?: number
  /** Aborts the handshake; it has no effect on an open connection. */
  signal?: AbortSignal
  /**
   * Redirects that are followed. To another origin, `Authorization`, `Cookie` and `Proxy-Authorization` are left out,
   * and of `tls` all but `ca`. Default 0: a redirect is a HandshakeError.
   */
  maxRedirects?: number
  /** Options of `tls.connect`, such as `ca`. The server's certificate is verified unless they say otherwise. */
  tls?: TlsOptions
  /** Called with what callbacks throw. Default: writes it to standard error. */
  onError?: (error: unknown) => void
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
  readonly onError: (error: unknown) => void
}

const anObject: OptionRule<object> = {
  fallback: {},
  type: 'object',
  allowed: 'an object',
  accepts: (value) => value !== null,
}

const rules = {
  subprotocols: {
    fallback: [],
    type: 'object',
    allowed: 'an array of strings',
    accepts: (value) => Array.isArray(value),
  } as OptionRule<readonly string[]>,
  headers: anObject as OptionRule<HeaderFields>,
  handshakeTimeout: integer(10_000, 1, 2 ** 31 - 1),
  maxRedirects: integer(0, 0),
  tls: anObject as OptionRule<TlsOptions>,
  onError: callback<(error: unknown) => void>(console.error),
}

const names = [...Object.keys(rules), 'deflate', 'signal', ...Object.keys(defaultLimits)]

/**
 * @throws {TypeError} when an option is unknown or has the wrong type.
 * @throws {RangeError} when its value is not allowed.
 */
export function readConnectOptions(options: ConnectOptions): ConnectSettings {
  checkOptionNames(options, names)
  const { deflate = false, signal } = options
  return {
    ...readOptions(rules, options),
    limits: readLimits(options),
    deflate: deflate === false ? null : readDeflateOptions(deflate, 'client'),
    signal,
  }
}
