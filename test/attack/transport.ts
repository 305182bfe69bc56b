import { connect as connectTcp, createServer, type Server } from 'node:net'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import { type Http2Connection, Http2Tunnel, openHttp2 } from '../../src/conformance/peer/index.ts'
import { http2TargetOf } from './http2-target.ts'

/** How a server is reached: over TLS by HTTP/1.1, or by streams of HTTP/2. */
export type Transport = 'tcp' | 'tls' | 'http2'

/** WebSockets that share an HTTP/2 connection, as those of a page do. */
const STREAMS = 100

/** Opens connections to a server, each ready for an upgrade request of HTTP/1.1, also where it becomes an extended CONNECT. */
export class Connector {
  readonly #port: number
  readonly #transport: Transport
  #shared: Promise<Http2Connection> | undefined
  #streams = 0

  constructor(port: number, transport: Transport) {
    this.#port = port
    this.#transport = transport
  }

  async open(): Promise<Duplex> {
    const place = { port: this.#port, host: '127.0.0.1', noDelay: true }
    if (this.#transport === 'tcp') return connectTcp(place)
    if (this.#transport === 'tls') return connectTls({ ...place, rejectUnauthorized: false } as object).setNoDelay(true)
    if (this.#streams++ % STREAMS === 0) this.#shared = openHttp2(http2TargetOf(this.#port), 10_000)
    return new Http2Tunnel(await this.#shared!, 'https')
  }
}

/** Listens on a port for attacks that are written as bytes of TCP, and opens a connection for each that it accepts. */
export function startBridge(connector: Connector): Promise<Server> {
  const server = createServer({ allowHalfOpen: true, noDelay: true }, async (near) => {
    near.on('error', () => {})
    try {
      const far = await connector.open()
      far.on('error', () => {})
      near.pipe(far).pipe(near)
      near.once('close', () => far.destroy())
      far.once('close', () => {
        if (!far.readableEnded) near.destroy()
      })
    } catch {
      near.destroy()
    }
  })
  return new Promise((resolve) => server.listen(0, '127.0.0.1', 4096, () => resolve(server)))
}
