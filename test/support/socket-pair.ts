import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { TestContext } from './unit.ts'

/** Opens a socket within this process. Resolves to its two ends: the accepted one and the connected one. */
export async function socketPair(t: TestContext): Promise<[Socket, Socket]> {
  const server = createServer()
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1', noDelay: true })
  client.on('error', () => {})
  const socket = await accepted
  t.after(() => {
    client.destroy()
    socket.destroy()
    return new Promise((resolve) => server.close(resolve))
  })
  return [socket, client]
}
