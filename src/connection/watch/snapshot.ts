import type { Pending } from '../../core/pending.ts'

/** The state of a connection as the watchdog sees it; counts only grow. */
export interface Snapshot {
  /** Whether reading is paused from this side, for longer than a turn of the event loop. */
  isPaused: boolean
  /** Bytes that were read while paused and wait to be parsed. */
  backlogBytes: number
  /** Whether the peer has ended its half of the stream, behind what waits to be parsed. */
  hasEnded: boolean
  /** Bytes received. */
  receivedBytes: number
  /** Bytes that the operating system has accepted of what was sent. */
  acceptedBytes: number
  /** Bytes that wait to be accepted. */
  bufferedAmount: number
  /** Frames begun by the peer. */
  frameCount: number
  /** Whole messages received, and parts of those that are streamed. */
  receivedMessages: number
  sentMessages: number
  /** What the peer has begun and not finished. */
  pending: Pending
}
