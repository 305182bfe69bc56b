import type { PublicConnection } from './host.ts'

/**
 * The connections of this process that are closing or have unsent data. A broadcast checks only these. Checking every
 * member would load the state of each connection into the processor's cache twice: once to check it and once to send.
 * After a connection has become ready, it may stay in the set until its next check, so its state must be read.
 */
const unready = new Set<PublicConnection>()

/** The connections that are closing or may have unsent data. */
export const unreadyConnections: ReadonlySet<PublicConnection> = unready

export function addUnready(connection: PublicConnection): void {
  unready.add(connection)
}

export function removeUnready(connection: PublicConnection): void {
  unready.delete(connection)
}
