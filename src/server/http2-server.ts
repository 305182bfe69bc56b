import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  constants,
  createServer,
  type Http2SecureServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type Http2Session,
  type SecureServerOptions,
  type ServerHttp2Session,
} from 'node:http2'
import type { Socket } from 'node:net'
import { startDeadline } from '../connection/deadline.ts'
import { TokenBucket } from '../connection/receive/token-bucket.ts'
import type { ServerSettings } from './options.ts'

/** Maximum number of open streams per connection. RFC 9113 §5.1.2 recommends at least 100. */
const MAX_STREAMS = 256
/** Number of bytes that a client may send ahead, on one stream and on one connection (flow-control window). */
const STREAM_WINDOW = 256 * 1024
const CONNECTION_WINDOW = 1024 * 1024
/**
 * Memory of one connection, in megabytes, above which Node refuses new streams with ENHANCE_YOUR_CALM. Node's default
 * of 10 is less than one long message. `maxMemory` limits what WebSockets use.
 */
const SESSION_MEMORY = 64
/** Rate limit for PING and SETTINGS frames, which must be answered. Browsers send few (CVE-2019-9512, -9515). */
const CONTROL_RATE = { perSecond: 20, burst: 200 }
/**
 * Rate limit for streams that end with RST_STREAM, whichever side sends it (CVE-2023-44487, CVE-2025-8671). nghttp2 has
 * a higher limit of its own, a burst of 1,000 and 33 per second. Above that, Node only stops reading, and the
 * connection stays open.
 */
const RESET_RATE = { perSecond: 30, burst: 900 }
/** Time limit for the body of a plain request, in milliseconds. Equals Node's default for HTTP/1.1. */
export const REQUEST_TIMEOUT = 300_000

/** The settings of `Http2Sessions`. */
export type Http2Settings = Pick<ServerSettings, 'handshakeTimeout' | 'keepAliveTimeout' | 'maxHeaderSize'>

/** Returns options for an http2 server of Node: the user's, and limits for clients where the user has set none. */
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

/** Creates the HTTP/2 server of a port without TLS. It receives the connections that begin with the HTTP/2 preface. */
export function createPlainHttp2(settings: Http2Settings): Http2Server {
  return createServer(http2Options({}, settings))
}

/** The HTTP/2 connections of one server, with their timeouts and rate limits. */
export class Http2Sessions {
  readonly server: Http2SecureServer | Http2Server
  readonly #settings: Http2Settings
  /** Open connections, each with its number of open streams. */
  readonly #sessions = new Map<Http2Session, number>()
  /** All sockets of the server, including those of HTTP/1.1 and those whose TLS handshake is not complete. */
  readonly #sockets = new Set<Socket>()

  /** @param onRequest Handles plain requests, including those over HTTP/1.1 when the server supports it. */
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
      // HTTP/1.1 requests over TLS also arrive here. Node limits the time that their bodies may take.
      if (request.httpVersionMajor === 2) {
        addHost(request)
        limitBody(request, response, Math.max(settings.handshakeTimeout, REQUEST_TIMEOUT))
      }
      onRequest(request as unknown as IncomingMessage, response as unknown as ServerResponse)
    })
  }

  /** Sends GOAWAY on every connection, which closes once its open streams have closed (RFC 9113 §6.8). */
  close(): void {
    for (const session of this.#sessions.keys()) session.close()
  }

  /**
   * Destroys every socket after this turn of the event loop, in which the WebSockets are terminated. The sessions are
   * not destroyed: for a session that is already closing, this would only end the writable side and wait for the peer
   * without a time limit.
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
    const resets = new TokenBucket(RESET_RATE, Date.now())
    session.on('stream', (stream) => {
      this.#countStreams(session, 1)
      stream.once('close', () => {
        this.#countStreams(session, -1)
        if (stream.rstCode !== constants.NGHTTP2_NO_ERROR) endAbove(session, resets, 'stream resets')
      })
    })
    // A new connection must send its first request within the handshake timeout.
    session.setTimeout(this.#settings.handshakeTimeout)
    session.on('timeout', () => {
      if (this.#sessions.get(session) === 0) session.close()
    })
    const controls = new TokenBucket(CONTROL_RATE, Date.now())
    const count = (): void => endAbove(session, controls, 'PING and SETTINGS frames')
    session.on('ping', count)
    session.on('remoteSettings', count)
  }

  #countStreams(session: Http2Session, change: number): void {
    const before = this.#sessions.get(session)
    if (before === undefined) return
    this.#sessions.set(session, before + change)
    // The timeout begins again when the last stream has closed. While there are streams, it has no effect.
    session.setTimeout(this.#settings.keepAliveTimeout)
  }
}

/** Counts one event, and ends the connection if the rate is above the limit. `what` names the events in the error. */
function endAbove(session: Http2Session, bucket: TokenBucket, what: string): void {
  if (session.destroyed || bucket.take(1, Date.now()) === 0) return
  session.destroy(new Error(`more ${what} than allowed`), constants.NGHTTP2_ENHANCE_YOUR_CALM)
}

/** Responds with 408 and resets the stream if the body of a plain request takes longer than `timeout` milliseconds. */
function limitBody(request: Http2ServerRequest, response: Http2ServerResponse, timeout: number): void {
  const { stream } = request
  if (stream.endAfterHeaders) return
  const cancel = startDeadline(timeout, () => {
    if (stream.state.remoteClose === 1) return
    if (response.headersSent) return stream.close(constants.NGHTTP2_CANCEL)
    response.statusCode = 408
    // RFC 9113 §8.1: RST_STREAM with NO_ERROR after a complete response asks the client to stop sending.
    response.end(() => stream.close(constants.NGHTTP2_NO_ERROR))
  })
  stream.once('close', cancel)
}

/** Adds the `Host` field, from which views read the host over HTTP/1.1 (RFC 9113 §8.3.1). */
function addHost({ headers, authority }: Http2ServerRequest): void {
  headers.host ??= authority
}
