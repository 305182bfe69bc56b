import type { PublicConnection } from './host.ts'

/**
 * The connections of this process that are closing or have unsent data. A broadcast checks these alone: to check every
 * member would load the state of each connection into the processor's cache twice, once to check and once to send. A
 * connection may stay in the set until its next check after it has become ready, so its state must be read.
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
