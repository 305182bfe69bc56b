import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:net'
import type { TestContext } from './unit.ts'

/** The first port to try. It is below the ports that systems choose for port 0 and for outgoing connections. */
const FIRST_PORT = 20_000
const PORT_COUNT = 12_000

/**
 * A TCP port of the loopback for a program that cannot listen on port 0. Until the test ends, the UDP port of the same
 * number is bound, so that no other test process reserves the same port. The program may stop and listen again.
 */
export async function reservePort(t: TestContext): Promise<number> {
  const first = Math.floor(Math.random() * PORT_COUNT)
  for (let i = 0; i < PORT_COUNT; i++) {
    const port = FIRST_PORT + ((first + i) % PORT_COUNT)
    if ((await bindUdp(t, port)) && (await isFree(port))) return port
  }
  throw new Error(`no port from ${FIRST_PORT} to ${FIRST_PORT + PORT_COUNT - 1} is free`)
}

/** Resolves to whether this process could bind the port. */
async function bindUdp(t: TestContext, port: number): Promise<boolean> {
  const socket = createSocket('udp4')
  const isBound = await new Promise<boolean>((resolve) => {
    socket.once('listening', () => resolve(true)).once('error', () => resolve(false))
    socket.bind({ port, address: '127.0.0.1', exclusive: true })
  })
  const close = async (): Promise<void> => {
    const closed = once(socket, 'close')
    socket.close()
    await closed
  }
  if (isBound) t.after(close)
  else await close()
  return isBound
}

/** Resolves to whether no program listens on the TCP port or uses it for a connection. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)))
  })
}
