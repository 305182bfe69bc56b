import type { LimitErrorCode } from '../limit-close-code.ts'

/** What a liveness check demands. */
export type LivenessAction =
  | { action: 'ping' }
  /** The peer is paused: what it sent is a sign of life when it is read. */
  | { action: 'readAhead' }
  /** The peer is paused and too much waits to read ahead. */
  | { action: 'probe' }
  /** The peer has ended: what it sent before is delivered although reading is paused, then the end. */
  | { action: 'deliver' }
  | { action: 'close'; code: LimitErrorCode; message: string }
  | { action: 'terminate'; code: string; message: string }

/** The action that closes with a Close frame. */
export function closeWith(code: LimitErrorCode, message: string): LivenessAction {
  return { action: 'close', code, message }
}
