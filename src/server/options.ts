import type { IncomingMessage } from 'node:http'
import { type ConnectionLimits, defaultLimits } from '../connection/connection.ts'

/** An HTTP answer that refuses an upgrade request. */
export interface Refusal {
  /** 300–599. */
  status: number
  headers?: Record<string, string>
  /** Plain text. Default: the status and its name. */
  body?: string
}

/** What is decided before the 101 (RFC 6455 §4.2.2). */
export interface UpgradePolicy {
  /**
   * Foreign origins that are let in besides the server's own, as `scheme://host[:port]` or `'null'`, compared whole;
   * `'*'` lets every origin in. Requests without `Origin` do not come from browsers and are let in. Default: none.
   */
  origins?: '*' | readonly string[]
  /** Called after the origin check; returns nothing to accept, or the answer that refuses. May be async. */
  authorize?: (request: IncomingMessage) => Refusal | undefined | void | Promise<Refusal | undefined | void>
  /** Subprotocols spoken here. The client's favourite among them is chosen; none when it offers none of them. */
  subprotocols?: readonly string[]
}

/** Options of a server: the policy of every upgrade, the limits of every connection. */
export interface ServerOptions extends UpgradePolicy, Partial<ConnectionLimits> {
  /** Takes what callbacks and views throw. Default: writes it to standard error. */
  onError?: (error: unknown) => void
}

/** The limits of `options` over the defaults. Throws a RangeError for one that is not a positive number. */
export function readLimits(options: Partial<ConnectionLimits>): ConnectionLimits {
  const limits = { ...defaultLimits }
  for (const name of Object.keys(limits) as (keyof ConnectionLimits)[]) {
    const value = options[name]
    if (value === undefined) continue
    if (typeof value !== 'number' || !(value > 0)) {
      throw new RangeError(`option ${name} is ${String(value)}; a positive number is allowed`)
    }
    limits[name] = value
  }
  return limits
}
