import { defaultLimits, type LimitOptions, readLimits } from '../connection/limits.ts'
import { checkOptionNames } from '../options/read-options.ts'
import { type Authorize, type PolicySettings, policyNames, readPolicy, type UpgradePolicy } from '../server/policy.ts'
import { type QueueOptions, queueMarkNames } from './message-queue.ts'
import type { ViewRequest } from './view-request.ts'
import { readSessionOptions, type SessionOptions } from './websocket.ts'

/**
 * Options of a view: which upgrade requests it accepts (RFC 6455 §4.2.2), and the limits and options of its sessions.
 * Each option replaces that of the server, except `authorize`.
 */
export interface ViewOptions extends Omit<UpgradePolicy, 'authorize'>, LimitOptions, SessionOptions {
  /**
   * Called after the origin check and after the server's own `authorize`. Returns undefined or `{ headers }` to accept
   * the request, or the response `{ status, headers?, body? }` that refuses it. May be async. Default: accepts every
   * request.
   */
  authorize?: Authorize<ViewRequest> | undefined
}

/** Checked options of a view. */
export interface ViewSettings {
  readonly policy: PolicySettings
  /** Undefined when the view sets no limit and those of the server apply. */
  readonly limits?: LimitOptions | undefined
  /** Undefined when the view sets no queue option and those of the server apply. */
  readonly queue?: QueueOptions | undefined
  /** Undefined when the setting of the server applies. */
  readonly heartbeat?: boolean | undefined
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
  const { heartbeat } = readSessionOptions(options)
  readLimits(options)
  return {
    policy: readPolicy(options as UpgradePolicy),
    limits: Object.keys(defaultLimits).some(isGiven) ? options : undefined,
    queue: queueMarkNames.some(isGiven) ? options : undefined,
    heartbeat: isGiven('heartbeat') ? heartbeat : undefined,
  }
}
