import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { TestContext } from './unit.ts'

/** Blocks the event loop for some milliseconds. Timers become due, and input arrives that nobody reads. */
export function block(milliseconds: number): void {
  const end = performance.now() + milliseconds
  while (performance.now() < end);
}

/** Opens a TCP connection within this process. Returns both ends. */
export async function streamPair(t: TestContext): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const near = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [[far]] = await Promise.all([once(server, 'connection'), once(near, 'connect')])
  t.after(() => {
    near.destroy()
    far.destroy()
    server.close()
  })
  return [near, far]
}
