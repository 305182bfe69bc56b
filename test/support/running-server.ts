import type { AddressInfo } from 'node:net'
import type { CloseInfo } from '../../src/core/closing-handshake.ts'
import { type Connection, type ServerOptions, WebSocketServer } from '../../src/index.ts'
import type { TestContext } from './unit.ts'

export interface RunningServer {
  server: WebSocketServer
  port: number
  /** Every connection so far. */
  accepted: Connection[]
  /** Resolves to the next connection. */
  next(): Promise<Connection>
}

/** Runs a server on a free port until the test ends. */
export async function runServer(
  t: TestContext,
  options: ServerOptions = {},
  onConnection: (connection: Connection) => unknown = echo,
): Promise<RunningServer> {
  const server = new WebSocketServer(options)
  const accepted: Connection[] = []
  const waiting: ((connection: Connection) => void)[] = []
  server.onConnection = (connection) => {
    accepted.push(connection)
    const result = onConnection(connection)
    waiting.shift()?.(connection)
    return result
  }
  const { port } = (await server.listen(0)) as AddressInfo
  t.after(async () => {
    for (const connection of server.connections) connection.terminate()
    await server.close()
  })
  return { server, port, accepted, next: () => new Promise((resolve) => waiting.push(resolve)) }
}

export function echo(connection: Connection): void {
  connection.onMessage = (data) => {
    connection.send(data)
  }
}

/** Resolves to how a connection has ended. */
export function closeOf(connection: Connection): Promise<CloseInfo> {
  return new Promise((resolve) => {
    connection.onClose = resolve
  })
}
