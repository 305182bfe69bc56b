import { defaultLimits, type LimitOptions, readLimits } from '../connection/limits.ts'
import { checkOptionNames } from '../options/read-options.ts'
import { type Authorize, type PolicySettings, policyNames, readPolicy, type UpgradePolicy } from '../server/policy.ts'
import { queueMarkNames } from './message-queue.ts'
import type { ViewRequest } from './view-request.ts'
import { readSessionOptions, type SessionOptions, type SessionSettings } from './websocket.ts'

/** The decisions of a view before the 101, and the limits of its sessions where they differ from the server's (§4.2.2). */
export interface ViewOptions extends Omit<UpgradePolicy, 'authorize'>, LimitOptions, SessionOptions {
  /**
   * Called after the origin check and after the server's own `authorize`; returns nothing to accept, or the HTTP
   * response `{ status, headers?, body? }` that refuses. May be async.
   */
  authorize?: Authorize<ViewRequest> | undefined
}

/** Checked options of a view. */
export interface ViewSettings {
  readonly policy: PolicySettings
  /** `undefined` when the view names no limit and uses the server's. */
  readonly limits?: LimitOptions | undefined
  /** What the view names itself; the rest is the server's. `undefined` when it names nothing. */
  readonly session?: Partial<SessionSettings> | undefined
}

const names = [...policyNames, ...Object.keys(defaultLimits), ...queueMarkNames, 'heartbeat']

/**
 * @throws {TypeError} when an option is unknown or has the wrong type.
 * @throws {RangeError} when its value is not allowed (RFC 6455 §10.4).
 */
export function readViewOptions(options: ViewOptions): ViewSettings {
  checkOptionNames(options, names)
  const isGiven = (name: string): boolean => options[name as keyof ViewOptions] !== undefined
  const { marks, heartbeat } = readSessionOptions(options)
  readLimits(options)
  return {
    policy: readPolicy(options as UpgradePolicy),
    limits: Object.keys(defaultLimits).some(isGiven) ? options : undefined,
    session: [...queueMarkNames, 'heartbeat'].some(isGiven)
      ? {
          ...(queueMarkNames.some(isGiven) ? { marks } : {}),
          ...(isGiven('heartbeat') ? { heartbeat } : {}),
        }
      : undefined,
  }
}
