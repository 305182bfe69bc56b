import type { IncomingMessage } from 'node:http'
import type { Role } from '../core/frame-parser.ts'
import type { MessageCodec } from '../core/message-codec.ts'
import type { Connection } from './connection.ts'
import type { ConnectionLimits } from './limits.ts'
import type { Traffic } from './traffic.ts'

/** Whose connections they are: what all of them share. */
export interface ConnectionHost {
  /** Where messages and bytes are counted. */
  readonly traffic: Traffic
  /** Makes the masking keys of the client role. */
  readonly maskingKey?: () => Uint8Array
  /** Takes what a callback of the user throws; the connection is failed with 1011. */
  reportError(error: unknown): void
  /** The memory that a connection holds has changed by so many bytes. */
  onHeld(change: number): void
  /** The transport of a connection is gone. */
  onGone(connection: Connection): void
}

/** Where the upgrade request is to be had. */
export interface RequestSource {
  readonly message: IncomingMessage
}

/** What a connection is made with. */
export interface ConnectionSetup {
  role: Role
  host: ConnectionHost
  limits: ConnectionLimits
  request: RequestSource
  subprotocol: string
  codec?: MessageCodec | null
  /** Bytes that came behind the request; received after the current tick. */
  head?: Buffer
}
