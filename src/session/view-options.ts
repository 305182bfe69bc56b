import { defaultLimits, type LimitOptions, readLimits } from '../connection/limits.ts'
import { checkOptionNames } from '../options/read-options.ts'
import { type Authorize, type PolicySettings, policyNames, readPolicy, type UpgradePolicy } from '../server/policy.ts'
import { queueMarkNames } from './message-queue.ts'
import type { ViewRequest } from './view-request.ts'
import { readSessionOptions, type SessionOptions, type SessionSettings } from './websocket.ts'

/**
 * Options of a view: decisions before the 101 response, and those limits of its sessions that differ from the server's
 * (RFC 6455 §4.2.2).
 */
export interface ViewOptions extends Omit<UpgradePolicy, 'authorize'>, LimitOptions, SessionOptions {
  /**
   * Called after the origin check and after the server's own `authorize`. Returns undefined to accept the request, or
   * the HTTP response `{ status, headers?, body? }` that refuses it. May be async.
   */
  authorize?: Authorize<ViewRequest> | undefined
}

/** Checked options of a view. */
export interface ViewSettings {
  readonly policy: PolicySettings
  /** Undefined when the view sets no limit and those of the server apply. */
  readonly limits?: LimitOptions | undefined
  /** The session options that the view sets. The others are those of the server. */
  readonly session: Partial<SessionSettings>
}

const names = [...policyNames, ...Object.keys(defaultLimits), ...queueMarkNames, 'heartbeat']

/**
 * Reads the options of a view (RFC 6455 §10.4).
 *
 * @throws {TypeError} when an option is unknown or has the wrong type.
 * @throws {RangeError} when the value of an option is not allowed.
 */
export function readViewOptions(options: ViewOptions): ViewSettings {
  checkOptionNames(options, names)
  const isGiven = (name: string): boolean => options[name as keyof ViewOptions] !== undefined
  const { marks, heartbeat } = readSessionOptions(options)
  readLimits(options)
  return {
    policy: readPolicy(options as UpgradePolicy),
    limits: Object.keys(defaultLimits).some(isGiven) ? options : undefined,
    session: {
      ...(queueMarkNames.some(isGiven) ? { marks } : {}),
      ...(isGiven('heartbeat') ? { heartbeat } : {}),
    },
  }
}
