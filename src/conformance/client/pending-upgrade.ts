import type { Peer } from '../peer/index.ts'
import type { EventLog } from './event-log.ts'
import type { ClientRequest } from './request.ts'

/** One connection of a client: its request is read, nothing is answered yet. */
export interface PendingUpgrade {
  peer: Peer
  request: ClientRequest
  events: EventLog
  /** Asks the driver to do something; false when it accepts no commands. */
  ask(command: string): boolean
}

/** How a client is made to connect. */
export interface InviteOptions {
  /** Another URL than that of the case; only for clients that the tester starts. */
  url?: string
  env?: Record<string, string>
  /** Milliseconds to wait, instead of the time that a start may need. */
  timeout?: number
  /** false: only waits, for a client that reconnects by itself. */
  start?: boolean
}
