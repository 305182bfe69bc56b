import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  constants,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2Session,
  type SecureServerOptions,
  type ServerHttp2Session,
} from 'node:http2'
import type { Socket } from 'node:net'
import { TokenBucket } from '../connection/receive/token-bucket.ts'
import type { ServerSettings } from './options.ts'

/** Streams that a client may have open on one connection; RFC 9113 §5.1.2 advises against less than 100. */
const MAX_STREAMS = 256
/** Bytes that a client may send on one stream, and on one connection, before they are read. */
const STREAM_WINDOW = 256 * 1024
const CONNECTION_WINDOW = 1024 * 1024
/**
 * Megabytes of one connection, above which node refuses new streams with ENHANCE_YOUR_CALM. Its default of 10 is less than
 * one long message; what WebSockets use is limited by `maxMemory`.
 */
const SESSION_MEMORY = 64
/** PING and SETTINGS frames of one connection. Each is answered, and browsers send few (CVE-2019-9512, -9515). */
const CONTROL_RATE = { perSecond: 20, burst: 200 }

/** Settings of the sessions of a `Http2Sessions`. */
export type Http2Settings = Pick<ServerSettings, 'handshakeTimeout' | 'keepAliveTimeout' | 'maxHeaderSize'>

/** Options of node's http2 servers: those of the user, and bounds for what a client may do where the user sets none. */
export function http2Options(options: SecureServerOptions, { maxHeaderSize }: Http2Settings): SecureServerOptions {
  return {
    maxSessionMemory: SESSION_MEMORY,
    ...options,
    settings: {
      maxConcurrentStreams: MAX_STREAMS,
      initialWindowSize: STREAM_WINDOW,
      maxHeaderListSize: maxHeaderSize,
      ...options.settings,
      enableConnectProtocol: true,
    },
  }
}

/** Makes the HTTP/2 server behind a plain port: it gets the connections that begin with the preface of HTTP/2. */
export function createPlainHttp2(settings: Http2Settings): Http2Server {
  return createServer(http2Options({}, settings))
}

/** The HTTP/2 connections of one server: their timeouts, how fast they may ask for answers, and their end. */
export class Http2Sessions {
  readonly server: Http2SecureServer | Http2Server
  readonly #settings: Http2Settings
  /** Open connections, each with the number of its open streams. */
  readonly #sessions = new Map<Http2Session, number>()
  /** Sockets of the server, those of HTTP/1.1 and those without a TLS handshake too. */
  readonly #sockets = new Set<Socket>()

  /** @param onRequest Handles a plain request, of HTTP/1.1 too where the server speaks it. */
  constructor(
    server: Http2SecureServer | Http2Server,
    settings: Http2Settings,
    onRequest: (request: IncomingMessage, response: ServerResponse) => void,
  ) {
    this.server = server
    this.#settings = settings
    const events = server as Http2Server
    events.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    events.on('session', (session) => this.#onSession(session))
    events.on('request', (request, response) => {
      // HTTP/1.1 over TLS comes here too.
      if (request.httpVersionMajor === 2) addHost(request)
      onRequest(request as unknown as IncomingMessage, response as unknown as ServerResponse)
    })
  }

  /** Ends every connection behind its open streams, with GOAWAY (RFC 9113 §6.8). */
  close(): void {
    for (const session of this.#sessions.keys()) session.close()
  }

  /**
   * Destroys every socket behind this turn of the event loop, in which the WebSockets are terminated. Destroying a session
   * that was closed before would only end its half, and wait for the peer without a bound.
   */
  destroySoon(): void {
    setImmediate(() => {
      for (const socket of this.#sockets) socket.destroy()
    })
  }

  #onSession(session: ServerHttp2Session): void {
    this.#sessions.set(session, 0)
    session.once('close', () => this.#sessions.delete(session))
    session.setLocalWindowSize(CONNECTION_WINDOW)
    session.on('stream', (stream) => {
      this.#countStreams(session, 1)
      stream.once('close', () => this.#countStreams(session, -1))
    })
    // Until its first request a connection has the time of a handshake.
    session.setTimeout(this.#settings.handshakeTimeout)
    session.on('timeout', () => {
      if (this.#sessions.get(session) === 0) session.close()
    })
    const bucket = new TokenBucket(CONTROL_RATE, Date.now())
    const count = (): void => {
      if (bucket.take(1, Date.now()) > 0) session.destroy(tooMany(), constants.NGHTTP2_ENHANCE_YOUR_CALM)
    }
    session.on('ping', count)
    session.on('remoteSettings', count)
  }

  #countStreams(session: Http2Session, change: number): void {
    const before = this.#sessions.get(session)
    if (before === undefined) return
    this.#sessions.set(session, before + change)
    // Also begins again when the last stream has closed: while there are streams the timeout has no effect.
    session.setTimeout(this.#settings.keepAliveTimeout)
  }
}

function tooMany(): Error {
  return new Error('more PING and SETTINGS frames than allowed')
}

/** Views read the host from the field that it has over HTTP/1.1 (RFC 9113 §8.3.1). */
function addHost({ headers, authority }: Http2ServerRequest): void {
  headers.host ??= authority
}
