import type { IncomingMessage } from 'node:http'
import type { HeaderFields } from '../handshake/header-field.ts'
import { isSubprotocolList } from '../handshake/header-grammar.ts'
import { type OriginPattern, parseOriginPattern } from '../handshake/origin.ts'
import type { OptionRule } from '../options/option-rule.ts'
import { readOptions } from '../options/read-options.ts'

/** An HTTP response that refuses an upgrade request. */
export interface Refusal {
  /** HTTP status, 300–599. */
  status: number
  /** Header fields in addition to those that the server sets, such as `WWW-Authenticate`. Default: none. */
  headers?: Record<string, string> | undefined
  /** The body as plain text. Default: the status code and its reason phrase. */
  body?: string | undefined
}

/** A decision that accepts an upgrade request, with header fields for the 101 response, such as `Set-Cookie`. */
export interface Approval {
  status?: undefined
  /** Header fields of the 101 response, in addition to those of the handshake. */
  headers: HeaderFields
}

/** The request that `authorize` is called with. */
export interface AuthorizeRequest extends IncomingMessage {
  /** The parsed query component of the URL. */
  readonly query: URLSearchParams
  /** The client's address. Behind `trustedProxies`, this is the address that they forward. */
  readonly clientAddress: string
}

/** The decision of `authorize`. Undefined or an `Approval` accepts the request; a `Refusal` refuses it. */
export type Verdict = Refusal | Approval | undefined | void

/**
 * Decides whether a request is accepted, before the 101 response. May be async. A `HandshakeError` that the function
 * throws is sent as the response; any other error is passed to `onError`, and the client gets 500.
 */
export type Authorize<Request = AuthorizeRequest> = (request: Request) => Verdict | Promise<Verdict>

/** Decides whether scripts of an origin may connect. May be async. */
export type AllowsOrigin = (origin: string, request: AuthorizeRequest) => boolean | Promise<boolean>

/** Options that decide which upgrade requests are accepted (RFC 6455 §4.2.2). */
export interface UpgradePolicy {
  /**
   * Origins that are allowed in addition to the server's own (RFC 6455 §10.2): an array of origins, a function, or
   * `'*'` for every origin. An element of the array is `scheme://host[:port]`, a pattern for all subdomains such as
   * `https://*.example.com`, `'null'` or `'file://'`. Requests from other origins are refused with 403. Requests
   * without an `Origin` field do not come from browsers and are allowed. Default: none.
   */
  origins?: '*' | readonly string[] | AllowsOrigin | undefined
  /**
   * Called after the origin check. Returns undefined or `{ headers }` to accept the request, or the response
   * `{ status, headers?, body? }` that refuses it. May be async. Default: accepts every request.
   */
  authorize?: Authorize | undefined
  /** Supported subprotocols. The first subprotocol of the request that is in this list is selected. Default: none. */
  subprotocols?: readonly string[] | undefined
}

/** A checked policy. Absent options are null. */
export interface PolicySettings {
  readonly origins: '*' | readonly OriginPattern[] | AllowsOrigin | null
  readonly authorize: Authorize | null
  readonly subprotocols: readonly string[] | null
}

const rules = {
  origins: {
    fallback: null,
    type: null,
    allowed: "'*', a function, or an array of origins such as https://example.com, https://*.example.com or 'null'",
    accepts: (value) =>
      value === '*' || typeof value === 'function' || (Array.isArray(value) && value.every((it) => isPattern(it))),
  } as OptionRule<'*' | readonly string[] | AllowsOrigin | null>,
  authorize: {
    fallback: null,
    type: 'function',
    allowed: 'a function',
    accepts: () => true,
  } as OptionRule<Authorize | null>,
  subprotocols: {
    fallback: null,
    type: null,
    allowed: 'an array of distinct tokens',
    accepts: isSubprotocolList,
  } as OptionRule<readonly string[] | null>,
}

/** The names of the policy options. */
export const policyNames: readonly string[] = Object.keys(rules)

/**
 * Reads the policy options.
 *
 * @throws {TypeError} when an option has the wrong type.
 * @throws {RangeError} when the value of an option is not allowed.
 */
export function readPolicy(options: UpgradePolicy): PolicySettings {
  const { origins, ...others } = readOptions(rules, options)
  const patterns = Array.isArray(origins) ? origins.map((text) => parseOriginPattern(text)!) : origins
  return { ...others, origins: patterns as PolicySettings['origins'] }
}

function isPattern(value: unknown): boolean {
  return typeof value === 'string' && parseOriginPattern(value) !== null
}
