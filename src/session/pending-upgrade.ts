import type { IncomingMessage } from 'node:http'
import { type ConnectionLimits, defaultLimits, readLimits } from '../connection/limits.ts'
import { authorizeUpgrade } from '../server/authorize.ts'
import type { UpgradePolicy } from '../server/options.ts'
import type { WebSocketServer } from '../server/server.ts'
import type { Upgrade } from '../server/upgrade.ts'
import type { Draining } from './draining.ts'
import { setSession, type ViewRequest } from './view-request.ts'
import { checkSessionOptions, type SessionOptions, type SessionSettings, WebSocket } from './websocket.ts'

/** What a view decides before the 101, and the limits of its sessions where they differ from the server's (§4.2.2). */
export interface ViewOptions extends Omit<UpgradePolicy, 'authorize'>, Partial<ConnectionLimits>, SessionOptions {
  /**
   * Called after the origin check and after the server's own `authorize`; returns nothing to accept, or the HTTP
   * answer `{ status, headers?, body? }` that refuses. May be async.
   */
  authorize?: (request: ViewRequest) => ReturnType<NonNullable<UpgradePolicy['authorize']>>
}

/** Checked options of a view. */
export interface ViewSettings {
  readonly policy: UpgradePolicy
  /** Left out when the view names no limit and takes the server's. */
  readonly limits?: Partial<ConnectionLimits>
  /** The session options, `null` when the view names no mark of the queue and takes the server's. */
  readonly session: SessionSettings | null
  readonly heartbeat: boolean | undefined
}

/** The server that views run under. */
export interface ViewHost {
  readonly server: WebSocketServer
  readonly session: SessionSettings
  readonly draining: Draining
}

/** A WebSocket request on its way to the view that will accept it. */
export interface PendingUpgrade {
  readonly upgrade: Upgrade
  readonly host: ViewHost
  /** The server's own `authorize` has let it in already. */
  readonly isAuthorized?: boolean
}

const QUEUE_MARKS = ['queueHighCount', 'queueLowCount', 'queueHighBytes', 'queueLowBytes']

const pendingUpgrades = new WeakMap<IncomingMessage, PendingUpgrade>()

/** Lets the decorated view that this request reaches accept it. */
export function announceUpgrade(pending: PendingUpgrade): void {
  pendingUpgrades.set(pending.upgrade.request, pending)
}

/** The pending of a request for the one who accepts it; `null` for plain HTTP and for what was taken before. */
export function takePendingUpgrade(request: IncomingMessage): PendingUpgrade | null {
  const pending = pendingUpgrades.get(request) ?? null
  pendingUpgrades.delete(request)
  return pending
}

/** Checks the options of a view; a limit or mark out of its range throws a RangeError (RFC 6455 §10.4). */
export function checkViewOptions(options: ViewOptions): ViewSettings {
  const { origins, subprotocols, heartbeat } = options
  const names = (some: readonly string[]): boolean =>
    some.some((name) => options[name as keyof ViewOptions] !== undefined)
  readLimits(options)
  return {
    policy: { origins, subprotocols, authorize: options.authorize as UpgradePolicy['authorize'] },
    limits: names(Object.keys(defaultLimits)) ? options : undefined,
    session: names(QUEUE_MARKS) ? checkSessionOptions(options) : null,
    heartbeat,
  }
}

/**
 * Applies the policies of server and view to a pending and accepts it (RFC 6455 §4.2.2). Resolves to the session, or to
 * `null` when the request was refused or its peer has gone; never rejects.
 */
export async function acceptPendingUpgrade(pending: PendingUpgrade, settings: ViewSettings): Promise<WebSocket | null> {
  const { upgrade, host, isAuthorized = false } = pending
  const { origins, subprotocols, authorize } = host.server.options
  const policy = { origins, subprotocols, authorize: isAuthorized ? undefined : authorize }
  try {
    const subprotocol = await authorizeUpgrade(upgrade, joinPolicies(policy, settings.policy))
    return acceptUpgrade(upgrade, host, subprotocol, settings)
  } catch (error) {
    host.server.refuse(upgrade, error)
    return null
  }
}

/** Answers 101 and puts the session on the request; `null` when that is too late. */
export function acceptUpgrade(
  upgrade: Upgrade,
  host: ViewHost,
  subprotocol: string | undefined,
  settings?: ViewSettings,
): WebSocket | null {
  if (upgrade.settled || upgrade.stream.destroyed) return null
  const { marks, heartbeat } = settings?.session ?? host.session
  const session = new WebSocket(
    upgrade.accept({ subprotocol, limits: settings?.limits }),
    { marks, heartbeat: settings?.heartbeat ?? heartbeat },
    host.draining,
  )
  setSession(upgrade.request, session)
  return session
}

/** The view's word goes before the server's, but what the server's `authorize` refuses stays refused. */
function joinPolicies(server: UpgradePolicy, view: UpgradePolicy): UpgradePolicy {
  return {
    origins: view.origins ?? server.origins,
    subprotocols: view.subprotocols ?? server.subprotocols,
    authorize: joinAuthorize(server.authorize, view.authorize),
  }
}

function joinAuthorize(
  first: UpgradePolicy['authorize'],
  second: UpgradePolicy['authorize'],
): UpgradePolicy['authorize'] {
  if (first === undefined || second === undefined) return first ?? second
  return async (request) => {
    const answer = await first(request)
    return answer === undefined ? second(request) : answer
  }
}
