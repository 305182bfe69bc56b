import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
  type IncomingHttpStatusHeader,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { until } from './tick.ts'
import type { TestContext } from './unit.ts'

/** The fields of an extended CONNECT (RFC 8441 §5.1). */
export const CONNECT: Record<string, string> = {
  ':method': 'CONNECT',
  ':protocol': 'websocket',
  ':scheme': 'https',
  ':path': '/',
  ':authority': 'localhost',
  'sec-websocket-version': '13',
}

/** A WebSocket on a stream of Node's http2 client. The test writes the frames. */
export class Http2WebSocket {
  readonly stream: ClientHttp2Stream
  headers: (IncomingHttpHeaders & IncomingHttpStatusHeader) | null = null
  bytes = Buffer.alloc(0)
  hasEnded = false
  /** The code of RST_STREAM, 0 for none; `null` before the stream is closed. */
  resetCode: number | null = null

  constructor(stream: ClientHttp2Stream) {
    this.stream = stream
    stream.on('response', (headers) => {
      this.headers = headers
    })
    stream.on('data', (chunk: Buffer) => {
      this.bytes = Buffer.concat([this.bytes, chunk])
    })
    stream.on('end', () => {
      this.hasEnded = true
    })
    stream.on('error', () => {})
    stream.on('close', () => {
      this.resetCode = stream.rstCode
    })
  }

  get status(): number | undefined {
    return this.headers?.[':status']
  }

  /** Waits for the response, or for the end of the stream. */
  async answer(): Promise<this> {
    await until(() => this.headers !== null || this.resetCode !== null)
    return this
  }

  /** Waits for bytes, and returns them as hexadecimal text. */
  async receive(size: number): Promise<string> {
    await until(() => this.bytes.length >= size || this.resetCode !== null)
    return this.bytes.toString('hex')
  }

  /** Waits until the stream is closed. */
  async closed(): Promise<this> {
    await until(() => this.resetCode !== null)
    return this
  }
}

/** Opens an HTTP/2 connection until the test ends. Resolves when the server has sent its settings. */
export async function openSession(t: TestContext, address: unknown, scheme = 'https'): Promise<ClientHttp2Session> {
  const { port } = address as AddressInfo
  const session = connect(`${scheme}://localhost:${port}`, { rejectUnauthorized: false, family: 4 } as object)
  session.on('error', () => {})
  t.after(() => session.destroy())
  await new Promise((resolve) => session.once('remoteSettings', resolve))
  return session
}

/** Sends an extended CONNECT with changed fields; `null` omits a field. */
export function requestWebSocket(
  session: ClientHttp2Session,
  fields: Record<string, string | string[] | null> = {},
  endStream = false,
): Http2WebSocket {
  const all = Object.entries({ ...CONNECT, ...fields }).filter(([, value]) => value !== null)
  return new Http2WebSocket(session.request(Object.fromEntries(all) as Record<string, string>, { endStream }))
}
