import type { Connection } from '../connection/connection.ts'
import { CloseCode } from '../core/close-code.ts'
import { encodeCloseBody } from '../core/close-frame.ts'
import { WebSocketError } from '../core/errors.ts'

/** How a server stops; times in milliseconds. */
export interface ShutdownOptions {
  /** Close code for those who are still there after `drain`. Default 1001. */
  code?: number
  reason?: string
  /** How long sessions may go on by themselves, told by `session.draining`. Default 0. */
  drain?: number
  /** The Close frames are spread at random over this time, so that clients do not come back all at once. Default 0. */
  jitter?: number
  /** When everything that is left is cut, counted from the call. Default `drain` + `jitter` + 10 s. */
  deadline?: number
}

/** How the connections that were open when the shutdown began have ended. */
export interface ShutdownResult {
  /** With Close frames both ways. */
  clean: number
  /** Otherwise, before the deadline. */
  unclean: number
  /** At the deadline. */
  cut: number
}

/** The longest time that a timer of node's can wait. */
const LONGEST_WAIT = 2 ** 31 - 1

/**
 * Throws a RangeError for a time that is no number from 0 on, or a code or reason that may not be sent; a TypeError for
 * a reason that is no text.
 */
export function checkShutdownOptions({ code = CloseCode.GOING_AWAY, reason = '', ...times }: ShutdownOptions): void {
  encodeCloseBody(code, reason)
  for (const name of ['drain', 'jitter', 'deadline'] as const) {
    const time = times[name]
    if (time !== undefined && !(typeof time === 'number' && time >= 0))
      throw new RangeError(`option ${name} is ${String(time)}; milliseconds from 0 on are allowed`)
  }
}

/** When everything that is left is cut, in milliseconds from the call. */
export function deadlineOf({ drain = 0, jitter = 0, deadline = drain + jitter + 10_000 }: ShutdownOptions): number {
  return Math.min(deadline, LONGEST_WAIT)
}

/** Ends connections as the options say and resolves when all are gone. */
export async function endConnections(
  connections: Iterable<Connection>,
  options: ShutdownOptions,
): Promise<ShutdownResult> {
  const { code = CloseCode.GOING_AWAY, reason = '', drain = 0, jitter = 0 } = options
  const deadline = deadlineOf(options)
  const result = { clean: 0, unclean: 0, cut: 0 }
  await Promise.all(
    [...connections].map(async (connection) => {
      let isCut = false
      const closeTimer = after(drain + Math.random() * jitter, () => connection.close(code, reason))
      const cutTimer = after(deadline, () => {
        isCut = connection.state !== 'closed'
        const message = `not closed within ${deadline} ms of the shutdown`
        connection.terminate(new WebSocketError('ERR_WS_SHUTDOWN_DEADLINE', message))
      })
      await connection.gone
      clearTimeout(closeTimer)
      clearTimeout(cutTimer)
      if (isCut) result.cut++
      else if (connection.closeInfo?.wasClean) result.clean++
      else result.unclean++
    }),
  )
  return result
}

/** A timer, or the call at once when there is nothing to wait for. */
function after(milliseconds: number, action: () => void): NodeJS.Timeout | undefined {
  if (milliseconds > 0) return setTimeout(action, Math.min(milliseconds, LONGEST_WAIT))
  action()
  return undefined
}
