import type { Duplex } from 'node:stream'
import { Connection } from '../connection/connection.ts'
import { channels } from '../connection/diagnostics.ts'
import type { ConnectionHost, ConnectionSetup } from '../connection/host.ts'
import { addMemoryLimiter, removeMemoryLimiter } from '../connection/shared-memory.ts'
import { Traffic } from '../connection/traffic.ts'
import { MemoryLedger } from './memory.ts'

/** The open connections of one server, with their counts and their memory. */
export class ConnectionSet implements ConnectionHost {
  /** Connections whose transport has not closed. */
  readonly connections = new Set<Connection>()
  readonly traffic = new Traffic()
  readonly memory: MemoryLedger
  readonly reportError: (error: unknown) => void
  #acceptedCount = 0

  /**
   * @param maxMemory Maximum memory in bytes that all connections may use.
   * @param reportError Must not throw.
   */
  constructor(maxMemory: number, reportError: (error: unknown) => void) {
    this.memory = new MemoryLedger(maxMemory, this.connections)
    this.reportError = reportError
  }

  /** Number of connections opened so far. */
  get acceptedCount(): number {
    return this.#acceptedCount
  }

  open(
    stream: Duplex,
    { request, head, subprotocol, codec, limits }: Omit<ConnectionSetup, 'role' | 'host'>,
  ): Connection {
    this.#acceptedCount++
    // Not a spread: V8 creates hidden classes for each object that is made with one, at least 350 bytes per connection.
    const setup: ConnectionSetup = { role: 'server', host: this, request, head, subprotocol, codec, limits }
    const connection = new Connection(stream, setup)
    if (this.connections.size === 0) addMemoryLimiter(this.memory)
    this.connections.add(connection)
    if (channels.open.hasSubscribers) channels.open.publish({ connection })
    return connection
  }

  onMemoryChange(change: number): void {
    this.memory.change(change)
  }

  onGone(connection: Connection): void {
    this.connections.delete(connection)
    // Without connections there is nothing to limit, and the list of limiters must not keep the server alive.
    if (this.connections.size === 0) removeMemoryLimiter(this.memory)
  }
}
