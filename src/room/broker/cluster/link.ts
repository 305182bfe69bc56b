import cluster from 'node:cluster'
import { brokerError } from '../broker-error.ts'

/** The channel to the primary: `process`, or a replacement in tests. */
export interface PrimaryLink {
  readonly connected: boolean
  send(message: unknown, callback: (error: Error | null) => void): void
  onMessage(listener: (message: unknown) => void): void
  onDisconnect(listener: () => void): void
  /** Removes the listeners. */
  close(): void
}

/**
 * Opens the channel of this worker to its primary.
 *
 * @throws {WebSocketError} when this process is not a worker.
 */
export function openPrimaryLink(): PrimaryLink {
  if (!cluster.isWorker)
    throw brokerError('this process is the primary; allowed for a ClusterBroker: a worker of node:cluster')
  const listeners: [string, (...args: never[]) => void][] = []
  const on = (event: 'message' | 'disconnect', listener: (...args: never[]) => void): void => {
    listeners.push([event, listener])
    process.on(event, listener as () => void)
  }
  return {
    get connected() {
      return process.connected
    },
    send: (message, callback) => void process.send?.(message, undefined, undefined, callback),
    onMessage: (listener) => on('message', listener),
    onDisconnect: (listener) => on('disconnect', listener),
    close: () => {
      for (const [event, listener] of listeners) process.off(event, listener as () => void)
    },
  }
}
