import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { HandshakeError } from '../core/errors.ts'
import { isFastEnabled } from '../fast/enabled.ts'
import { trackConnections } from '../fast/node-http.ts'
import type { RequestHead } from '../handshake/request-head.ts'
import { isUpgradeRequest } from '../handshake/upgrade-request.ts'
import { hasOwner, releaseStream } from '../transport/stream-owner.ts'
import type { AnyHttpServer } from './attachment.ts'
import { HeadReader, type HeadSink, HTTP2_PREFACE } from './head-reader.ts'
import { createPlainHttp2, Http2Sessions, type Http2Settings, REQUEST_TIMEOUT } from './http2-server.ts'
import { listenOn, type Port } from './listen-target.ts'
import type { ServerSettings } from './options.ts'
import { makeMessage } from './request-message.ts'
import { refuseStream } from './upgrade.ts'

/** The callbacks of a `Listener`. */
export interface ListenerHost {
  /** Called with an upgrade request. `rest` contains the bytes that followed it. */
  onUpgradeHead(head: RequestHead, message: IncomingMessage, socket: Socket, rest: Buffer): void
  /** Called when a request head was refused. */
  onHeadRefused(error: HandshakeError): void
  /** Attaches the server to the HTTP server for upgrade requests on connections that began with a plain request. */
  attach(httpServer: AnyHttpServer): void
  /** Called with a plain HTTP request. */
  onRequest(request: IncomingMessage, response: ServerResponse): void
  /** Called with an error of the listening socket. */
  reportError(error: unknown): void
}

/** The settings of a `Listener`. */
export type ListenerSettings = Http2Settings & Pick<ServerSettings, 'http2'>

/**
 * The server's own TCP port or Unix socket. It parses the first request head on each socket. An upgrade request goes
 * directly to the server: through `node:http`, it would cost 1.6 times as much. Any other request is passed to a
 * `node:http` server with the same socket, and the HTTP/2 preface to a `node:http2` server.
 */
export class Listener implements Port {
  readonly #host: ListenerHost
  readonly #http: HttpServer
  readonly #server: Server
  readonly #headTimeout: number
  readonly #readers = new Set<HeadReader>()
  readonly #headSink: HeadSink
  /** Receives the connections that begin with the HTTP/2 preface; null to refuse them. */
  readonly #http2: Http2Sessions | null

  constructor(host: ListenerHost, settings: ListenerSettings) {
    const { handshakeTimeout, keepAliveTimeout, maxHeaderSize, http2 } = settings
    const onRequest = (request: IncomingMessage, response: ServerResponse): void => host.onRequest(request, response)
    this.#host = host
    this.#http2 = http2 === false ? null : new Http2Sessions(createPlainHttp2(settings), settings, onRequest)
    this.#headTimeout = handshakeTimeout
    this.#headSink = {
      maxHeadSize: maxHeaderSize,
      onHead: (reader, head, text, rest) => this.#onHead(reader, head, text, rest),
      onHeadError: (reader, error) => this.#onHeadError(reader, error),
      onHttp2: this.#http2 === null ? null : (reader, rest) => this.#onHttp2(reader, this.#http2!, rest),
      onHeadGone: (reader) => void this.#readers.delete(reader),
    }
    this.#http = createHttpServer(
      {
        headersTimeout: handshakeTimeout,
        requestTimeout: Math.max(handshakeTimeout, REQUEST_TIMEOUT),
        connectionsCheckingInterval: Math.min(handshakeTimeout, 1_000),
        keepAliveTimeout,
        maxHeaderSize,
      },
      onRequest,
    )
    host.attach(this.#http)
    if (this.#http2 !== null) host.attach(this.#http2.server)
    if (isFastEnabled || this.#http2 !== null) {
      trackConnections(this.#http)
      this.#server = createServer({ noDelay: true }, (socket) => this.#onSocket(socket))
    } else {
      this.#server = this.#http
    }
  }

  address(): AddressInfo | string | null {
    return this.#server.address()
  }

  listen(portOrPath: number | string, host: string): Promise<AddressInfo | string> {
    return listenOn(this.#server, portOrPath, host, this.#host.reportError)
  }

  /**
   * Stops listening and closes the sockets that have not sent a request. Resolves when the last connection has closed.
   *
   * @param deadline Time in milliseconds during which plain requests may still be answered.
   */
  close(deadline: number): Promise<void> {
    for (const reader of this.#readers) reader.destroy()
    this.#http2?.close()
    const timer = setTimeout(() => {
      this.#http.closeAllConnections()
      this.#http2?.destroySoon()
    }, deadline)
    return new Promise((resolve) => {
      this.#server.close(() => {
        clearTimeout(timer)
        resolve()
      })
      this.#http.closeIdleConnections()
      // This server never listened, but closing it stops its timer for slow requests.
      if (this.#server !== this.#http) this.#http.close()
    })
  }

  #onSocket(socket: Socket): void {
    this.#readers.add(new HeadReader(socket, this.#headSink, this.#headTimeout))
  }

  #onHead(reader: HeadReader, head: RequestHead, text: string, rest: Buffer): void {
    this.#readers.delete(reader)
    const { socket } = reader
    if (isUpgradeRequest(head)) {
      this.#host.onUpgradeHead(head, makeMessage(text, socket), socket, rest)
      // Pauses reading until the upgrade is accepted or refused.
      if (!hasOwner(socket) && !socket.writableEnded) socket.pause()
    } else {
      this.#replay(reader, this.#http, text, rest)
    }
  }

  #onHttp2(reader: HeadReader, { server }: Http2Sessions, rest: Buffer): void {
    this.#readers.delete(reader)
    this.#replay(reader, server, HTTP2_PREFACE, rest)
  }

  /** Passes a socket to a server of Node, with the bytes read from it. */
  #replay({ socket }: HeadReader, server: HttpServer | Http2Sessions['server'], text: string, rest: Buffer): void {
    releaseStream(socket)
    socket.pause()
    server.emit('connection', socket)
    socket.unshift(Buffer.concat([Buffer.from(text, 'latin1'), rest]))
    socket.resume()
  }

  #onHeadError(reader: HeadReader, error: HandshakeError): void {
    this.#readers.delete(reader)
    this.#host.onHeadRefused(error)
    refuseStream(reader.socket, error)
  }
}
