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
import { createPlainHttp2, Http2Sessions, type Http2Settings } from './http2-server.ts'
import { listenOn, type Port } from './listen-target.ts'
import type { ServerSettings } from './options.ts'
import { makeMessage } from './request-message.ts'
import { refuseStream } from './upgrade.ts'

/** Milliseconds for the body of a plain request: node's own default. */
const REQUEST_TIMEOUT = 300_000

/** Receives the requests of a `Listener`. */
export interface ListenerHost {
  /** An upgrade request; `rest` was read after it. */
  onUpgradeHead(head: RequestHead, message: IncomingMessage, socket: Socket, rest: Buffer): void
  /** A request head was refused. */
  onHeadRefused(error: HandshakeError): void
  /** Handles upgrade requests on connections that began with plain HTTP. */
  attach(httpServer: AnyHttpServer): void
  /** A plain HTTP request. */
  onRequest(request: IncomingMessage, response: ServerResponse): void
  /** An error of the listening socket. */
  reportError(error: unknown): void
}

/** The settings of a `Listener`. */
export type ListenerSettings = Http2Settings & Pick<ServerSettings, 'http2'>

/**
 * A port or unix socket of the server's own. The first request head on each socket is parsed here: an upgrade request
 * goes straight to the server, 1.6 times cheaper than through `node:http`; every other request is replayed to a
 * `node:http` server on the same socket, or the preface of HTTP/2 to a `node:http2` one.
 */
export class Listener implements Port {
  readonly #host: ListenerHost
  readonly #http: HttpServer
  readonly #server: Server
  readonly #headTimeout: number
  readonly #readers = new Set<HeadReader>()
  readonly #headSink: HeadSink
  /** Gets the connections that begin with the preface of HTTP/2; `null` when they are refused. */
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
   * Stops listening and closes the sockets that have not sent a request; resolves when the last connection is closed.
   *
   * @param deadline Milliseconds in which plain requests may still be answered.
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
      // It never listened itself, but its timer for slow requests runs.
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
      // Nothing more is read until the upgrade is accepted or refused.
      if (!hasOwner(socket) && !socket.writableEnded) socket.pause()
    } else {
      this.#replay(reader, this.#http, text, rest)
    }
  }

  #onHttp2(reader: HeadReader, { server }: Http2Sessions, rest: Buffer): void {
    this.#readers.delete(reader)
    this.#replay(reader, server, HTTP2_PREFACE, rest)
  }

  /** Hands a socket over to a server of node, with what was read from it. */
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
