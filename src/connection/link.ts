import type { Duplex } from 'node:stream'
import type { CloseInfo } from '../core/closing-handshake.ts'
import type { Protocol } from '../core/protocol.ts'
import type { ConnectionHost, PublicConnection } from './host.ts'
import type { ConnectionLimits } from './limits.ts'

/**
 * What the parts of one connection share. Receiving, sending and watching know each other only through this interface:
 *
 *     Connection ── Parts (Link) ─┬─ receive/Inbound   bytes and frames from the peer
 *                                 ├─ send/Outbound     messages to the peer, while there are any
 *                                 └─ watch/Watchdog    liveness while open, then the closing timeout
 */
export interface Link {
  readonly connection: PublicConnection
  readonly stream: Duplex
  readonly protocol: Protocol
  readonly limits: ConnectionLimits
  readonly host: ConnectionHost
  /** The sending part. Created when it is needed. */
  readonly output: Output
  /** How the connection ended; null while it is open or closing. */
  readonly closeInfo: CloseInfo | null
  /** Reports a change in the connection's memory to its host. */
  account(): void
  /** Called when data waits to be sent. Also reports the connection's memory. */
  onWaiting(): void
  countSentMessages(count: number): void
  /** Called when a fragment of a message was sent, so the connection is not idle. */
  countSentFragment(): void
  /** Returns whether the pong answers a keepalive ping. Stores the round-trip time for the last ping. */
  acceptPong(payload: Buffer): boolean
  /** Called when this side has sent the first Close frame. Starts `closeTimeout`. */
  startClosing(): void
  /** Called when it is known how the connection ended. */
  onClosed(info: CloseInfo): void
  /** Ends this side of the stream once everything sent so far is written (RFC 6455 §7.1.1). */
  endStream(): void
  /** Called when the stream has closed. */
  onGone(): void
  /** Called when one of the user's callbacks threw or rejected. Reports the error and fails the connection. */
  onUserError(error: unknown): void
}

/** The sending part, as the receiving part uses it. */
export interface Output {
  /** From now on frames wait for `uncork`. */
  cork(): void
  uncork(): void
  sendControl(opcode: number, payload: Uint8Array): void
  /** Called when the system has accepted what was written. */
  onSent(): void
}
