import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { TestContext } from './unit.ts'

/** A proxy that can stop forwarding in both directions without closing, like a link that is down. */
export interface SilentProxy {
  port: number
  /** Stops forwarding. Even the end of a stream is no longer forwarded. */
  goSilent(): void
}

export async function startSilentProxy(t: TestContext, target: number): Promise<SilentProxy> {
  const sockets = new Set<Socket>()
  let isSilent = false
  const pass = (from: Socket, to: Socket): void => {
    from.on('data', (chunk) => {
      if (!isSilent) to.write(chunk)
    })
    from.on('end', () => {
      if (!isSilent) to.end()
    })
    from.on('error', () => {})
    sockets.add(from)
  }
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({ port: target, host: '127.0.0.1', allowHalfOpen: true })
    pass(client, upstream)
    pass(upstream, client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.after(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return {
    port: (server.address() as AddressInfo).port,
    goSilent() {
      isSilent = true
    },
  }
}
