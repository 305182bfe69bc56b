/** What a liveness check demands. */
export type LivenessAction =
  | { action: 'ping' }
  | { action: 'close'; closeCode: number; code: string; message: string }
  | { action: 'terminate'; code: string; message: string }

/** The action that closes with a Close frame. */
export function closeWith(closeCode: number, code: string, message: string): LivenessAction {
  return { action: 'close', closeCode, code, message }
}
