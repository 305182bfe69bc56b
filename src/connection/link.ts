import type { Duplex } from 'node:stream'
import type { CloseInfo } from '../core/closing-handshake.ts'
import type { Protocol } from '../core/protocol.ts'
import type { ConnectionHost, PublicConnection } from './host.ts'
import type { ConnectionLimits } from './limits.ts'

/**
 * What the parts of one connection share. Receiving, sending and watching know each other by this interface only:
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
  /** The sending part, created when it is needed. */
  readonly output: Output
  /** How the connection ended, null before it has. */
  readonly closeInfo: CloseInfo | null
  /** Reports a change of the memory that the connection uses to its host. */
  account(): void
  countSentMessage(): void
  /** A fragment of a message was sent: the connection is not idle. */
  countSentFragment(): void
  /** Returns whether the pong answers a keepalive ping; records the round trip of the last one. */
  acceptPong(payload: Buffer): boolean
  /** A Close frame was sent first from this side: `closeTimeout` begins. */
  startClosing(): void
  /** The outcome is known. */
  onClosed(info: CloseInfo): void
  /** Ends this side's half of the stream behind what was sent (RFC 6455 §7.1.1). */
  endStream(): void
  /** The stream has closed. */
  onGone(): void
  /** A callback of the user threw, or rejected: the error is reported and the connection fails. */
  onUserError(error: unknown): void
}

/** The sending part, as the receiving one uses it. */
export interface Output {
  /** From here on frames wait for `uncork`. */
  cork(): void
  uncork(): void
  sendControl(opcode: number, payload: Uint8Array): void
  /** The system has accepted what was written. */
  onSent(): void
}
