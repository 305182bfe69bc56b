import { STATUS_CODES } from 'node:http'
import { HandshakeError } from '../core/errors.ts'
import type { HeaderFields } from '../handshake/header-field.ts'
import { isSameOrigin, matchesOrigin } from '../handshake/origin.ts'
import { describe } from '../options/read-options.ts'
import type { PolicySettings, Verdict } from './policy.ts'
import { addRequestFields } from './request-fields.ts'
import type { Upgrade } from './upgrade.ts'

/** The choices of a policy for the 101 response (RFC 6455 §4.2.2). */
export interface Acceptance {
  readonly subprotocol: string | undefined
  /** Header fields for the 101 response. */
  readonly headers: HeaderFields | undefined
}

/**
 * Applies a policy to an upgrade: the origin (RFC 6455 §10.2), then `authorize`, then the choice of a subprotocol
 * (§4.2.2). Returns a promise only when one of the user's functions does.
 *
 * @throws {HandshakeError} when the request is refused. Errors from the user's functions are passed on.
 */
export function authorizeUpgrade(upgrade: Upgrade, policy: PolicySettings): Acceptance | Promise<Acceptance> {
  return next(allowsOrigin(upgrade, policy.origins), (isAllowed) => {
    if (isAllowed !== true) throw originRefused(upgrade, policy.origins)
    const verdict = policy.authorize?.(requestOf(upgrade))
    return next(verdict, (answer) => ({
      headers: readVerdict(answer),
      subprotocol: chooseSubprotocol(upgrade, policy),
    }))
  })
}

/** Calls `action` with a value, or with the value of a promise. */
function next<T, U>(value: T | PromiseLike<T>, action: (value: T) => U | Promise<U>): U | Promise<U> {
  const isThenable = typeof (value as PromiseLike<T> | null | undefined)?.then === 'function'
  return isThenable ? Promise.resolve(value).then(action) : action(value as T)
}

function requestOf(upgrade: Upgrade) {
  return addRequestFields(upgrade.request, () => upgrade.clientAddress)
}

/** §10.2: browsers send the origin of the script, so a request without the field does not come from a browser. */
function allowsOrigin(upgrade: Upgrade, allowed: PolicySettings['origins']): boolean | PromiseLike<boolean> {
  const { origin, host, secure } = upgrade
  if (origin === null || allowed === '*') return true
  // A proxy that terminates TLS forwards a plain request, although the page was loaded over https.
  if (isSameOrigin(origin, host, secure) || isSameOrigin(origin, host, true)) return true
  if (typeof allowed === 'function') return allowed(origin, requestOf(upgrade))
  return allowed !== null && matchesOrigin(origin, allowed)
}

function originRefused({ origin, host, secure }: Upgrade, allowed: PolicySettings['origins']): HandshakeError {
  const list = Array.isArray(allowed) ? allowed.map(({ source }) => source) : []
  if (typeof allowed === 'function') list.push('those that the function in the option origins allows')
  const own = `${secure ? 'https' : 'http'}://${host}`
  const listed = list.length === 0 ? '' : ` and ${list.join(', ')}`
  const message = `origin ${origin} is not allowed; allowed: ${own}${listed} (option origins)`
  return new HandshakeError(403, 'ERR_WS_ORIGIN', message)
}

/** Returns the header fields for the 101 response. Only undefined, an `Approval` or a `Refusal` is allowed. */
function readVerdict(answer: Verdict): HeaderFields | undefined {
  if (answer === undefined) return undefined
  if (typeof answer !== 'object' || answer === null || (answer.status === undefined && answer.headers === undefined)) {
    throw new TypeError(`authorize returned ${describe(answer)}; allowed: undefined, { headers } or { status, … }`)
  }
  if (answer.status === undefined) return answer.headers
  const { status, headers, body = `${status} ${STATUS_CODES[status] ?? ''}`.trim() } = answer
  if (!Number.isInteger(status) || status < 300 || status > 599) {
    throw new RangeError(`authorize returned status ${describe(status)}; allowed: 300 to 599`)
  }
  throw new HandshakeError(status, 'ERR_WS_UNAUTHORIZED', body, headers)
}

function chooseSubprotocol(upgrade: Upgrade, { subprotocols }: PolicySettings): string | undefined {
  if (upgrade.subprotocols.length === 0 || subprotocols === null) return undefined
  return upgrade.subprotocols.find((offered) => subprotocols.includes(offered))
}
