import type { IncomingMessage } from 'node:http'
import { type Acceptance, authorizeUpgrade } from '../server/authorize.ts'
import type { PolicySettings } from '../server/policy.ts'
import { refusePending, type Upgrade } from '../server/upgrade.ts'
import type { Draining } from './draining.ts'
import type { ViewSettings } from './view-options.ts'
import { setSession } from './view-request.ts'
import { type SessionSettings, WebSocket } from './websocket.ts'

/** The parts of a server that its views share. */
export interface ViewHost {
  readonly policy: PolicySettings
  readonly session: SessionSettings
  readonly draining: Draining
  /** The address of a request's client as the limits see it. */
  readonly addressOf: (request: IncomingMessage) => string
  /** Passes an error to the server's `onError`. */
  readonly reportError: (error: unknown) => void
}

/** An upgrade request on its way to the view that accepts it. */
export interface PendingUpgrade {
  readonly upgrade: Upgrade
  readonly host: ViewHost
  /** The decision of the server's own policy, when it has been applied already. */
  readonly acceptance?: Acceptance | undefined
}

const pendingUpgrades = new WeakMap<IncomingMessage, PendingUpgrade>()

/** Lets the decorated view that this request reaches accept it. */
export function announceUpgrade(pending: PendingUpgrade): void {
  pendingUpgrades.set(pending.upgrade.request, pending)
}

/** The pending upgrade of a request, for one caller; `null` for plain HTTP, and for every later caller. */
export function takePendingUpgrade(request: IncomingMessage): PendingUpgrade | null {
  const pending = pendingUpgrades.get(request) ?? null
  pendingUpgrades.delete(request)
  return pending
}

/**
 * Applies the policies of server and view to a pending upgrade and accepts it (RFC 6455 §4.2.2). Resolves to the
 * session, or to `null` when the request was refused or its peer has left; never rejects.
 */
export async function acceptPendingUpgrade(
  { upgrade, host, acceptance: first }: PendingUpgrade,
  settings: ViewSettings,
): Promise<WebSocket | null> {
  const serverPolicy = first === undefined ? host.policy : { ...host.policy, origins: '*' as const, authorize: null }
  try {
    const acceptance = await authorizeUpgrade(upgrade, joinPolicies(serverPolicy, settings.policy))
    const headers = { ...first?.headers, ...acceptance.headers }
    return acceptUpgrade(upgrade, host, { ...acceptance, headers }, settings)
  } catch (error) {
    refusePending(upgrade, error)
    return null
  }
}

/** Sends the 101 and puts the session on the request; `null` when it is too late for that. */
export function acceptUpgrade(
  upgrade: Upgrade,
  host: ViewHost,
  acceptance: Acceptance,
  settings?: ViewSettings,
): WebSocket | null {
  if (upgrade.settled || upgrade.stream.destroyed) return null
  const session = new WebSocket(
    upgrade.accept({ ...acceptance, limits: settings?.limits }),
    { ...host.session, ...settings?.session },
    host.draining,
  )
  setSession(upgrade.request, session)
  return session
}

/** View options override server options, but a request that the server's `authorize` refuses stays refused. */
function joinPolicies(server: PolicySettings, view: PolicySettings): PolicySettings {
  return {
    origins: view.origins ?? server.origins,
    subprotocols: view.subprotocols ?? server.subprotocols,
    authorize: joinAuthorize(server.authorize, view.authorize),
  }
}

function joinAuthorize(
  first: PolicySettings['authorize'],
  second: PolicySettings['authorize'],
): PolicySettings['authorize'] {
  if (first === null || second === null) return first ?? second
  return async (request) => {
    const answer = await first(request)
    if (answer === undefined || answer.status !== undefined) return answer ?? second(request)
    const other = await second(request)
    if (other === undefined || other.status !== undefined) return other ?? answer
    return { headers: { ...answer.headers, ...other.headers } }
  }
}
