import type { IncomingMessage } from 'node:http'
import type { CloseInfo, ProtocolState } from '../core/closing-handshake.ts'
import type { Role } from '../core/frame-parser.ts'
import type { MessageCodec } from '../core/message-codec.ts'
import type { ConnectionLimits } from './limits.ts'
import type { Traffic } from './traffic.ts'

/** A received message: text as a string, binary as a Buffer. */
export type Data = string | Buffer

/** The members of the public connection that its parts and its host use. */
export interface PublicConnection {
  readonly state: ProtocolState
  onMessage(data: Data, isBinary: boolean): unknown
  readonly onBorrowedMessage: ((bytes: Buffer, isBinary: boolean) => unknown) | null
  onPong(payload: Buffer): unknown
  onClose(info: CloseInfo): unknown
  close(code: number, reason: string, cause: Error): void
  fail(closeCode: number, code: string, message: string): void
  terminate(error: Error): void
}

/** What all connections of a server or a client share. */
export interface ConnectionHost {
  /** Counts messages and bytes. */
  readonly traffic: Traffic
  /** Returns the masking key of the next frame (client role, RFC 6455 §5.3). */
  readonly maskingKey?: (() => Uint8Array) | undefined
  /** Called with what one of the user's callbacks throws. Must not throw. */
  reportError(error: unknown): void
  /** Called when the memory of a connection has changed by `change` bytes. */
  onMemoryChange(change: number): void
  /** Called when the transport of a connection has closed. */
  onGone(connection: PublicConnection): void
}

/** The parameters of a new connection. */
export interface ConnectionSetup {
  role: Role
  host: ConnectionHost
  limits: ConnectionLimits
  request: IncomingMessage
  subprotocol: string
  codec?: MessageCodec | null | undefined
  /** Bytes that followed the request. They are delivered after the current tick. */
  head?: Buffer | undefined
}

/** What a session stores for its connection, in bytes. */
export interface SessionMemory {
  readonly bytes: number
}

/** What the application and the session store for a connection. */
interface Stored {
  readonly queuedBytes: () => number
  readonly session: SessionMemory | null
}

/** Most connections share this object. */
export const NOTHING_STORED: Stored = { queuedBytes: () => 0, session: null }
