import type { Server } from 'node:http'
import type { Server as SecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { WebSocketServer } from '../../src/index.ts'
import type { TestContext } from './unit.ts'

/**
 * Makes an HTTP server listen on the loopback. It and the WebSocket servers on it are closed when the test ends.
 * Resolves to the port.
 */
export async function listenWith(
  t: TestContext,
  http: Server | SecureServer,
  servers: readonly WebSocketServer[] = [],
): Promise<number> {
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve))
  t.after(async () => {
    await Promise.all(servers.map((server) => server.close()))
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  })
  return (http.address() as AddressInfo).port
}
