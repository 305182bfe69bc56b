import type { IncomingMessage } from 'node:http'
import { type ConnectionLimits, defaultLimits, type LimitOptions, readLimits } from '../connection/limits.ts'
import { isSameOrigin, matchesOrigin, type OriginPattern, parseOriginPattern } from '../handshake/origin.ts'
import type { OptionRule } from '../options/option-rule.ts'
import { checkOptionNames, optionMessage, readOptions } from '../options/read-options.ts'

/** The limits that the server option `dwebsocket` turns on: those of `createServer`, with the same defaults. */
export interface BoundsOptions extends Omit<LimitOptions, 'maxStreamSize'> {
  /**
   * Allowed origins in addition to the server's own: `scheme://host[:port]`, `'null'`, or all subdomains of a domain,
   * as in `https://*.example.com`. `'*'` allows every origin. Default: none.
   */
  origins?: '*' | readonly string[] | undefined
}

const rules = {
  origins: {
    fallback: [],
    type: null,
    allowed: "'*', or an array of origins such as https://example.com, https://*.example.com or 'null'",
    accepts: (value) => value === '*' || (Array.isArray(value) && value.every(isPattern)),
  } as OptionRule<'*' | readonly string[]>,
}

const names = [...Object.keys(rules), ...Object.keys(defaultLimits).filter((name) => name !== 'maxStreamSize')]

/** The limits and the origin rule of dwebsocket, applied to the sockets of one server. */
export class Bounds {
  readonly limits: ConnectionLimits
  readonly #origins: '*' | readonly OriginPattern[]

  /**
   * @throws {TypeError} when an option is unknown or has the wrong type.
   * @throws {RangeError} when the value of an option is not allowed.
   */
  constructor(options: BoundsOptions) {
    checkOptionNames(options, names, 'dwebsocket.')
    const { origins } = readOptions(rules, options, 'dwebsocket.')
    this.limits = readLimits(options, defaultLimits, 'dwebsocket.')
    this.#origins = origins === '*' ? '*' : origins.map((source) => parseOriginPattern(source)!)
  }

  /**
   * Returns whether the request comes from an allowed origin (RFC 6455 §10.2). A request without an `Origin` header
   * does not come from a browser and is allowed.
   */
  allowsOrigin({ headers: { origin, host = '' } }: IncomingMessage): boolean {
    if (origin === undefined || this.#origins === '*') return true
    // A proxy that terminates TLS forwards a plain request, although the page was loaded over https.
    return [false, true].some((secure) => isSameOrigin(origin, host, secure)) || matchesOrigin(origin, this.#origins)
  }
}

/**
 * Reads the option `dwebsocket`. Returns null when it is absent or false.
 *
 * @throws {TypeError} when the option is neither a boolean nor an object, or an option in it is unknown or has the
 *   wrong type.
 * @throws {RangeError} when the value of an option in it is not allowed.
 */
export function readBounds(option: unknown): Bounds | null {
  if (option === undefined || option === null || option === false) return null
  if (option instanceof Bounds) return option
  if (option !== true && typeof option !== 'object') {
    throw new TypeError(optionMessage('dwebsocket', option, 'true, false, or an object of limits'))
  }
  return new Bounds(option === true ? {} : option)
}

/** Returns the stricter of two limits. In `limit`, which comes from npm ws, 0 means no limit. */
export function stricter(limit: number, bound: number | undefined): number {
  if (bound === undefined || !Number.isFinite(bound)) return limit
  return limit > 0 ? Math.min(limit, bound) : bound
}

function isPattern(value: unknown): boolean {
  return typeof value === 'string' && parseOriginPattern(value) !== null
}
