import type { LimitErrorCode } from '../limit-close-code.ts'

/** The action that a liveness check requires. */
export type LivenessAction =
  | { action: 'ping' }
  /** The connection is paused. Reading ahead may find a sign of life. */
  | { action: 'readAhead' }
  /** The connection is paused, and so much is waiting that nothing more may be read ahead. */
  | { action: 'probe' }
  /** The peer has ended. What it sent before is delivered, followed by the end, although reading is paused. */
  | { action: 'deliver' }
  | { action: 'close'; code: LimitErrorCode; message: string }
  | { action: 'terminate'; code: string; message: string }

/** Returns the action that closes the connection with a Close frame. */
export function closeWith(code: LimitErrorCode, message: string): LivenessAction {
  return { action: 'close', code, message }
}
