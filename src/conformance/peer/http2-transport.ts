import type { Duplex } from 'node:stream'
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls'
import { Setting, TimeLimit } from '../wire/index.ts'
import { Http2Connection, type Http2ConnectionOptions } from './http2-connection.ts'
import { Http2Tunnel } from './http2-tunnel.ts'
import { OpenTimeout, type Transport } from './transport.ts'

/** How to open an HTTP/2 connection. */
export interface Http2Place {
  /** Opens the TCP connection. */
  connectPlain(timeout: number): Promise<Transport>
  /** Whether to use TLS; otherwise HTTP/2 begins immediately (prior knowledge). */
  secure: boolean
  tls: ConnectionOptions
}

/** Opens an HTTP/2 connection and waits for the first SETTINGS of the target (RFC 9113 §3.4). */
export async function openHttp2(
  { connectPlain, secure, tls }: Http2Place,
  timeout: number,
  options: Http2ConnectionOptions = {},
): Promise<Http2Connection> {
  const { stream: plain } = await connectPlain(timeout)
  const connection = new Http2Connection(secure ? await negotiate(plain, tls, timeout) : plain, options)
  if (await connection.until(() => connection.hasSettings, timeout)) return connection
  const { hasEnded } = connection
  connection.destroy()
  if (hasEnded) throw new Error('the end of the connection instead of SETTINGS (RFC 9113 §3.4)')
  throw new OpenTimeout(`nothing within ${timeout} ms instead of SETTINGS (RFC 9113 §3.4)`)
}

/** Opens TLS and negotiates HTTP/2 by ALPN (RFC 7301). */
function negotiate(plain: Duplex, tls: ConnectionOptions, timeout: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ ...tls, ALPNProtocols: ['h2'], socket: plain })
    const time = new TimeLimit(timeout, () => socket.destroy(new OpenTimeout(`no TLS within ${timeout} ms`)))
    socket.once('error', (error) => {
      time.stop()
      reject(error)
    })
    socket.once('secureConnect', () => {
      time.stop()
      if (socket.alpnProtocol === 'h2') return resolve(socket)
      socket.destroy(new Error('the target does not offer h2 by ALPN'))
    })
  })
}

/** Opens a WebSocket as the only stream of an HTTP/2 connection (RFC 8441). */
export async function openHttp2Tunnel(place: Http2Place, timeout: number): Promise<Transport> {
  const connection = await openHttp2(place, timeout)
  if (connection.settings.get(Setting.ENABLE_CONNECT_PROTOCOL) !== 1) {
    connection.destroy()
    throw new Error('SETTINGS_ENABLE_CONNECT_PROTOCOL is not announced (RFC 8441 §3)')
  }
  const stream = new Http2Tunnel(connection, place.secure ? 'https' : 'http')
  // Frames written last, such as RST_STREAM, are sent before the connection ends.
  stream.once('close', () => setImmediate(() => connection.destroy()))
  return { stream, reset: () => stream.reset(), isReset: () => stream.isReset }
}
