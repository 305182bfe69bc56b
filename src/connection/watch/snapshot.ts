/** What is seen of a connection when it is looked at; counts only grow. */
export interface Vitals {
  /** Whether reading is held up from this side. */
  isHeld: boolean
  /** Bytes received. */
  receivedBytes: number
  /** Bytes that the peer's system has taken of what was sent. */
  takenBytes: number
  /** Bytes that wait to be taken. */
  bufferedAmount: number
  /** Frames begun by the peer. */
  frameCount: number
  /** Whole messages received. */
  receivedMessages: number
  sentMessages: number
  /** What the peer has begun and not finished. */
  pending: 'header' | 'payload' | 'message' | null
}

/** What is to be done about it. */
export type Verdict =
  | { action: 'ping' }
  | { action: 'close'; closeCode: number; code: string; message: string }
  | { action: 'cut'; code: string; message: string }

/** The verdict that closes with a Close frame. */
export function closeWith(closeCode: number, code: string, message: string): Verdict {
  return { action: 'close', closeCode, code, message }
}
