import { createHash } from 'node:crypto'
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from 'node:http2'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'
import type { Transport } from './transport.ts'

/** Fields of HTTP/1.1 that an extended CONNECT has no use for (RFC 8441 §5). */
const DROPPED: ReadonlySet<string> = new Set(['host', 'upgrade', 'connection', 'sec-websocket-key'])

/** Where streams of HTTP/2 are opened. */
export interface Http2Place {
  /** Opens the connection below. */
  openPlain(timeout: number): Promise<Transport>
  /** `https://host` or, without TLS, `http://host`. */
  origin: string
  tls: ConnectionOptions
}

/** Opens a WebSocket as the only stream of an HTTP/2 connection (RFC 8441). */
export async function openHttp2({ openPlain, origin, tls }: Http2Place, timeout: number): Promise<Transport> {
  const { stream: plain } = await openPlain(timeout)
  const isSecure = origin.startsWith('https:')
  const createConnection = (): Duplex =>
    isSecure ? connectTls({ ...tls, ALPNProtocols: ['h2'], socket: plain as Socket }) : plain
  const session = connect(origin, { createConnection, settings: { initialWindowSize: 1024 * 1024 } })
  await settingsOf(session, timeout)
  const stream = new Http2Tunnel(session, isSecure ? 'https' : 'http')
  return { stream, reset: () => stream.reset(), isReset: () => stream.isReset }
}

/** Waits until the server has announced that it accepts WebSockets (RFC 8441 §3). */
async function settingsOf(session: ClientHttp2Session, timeout: number): Promise<void> {
  const timer = setTimeout(() => session.destroy(new Error(`no SETTINGS within ${timeout} ms`)), timeout)
  await new Promise((resolve, reject) => {
    session.on('error', reject)
    session.once('close', () => reject(new Error('the HTTP/2 connection was closed before SETTINGS')))
    session.once('remoteSettings', resolve)
  })
  clearTimeout(timer)
  if (session.remoteSettings.enableConnectProtocol === true) return
  session.destroy()
  throw new Error('SETTINGS_ENABLE_CONNECT_PROTOCOL is not announced (RFC 8441 §3)')
}

/**
 * A stream of HTTP/2 in the form of a connection of HTTP/1.1, so that every case runs on it: the upgrade request that is
 * written becomes an extended CONNECT, and a 200 is read as a 101 with the right Sec-WebSocket-Accept.
 */
class Http2Tunnel extends Duplex {
  readonly #session: ClientHttp2Session
  readonly #scheme: string
  #head = ''
  #stream: ClientHttp2Stream | null = null

  constructor(session: ClientHttp2Session, scheme: string) {
    super({ allowHalfOpen: true })
    this.#session = session
    this.#scheme = scheme
  }

  /** Whether the target has reset the stream. */
  get isReset(): boolean {
    return (this.#stream?.rstCode ?? 0) !== 0
  }

  /** Resets the stream, as TCP would be. */
  reset(): void {
    this.#stream?.close(constants.NGHTTP2_CANCEL)
    this.destroy()
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#stream !== null) return void this.#stream.write(chunk, done)
    this.#head += chunk.toString('latin1')
    const end = this.#head.indexOf('\r\n\r\n')
    if (end === -1) return done()
    this.#stream = this.#request(this.#head.slice(0, end))
    const rest = Buffer.from(this.#head.slice(end + 4), 'latin1')
    if (rest.length === 0) done()
    else this.#stream.write(rest, done)
  }

  override _final(done: () => void): void {
    this.#stream?.end()
    done()
  }

  override _read(): void {
    this.#stream?.resume()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stream?.close(constants.NGHTTP2_CANCEL)
    this.#session.close()
    done(error)
  }

  #request(head: string): ClientHttp2Stream {
    const [requestLine, ...lines] = head.split('\r\n')
    const [, path] = requestLine.split(' ')
    const fields = lines.map((line): [string, string] => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    })
    const fieldOf = (name: string): string => fields.find(([each]) => each === name)?.[1] ?? ''
    const sent: Record<string, string | string[]> = {
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':scheme': this.#scheme,
      ':authority': fieldOf('host'),
      ':path': path,
    }
    for (const [name, value] of fields) {
      if (!DROPPED.has(name)) sent[name] = name in sent ? [sent[name], value].flat() : value
    }
    const stream = this.#session.request(sent, { endStream: false })
    stream.once('response', (headers) => this.push(answerText(headers, fieldOf('sec-websocket-key'))))
    stream.on('data', (chunk: Buffer) => {
      if (!this.push(chunk)) stream.pause()
    })
    stream.on('end', () => this.push(null))
    stream.on('error', (error) => this.destroy(error))
    stream.on('close', () => {
      if (this.isReset) this.destroy(new Error(`RST_STREAM ${stream.rstCode}`))
    })
    return stream
  }
}

/** The head of a response as HTTP/1.1 has it. */
function answerText(headers: Readonly<Record<string, unknown>>, key: string): Buffer {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  const isAccepted = headers[':status'] === 200
  const upgrade = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n`
  let text = isAccepted ? `HTTP/1.1 101 Switching Protocols\r\n${upgrade}` : `HTTP/1.1 ${headers[':status']} \r\n`
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith(':')) continue
    for (const one of [value].flat()) text += `${name}: ${one}\r\n`
  }
  return Buffer.from(`${text}\r\n`, 'latin1')
}
