import { type ClientHttp2Session, connect, type IncomingHttpHeaders, type OutgoingHttpHeaders } from 'node:http2'
import type { Duplex } from 'node:stream'
import type { Target } from './workload.ts'

/** Number of WebSockets that share an HTTP/2 connection. */
const STREAMS = 100
/** The flow-control windows of browsers in bytes: of one stream, and of the connection. */
const STREAM_WINDOW = 6 * 1024 * 1024
const CONNECTION_WINDOW = 15 * 1024 * 1024
/** The memory limit of Node's HTTP/2 client for one connection, in megabytes. */
const SESSION_MEMORY = 256

/**
 * Opens WebSockets as streams of HTTP/2 connections (RFC 8441), 100 on each. A connection ends after its last stream.
 */
export class StreamOpener {
  readonly #target: Target
  #current: SharedSession | undefined

  constructor(target: Target) {
    this.#target = target
  }

  /**
   * Sends an extended CONNECT. Resolves with the stream and the extensions that the server accepted, or '' for none.
   */
  async open(extensions?: string): Promise<{ stream: Duplex; extensions: string }> {
    if (this.#current === undefined || this.#current.isFull) this.#current = new SharedSession(this.#target)
    return this.#current.open(this.#target, extensions)
  }

  /** Called when no further stream is opened. The last connection ends after its streams. */
  finish(): void {
    this.#current?.finish()
    this.#current = undefined
  }
}

class SharedSession {
  /** Whether no further stream is opened. */
  isFull = false
  readonly #session: ClientHttp2Session
  readonly #settings: Promise<void>
  #opened = 0
  #open = 0

  constructor({ host, port, tls }: Target) {
    this.#session = connect(`${tls ? 'https' : 'http'}://${host}:${port}`, {
      rejectUnauthorized: false,
      maxSessionMemory: SESSION_MEMORY,
      settings: { initialWindowSize: STREAM_WINDOW, enablePush: false },
    })
    this.#session.once('connect', () => this.#session.setLocalWindowSize(CONNECTION_WINDOW))
    this.#settings = settingsOf(this.#session)
  }

  async open(target: Target, extensions?: string): Promise<{ stream: Duplex; extensions: string }> {
    this.#opened++
    this.#open++
    if (this.#opened === STREAMS) this.isFull = true
    try {
      await this.#settings
      const stream = this.#session.request(connectRequest(target, extensions), { endStream: false })
      stream.once('close', () => this.#onStreamClosed())
      // The server ends its side first (RFC 6455 §7.1.1).
      stream.once('end', () => stream.end())
      const fields = await new Promise<IncomingHttpHeaders & { ':status'?: number }>((resolve, reject) => {
        stream.once('response', resolve)
        stream.once('error', reject)
        stream.once('close', () => reject(new Error('the server reset the stream of the handshake')))
      })
      const status = fields[':status']
      if (status !== 200) throw new Error(`the server answered ${status}, expected 200 (RFC 8441 §5)`)
      return { stream, extensions: fields['sec-websocket-extensions'] ?? '' }
    } catch (error) {
      this.#session.destroy()
      throw error
    }
  }

  finish(): void {
    this.isFull = true
    if (this.#open === 0) this.#session.close()
  }

  #onStreamClosed(): void {
    this.#open--
    if (this.isFull && this.#open === 0) this.#session.close()
  }
}

/** Resolves when the server has allowed extended CONNECT, for which a client must wait (RFC 8441 §3). */
function settingsOf(session: ClientHttp2Session): Promise<void> {
  return new Promise((resolve, reject) => {
    session.on('error', reject)
    session.once('close', () => reject(new Error('the HTTP/2 connection ended during the handshake')))
    session.once('remoteSettings', ({ enableConnectProtocol }) => {
      if (enableConnectProtocol) resolve()
      else reject(new Error('the server accepts no WebSockets over HTTP/2 (SETTINGS_ENABLE_CONNECT_PROTOCOL)'))
    })
  })
}

function connectRequest({ host, port, path, tls }: Target, extensions?: string): OutgoingHttpHeaders {
  return {
    ':method': 'CONNECT',
    ':protocol': 'websocket',
    ':scheme': tls ? 'https' : 'http',
    ':authority': `${host}:${port}`,
    ':path': path,
    'sec-websocket-version': '13',
    ...(extensions && { 'sec-websocket-extensions': extensions }),
  }
}
