import { STATUS_CODES } from 'node:http'
import { HandshakeError } from '../core/errors.ts'
import { isSameOrigin, matchesOrigin } from '../handshake/origin.ts'
import type { Refusal, UpgradePolicy } from './options.ts'
import type { Upgrade } from './upgrade.ts'

/**
 * Applies a policy to an upgrade: origin (RFC 6455 §10.2), then `authorize`, then the choice of a subprotocol
 * (§4.2.2). Resolves to the subprotocol, `undefined` for none; rejects with a HandshakeError to refuse with, or with
 * what `authorize` threw. Returns without a promise unless `authorize` does.
 */
export function authorizeUpgrade(
  upgrade: Upgrade,
  policy: UpgradePolicy,
): string | undefined | Promise<string | undefined> {
  checkOrigin(upgrade, policy.origins)
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

/** §10.2: a browser tells where its script came from; without the field the client is no browser. */
function checkOrigin({ origin, host, secure }: Upgrade, allowed: UpgradePolicy['origins'] = []): void {
  if (origin === null || allowed === '*') return
  // A proxy that ends TLS makes plain requests of secure ones: a page of the same host by https is no foreign one.
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
    throw new RangeError(`authorize answered with status ${String(status)}; 300 to 599 are allowed`)
  }
  throw new HandshakeError(status, 'ERR_WS_UNAUTHORIZED', body, headers)
}

function chooseSubprotocol(upgrade: Upgrade, { subprotocols = [] }: UpgradePolicy): string | undefined {
  if (upgrade.subprotocols.length === 0) return undefined
  return upgrade.subprotocols.find((offered) => subprotocols.includes(offered))
}
