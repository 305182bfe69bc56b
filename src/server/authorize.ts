import { STATUS_CODES } from 'node:http'
import { HandshakeError } from '../core/errors.ts'
import { isSameOrigin, matchesOrigin } from '../handshake/origin.ts'
import type { PolicySettings, Refusal } from './policy.ts'
import type { Upgrade } from './upgrade.ts'

/**
 * Applies a policy to an upgrade: origin (RFC 6455 §10.2), then `authorize`, then the choice of a subprotocol
 * (§4.2.2). Returns the subprotocol, `undefined` for none; a promise of it only when `authorize` returns a promise.
 *
 * @throws {HandshakeError} when the request is refused; what `authorize` throws is thrown too.
 */
export function authorizeUpgrade(
  upgrade: Upgrade,
  policy: PolicySettings,
): string | undefined | Promise<string | undefined> {
  checkOrigin(upgrade, policy.origins ?? [])
  const refusal = policy.authorize?.(upgrade.request)
  if (refusal instanceof Promise) {
    return refusal.then((answer) => {
      checkAnswer(answer)
      return chooseSubprotocol(upgrade, policy)
    })
  }
  checkAnswer(refusal)
  return chooseSubprotocol(upgrade, policy)
}

/** §10.2: a browser names the origin of its script; a request without the field does not come from a browser. */
function checkOrigin({ origin, host, secure }: Upgrade, allowed: '*' | readonly string[]): void {
  if (origin === null || allowed === '*') return
  // Behind a proxy that terminates TLS the request is plain although the page came by https from the same host.
  if (isSameOrigin(origin, host, secure) || isSameOrigin(origin, host, true) || matchesOrigin(origin, allowed)) return
  const own = `${secure ? 'https' : 'http'}://${host}`
  const listed = allowed.length === 0 ? '' : ` and ${allowed.join(', ')}`
  throw new HandshakeError(
    403,
    'ERR_WS_ORIGIN',
    `origin ${origin} is not allowed; allowed: ${own}${listed} (option origins)`,
  )
}

function checkAnswer(answer: Refusal | undefined | void): void {
  if (answer === undefined) return
  const { status, headers, body = `${status} ${STATUS_CODES[status] ?? ''}`.trim() } = answer
  if (!Number.isInteger(status) || status < 300 || status > 599) {
    throw new RangeError(`authorize answered with status ${String(status)}; allowed: 300 to 599`)
  }
  throw new HandshakeError(status, 'ERR_WS_UNAUTHORIZED', body, headers)
}

function chooseSubprotocol(upgrade: Upgrade, { subprotocols }: PolicySettings): string | undefined {
  if (upgrade.subprotocols.length === 0 || subprotocols === null) return undefined
  return upgrade.subprotocols.find((offered) => subprotocols.includes(offered))
}
