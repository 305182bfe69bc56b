import type { AddressInfo } from 'node:net'
import { type Connection, type ServerOptions, WebSocketServer } from '../../src/index.ts'
import type { TestContext } from './unit.ts'

/** A server of this package in this process, on a free port, which is closed when the test ends. */
export interface EchoServer {
  server: WebSocketServer
  port: number
  /** Every connection so far. */
  connections: Connection[]
  /** The errors that were passed to `onError`. */
  errors: unknown[]
}

/** Starts a server that echoes every message, unless the test handles the connections itself. */
export async function startEcho(
  t: TestContext,
  options: ServerOptions = {},
  onConnection: (connection: Connection) => void = echo,
): Promise<EchoServer> {
  const errors: unknown[] = []
  const connections: Connection[] = []
  const server = new WebSocketServer({ onError: (error) => errors.push(error), ...options })
  server.onConnection = (connection) => {
    connections.push(connection)
    onConnection(connection)
  }
  const { port } = (await server.listen(0)) as AddressInfo
  t.after(async () => {
    for (const connection of server.connections) connection.terminate()
    await server.close()
  })
  return { server, port, connections, errors }
}

function echo(connection: Connection): void {
  connection.onMessage = (data) => void connection.send(data)
}
