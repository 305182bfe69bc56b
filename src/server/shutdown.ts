import type { Connection } from '../connection/connection.ts'
import { startDeadline } from '../connection/deadline.ts'
import { CloseCode } from '../core/close-code.ts'
import { encodeCloseBody } from '../core/close-frame.ts'
import { WebSocketError } from '../core/errors.ts'
import { LONGEST_DELAY, type OptionRule, type Settings } from '../options/option-rule.ts'
import { checkOptionNames, readOptions } from '../options/read-options.ts'

/** Options of a shutdown. Times are in milliseconds. */
export interface ShutdownOptions {
  /** Close code for connections that are still open after `drain`. Default 1001 (RFC 6455 §7.4.1). */
  code?: number | undefined
  /** Close reason. Default `''`. */
  reason?: string | undefined
  /** How long sessions may continue after `draining` is aborted. Default 0. */
  drain?: number | undefined
  /** Close frames are spread randomly over this time, so that clients do not all reconnect at once. Default 0. */
  jitter?: number | undefined
  /** Time from the call until the remaining connections are terminated. Default: `drain` + `jitter` + 10,000. */
  deadline?: number | undefined
}

/** The outcome for the connections that were open when the shutdown began. */
export interface ShutdownResult {
  /** Number of connections that ended with Close frames in both directions. */
  clean: number
  /** Number of connections that ended otherwise before the deadline. */
  unclean: number
  /** Number of connections that were terminated at the deadline. */
  cut: number
}

const milliseconds: OptionRule<number> = {
  fallback: 0,
  type: 'number',
  allowed: 'a time in milliseconds from 0 up',
  accepts: (value) => (value as number) >= 0,
}

const rules = { drain: milliseconds, jitter: milliseconds, deadline: milliseconds }

/** Shutdown options with defaults filled in and values checked. Times are in milliseconds. */
export interface ShutdownSettings extends Settings<typeof rules> {
  readonly code: number
  readonly reason: string
}

/**
 * Reads the options of a shutdown.
 *
 * @throws {RangeError} when a time is not allowed, or the code or reason must not be sent.
 * @throws {TypeError} when an option is unknown or has the wrong type.
 */
export function readShutdownOptions(options: ShutdownOptions): ShutdownSettings {
  checkOptionNames(options, [...Object.keys(rules), 'code', 'reason'])
  const { code = CloseCode.GOING_AWAY, reason = '' } = options
  encodeCloseBody(code, reason)
  const { drain, jitter } = readOptions(rules, options)
  const { deadline } = readOptions(rules, options, '', { deadline: drain + jitter + 10_000 })
  return { code, reason, drain, jitter, deadline: Math.min(deadline, LONGEST_DELAY) }
}

/** Closes connections as the options say. Resolves when all have closed. */
export async function endConnections(
  connections: Iterable<Connection>,
  { code, reason, drain, jitter, deadline }: ShutdownSettings,
): Promise<ShutdownResult> {
  const result = { clean: 0, unclean: 0, cut: 0 }
  await Promise.all(
    [...connections].map(async (connection) => {
      let isCut = false
      const cancelClose = after(drain + Math.random() * jitter, () => connection.close(code, reason))
      const cancelCut = after(deadline, () => {
        isCut = connection.state !== 'closed'
        const message = `not closed within ${deadline} ms of the shutdown`
        connection.terminate(new WebSocketError('ERR_WS_SHUTDOWN_DEADLINE', message))
      })
      await connection.gone
      cancelClose()
      cancelCut()
      if (isCut) result.cut++
      else if (connection.closeInfo?.wasClean) result.clean++
      else result.unclean++
    }),
  )
  return result
}

/** Like `startDeadline`, but calls `action` at once when the delay is 0. */
function after(delay: number, action: () => void): () => void {
  if (delay > 0) return startDeadline(Math.min(delay, LONGEST_DELAY), action)
  action()
  return () => {}
}
