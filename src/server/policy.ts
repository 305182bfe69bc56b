import type { IncomingMessage } from 'node:http'
import { isToken } from '../handshake/header-grammar.ts'
import { normalizeOrigin } from '../handshake/origin.ts'
import type { OptionRule, Settings } from '../options/option-rule.ts'
import { readOptions } from '../options/read-options.ts'

/** An HTTP response that refuses an upgrade request. */
export interface Refusal {
  /** 300–599. */
  status: number
  headers?: Record<string, string> | undefined
  /** Plain text. Default: the status and its name. */
  body?: string | undefined
}

/** Decides on a request before the 101; returns nothing to accept it, or the response that refuses it. May be async. */
export type Authorize<Request = IncomingMessage> = (
  request: Request,
) => Refusal | undefined | void | Promise<Refusal | undefined | void>

/** Decisions before the 101 (RFC 6455 §4.2.2). */
export interface UpgradePolicy {
  /**
   * Origins that are allowed besides the server's own, as `scheme://host[:port]` or `'null'`, compared whole; `'*'`
   * allows every origin. Requests without `Origin` do not come from browsers and are allowed. Default: none.
   */
  origins?: '*' | readonly string[] | undefined
  /** Called after the origin check; returns nothing to accept, or the response that refuses. May be async. */
  authorize?: Authorize | undefined
  /** Subprotocols of this server. The first of the client's that is among them is chosen. Default: none. */
  subprotocols?: readonly string[] | undefined
}

/** A checked policy; `null` where an option is absent. */
export type PolicySettings = Readonly<Settings<typeof rules>>

const rules = {
  origins: {
    fallback: null,
    type: null,
    allowed: "'*' or an array of origins such as https://example.com or 'null'",
    accepts: (value) => value === '*' || (Array.isArray(value) && value.every(isOrigin)),
  } as OptionRule<'*' | readonly string[] | null>,
  authorize: {
    fallback: null,
    type: 'function',
    allowed: 'a function',
    accepts: () => true,
  } as OptionRule<Authorize | null>,
  subprotocols: {
    fallback: null,
    type: null,
    allowed: 'an array of tokens, each once',
    accepts: (value) => Array.isArray(value) && value.every(isName) && new Set(value).size === value.length,
  } as OptionRule<readonly string[] | null>,
}

/** The names of the policy options. */
export const policyNames: readonly string[] = Object.keys(rules)

/**
 * @throws {TypeError} when an option has the wrong type.
 * @throws {RangeError} when its value is not allowed.
 */
export function readPolicy(options: UpgradePolicy): PolicySettings {
  return readOptions(rules, options)
}

function isOrigin(value: unknown): boolean {
  return typeof value === 'string' && normalizeOrigin(value) !== null
}

function isName(value: unknown): boolean {
  return typeof value === 'string' && isToken(value)
}
