import type { IncomingMessage, ServerResponse } from 'node:http'
import { fieldEntries, type HeaderFields } from '../handshake/header-field.ts'
import { equalsIgnoreCase } from '../handshake/header-grammar.ts'
import { type Acceptance, authorizeUpgrade } from '../server/authorize.ts'
import type { PolicySettings } from '../server/policy.ts'
import { acceptLater, refusePending, type Upgrade } from '../server/upgrade.ts'
import type { Draining } from './draining.ts'
import { overrideQueueMarks } from './message-queue.ts'
import type { ViewSettings } from './view-options.ts'
import { setSession } from './view-request.ts'
import { readResponseFields } from './view-response.ts'
import { type SessionSettings, WebSocket } from './websocket.ts'

/** What the views of a server share. */
export interface ViewHost {
  readonly policy: PolicySettings
  readonly session: SessionSettings
  readonly draining: Draining
  /** Returns the address of a request's client. */
  readonly addressOf: (request: IncomingMessage) => string
  /** Passes an error to the server's `onError`. */
  readonly reportError: (error: unknown) => void
}

/** An upgrade request that its view has not accepted yet. */
export interface PendingUpgrade {
  readonly upgrade: Upgrade
  readonly host: ViewHost
  /** The decision of the server's own policy, when the policy has already been applied. */
  readonly acceptance?: Acceptance | undefined
  /** Whether the view is called by the router, which does not wait for the view to end. */
  readonly isRouted?: boolean | undefined
}

const pendingUpgrades = new WeakMap<IncomingMessage, PendingUpgrade>()

/** Stores an upgrade for the decorated view that its request reaches. */
export function announceUpgrade(pending: PendingUpgrade): void {
  pendingUpgrades.set(pending.upgrade.request, pending)
}

/** Returns the pending upgrade of a request to the first caller; null for later callers and for plain HTTP. */
export function takePendingUpgrade(request: IncomingMessage): PendingUpgrade | null {
  const pending = pendingUpgrades.get(request) ?? null
  pendingUpgrades.delete(request)
  return pending
}

/**
 * Applies the policies of the server and the view to a pending upgrade and accepts it (RFC 6455 §4.2.2). Returns the
 * session, or null when the request was refused or its peer has disconnected. Returns a promise only when one of the
 * user's functions does. The promise never rejects.
 */
export function acceptPendingUpgrade(
  { upgrade, host, acceptance: first }: PendingUpgrade,
  response: ServerResponse,
  settings: ViewSettings,
): OpenSession | null | Promise<OpenSession | null> {
  const serverPolicy = first === undefined ? host.policy : { ...host.policy, origins: '*' as const, authorize: null }
  const accept = ({ subprotocol, headers }: Acceptance): OpenSession | null => {
    const acceptance = { subprotocol, headers: joinFields(first?.headers, headers) }
    return acceptUpgrade(upgrade, host, acceptance, response, settings)
  }
  const refuse = (error: unknown): null => {
    refusePending(upgrade, error)
    return null
  }
  try {
    const choice = authorizeUpgrade(upgrade, joinPolicies(serverPolicy, settings.policy))
    return choice instanceof Promise ? choice.then(accept).catch(refuse) : accept(choice)
  } catch (error) {
    return refuse(error)
  }
}

/** A session whose 101 response may not have been sent yet. */
export interface OpenSession {
  readonly session: WebSocket
  /**
   * Sends the 101 response with the current header fields of the view's response. A frame that is sent before this call
   * also sends the response.
   */
  sendHead(): void
}

/** Accepts an upgrade and sets the session on the request. Returns null when the upgrade can no longer be accepted. */
export function acceptUpgrade(
  upgrade: Upgrade,
  host: ViewHost,
  { subprotocol, headers }: Acceptance,
  response: ServerResponse,
  settings?: ViewSettings,
): OpenSession | null {
  if (upgrade.settled || upgrade.stream.destroyed) return null
  // No spreads: V8 creates hidden classes for each object that is made with one, which would cost at least 350 bytes
  // per session.
  const options = { subprotocol, headers, limits: settings?.limits }
  const { connection, sendHead } = acceptLater(upgrade, options, () => readResponseFields(response))
  const { queue, heartbeat = host.session.heartbeat } = settings ?? {}
  const marks = queue === undefined ? host.session.marks : overrideQueueMarks(host.session.marks, queue)
  const session = new WebSocket(connection, { marks, heartbeat }, host.draining)
  setSession(upgrade.request, session)
  return { session, sendHead }
}

/** Combines policies. Options of the view override those of the server, but each `authorize` may refuse the request. */
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
    return { headers: joinFields(answer.headers, other.headers)! }
  }
}

/** Combines header fields. Later ones replace earlier ones, except that cookies are added (RFC 6265 §3). */
function joinFields(first: HeaderFields | undefined, second: HeaderFields | undefined): HeaderFields | undefined {
  if (first === undefined || second === undefined) return first ?? second
  const cookies = [first, second].flatMap((fields) =>
    fieldEntries(fields).flatMap(([name, value]) => (isSetCookie(name) ? value : [])),
  )
  const others = Object.entries({ ...first, ...second }).filter(([name]) => !isSetCookie(name))
  return { ...Object.fromEntries(others), ...(cookies.length > 0 ? { 'Set-Cookie': cookies } : {}) }
}

const isSetCookie = (name: string): boolean => equalsIgnoreCase(name, 'set-cookie')
