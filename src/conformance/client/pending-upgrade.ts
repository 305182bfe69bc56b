import type { Peer } from '../peer/index.ts'
import type { EventLog } from './event-log.ts'
import type { ClientRequest } from './request.ts'

/** One connection of a client whose request was read and has no response yet. */
export interface PendingUpgrade {
  peer: Peer
  request: ClientRequest
  events: EventLog
  /** Sends a command to the driver. Returns false when the driver does not accept commands. */
  ask(command: string): boolean
}

/** How to make a client connect. */
export interface InviteOptions {
  /** The URL, if it is not that of the case. Only for clients that the tester starts. */
  url?: string
  env?: Record<string, string>
  /** Milliseconds to wait; default: how long a client may take to connect. */
  timeout?: number
  /** Whether to start a client; false only waits for one that reconnects on its own. Default true. */
  start?: boolean
}
