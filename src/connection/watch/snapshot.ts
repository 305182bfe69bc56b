import type { Pending } from '../../core/pending.ts'

/**
 * The state of a connection for a liveness check. Counts only increase, except that `releaseIdleMemory` resets
 * `frameCount`.
 */
export interface Snapshot {
  /** Whether this side has paused reading for longer than a turn of the event loop. */
  isPaused: boolean
  /** Number of bytes that arrived during a pause and wait to be parsed. */
  backlogBytes: number
  /** Whether the peer has ended its side of the stream, after input that waits to be parsed. */
  hasEnded: boolean
  /** Number of bytes received. */
  receivedBytes: number
  /** Number of sent bytes that the operating system has accepted. */
  acceptedBytes: number
  /** Number of sent bytes that the operating system has not accepted. */
  unacceptedBytes: number
  /** Like `unacceptedBytes`, plus the bytes that wait on this side, such as for the codec, a Blob or a source. */
  bufferedAmount: number
  /** Number of frames that the peer has begun. */
  frameCount: number
  /** Number of whole messages received, and of parts of streamed messages. */
  receivedMessages: number
  sentMessages: number
  /** What the peer has begun and not finished. */
  pending: Pending
}
