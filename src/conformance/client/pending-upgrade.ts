import type { Peer } from '../peer/index.ts'
import type { EventLog } from './event-log.ts'
import type { ClientRequest } from './request.ts'

/** One connection of a client: its request is read, nothing is answered yet. */
export interface PendingUpgrade {
  peer: Peer
  request: ClientRequest
  events: EventLog
  /** Asks the driver to do something; false when it takes no commands. */
  ask(command: string): boolean
}

/** How a client is made to come. */
export interface InviteOptions {
  /** Another URL than that of the case; clients that come by themselves cannot be given one. */
  url?: string
  env?: Record<string, string>
  /** Milliseconds to wait, instead of what a start may take. */
  timeout?: number
  /** false: waits only, for a client that comes again by itself. */
  start?: boolean
}
