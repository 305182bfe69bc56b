import type { Connection } from '../connection/connection.ts'

/**
 * The promises of all calls of `send` while too much is unsent. The calls share them, so that messages to a peer that
 * does not read cost no memory for promises.
 */
export interface Room {
  /** Resolves to whether the connection is still open. */
  readonly accepted: Promise<boolean>
  /** Resolves to false. It waits as well, so that a loop of sends cannot block the event loop. */
  readonly dropped: Promise<boolean>
}

/** Returns promises that resolve when more can be sent. Calls `onRoom` before. */
export function awaitRoom(connection: Connection, onRoom: () => void): Room {
  const drained = connection.drained().then(onRoom)
  return { accepted: drained.then(() => connection.state === 'open'), dropped: drained.then(() => false) }
}
