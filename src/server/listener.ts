import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import type { RequestSource } from '../connection/host.ts'
import type { HandshakeError } from '../core/errors.ts'
import { isFastEnabled } from '../fast/enabled.ts'
import { trackConnections } from '../fast/node-http.ts'
import type { RequestHead } from '../handshake/request-head.ts'
import { isUpgradeRequest } from '../handshake/upgrade-request.ts'
import { hasOwner, releaseStream } from '../transport/stream-owner.ts'
import { HeadReader, type HeadSink } from './head-reader.ts'
import { readListenTarget } from './listen-target.ts'
import type { ServerSettings } from './options.ts'
import { HeadRequest } from './request-source.ts'
import { refuseStream } from './upgrade.ts'

/** Milliseconds for the body of a plain request: node's own default. */
const REQUEST_TIMEOUT = 300_000

/** Receives the requests of a `Listener`. */
export interface ListenerHost {
  /** An upgrade request; `rest` was read behind it. */
  onUpgradeHead(head: RequestHead, source: RequestSource, socket: Socket, rest: Buffer): void
  /** A request head was refused. */
  onHeadRefused(error: HandshakeError): void
  /** Handles upgrade requests on connections that began with plain HTTP. */
  attach(httpServer: HttpServer): void
  /** A plain HTTP request. */
  onRequest(request: IncomingMessage, response: ServerResponse): void
  /** An error of the listening socket. */
  reportError(error: unknown): void
}

/** The settings of a `Listener`. */
export type ListenerSettings = Pick<ServerSettings, 'handshakeTimeout' | 'keepAliveTimeout' | 'maxHeaderSize'>

/**
 * A port or unix socket of the server's own. The first request head on each socket is parsed here: an upgrade request
 * goes straight to the server, 1.6 times cheaper than through `node:http`; every other request is replayed to a
 * `node:http` server on the same socket.
 */
export class Listener {
  readonly #host: ListenerHost
  readonly #http: HttpServer
  readonly #server: Server
  readonly #headTimeout: number
  readonly #readers = new Set<HeadReader>()
  readonly #headSink: HeadSink

  constructor(host: ListenerHost, { handshakeTimeout, keepAliveTimeout, maxHeaderSize }: ListenerSettings) {
    this.#host = host
    this.#headTimeout = handshakeTimeout
    this.#headSink = {
      maxHeadSize: maxHeaderSize,
      onHead: (reader, head, text, rest) => this.#onHead(reader, head, text, rest),
      onHeadError: (reader, error) => this.#onHeadError(reader, error),
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
      (request, response) => host.onRequest(request, response),
    )
    host.attach(this.#http)
    if (isFastEnabled) {
      trackConnections(this.#http)
      this.#server = createServer({ noDelay: true }, (socket) => this.#onSocket(socket))
    } else {
      this.#server = this.#http
    }
  }

  address(): AddressInfo | string | null {
    return this.#server.address()
  }

  /**
   * Resolves to the address; rejects with the system's error, or with a RangeError when `portOrPath` is neither.
   *
   * @param host Ignored for a path.
   */
  listen(portOrPath: number | string, host: string): Promise<AddressInfo | string> {
    const server = this.#server
    return new Promise((resolve, reject) => {
      const target = readListenTarget(portOrPath, host)
      server.once('error', reject)
      const onListening = (): void => {
        server.off('error', reject)
        // A connection that cannot be accepted, for lack of file descriptors, must not end the process.
        server.on('error', (error) => this.#host.reportError(error))
        resolve(server.address()!)
      }
      server.listen(target, onListening)
    })
  }

  /**
   * Stops listening and closes the sockets that have not sent a request; resolves when the last connection is closed.
   *
   * @param deadline Milliseconds in which plain requests may still be answered.
   */
  close(deadline: number): Promise<void> {
    for (const reader of this.#readers) reader.destroy()
    const timer = setTimeout(() => this.#http.closeAllConnections(), deadline)
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
      this.#host.onUpgradeHead(head, new HeadRequest(text, socket), socket, rest)
      // Nothing more is read until the upgrade is accepted or refused.
      if (!hasOwner(socket) && !socket.writableEnded) socket.pause()
    } else {
      releaseStream(socket)
      socket.pause()
      this.#http.emit('connection', socket)
      socket.unshift(Buffer.concat([Buffer.from(text, 'latin1'), rest]))
      socket.resume()
    }
  }

  #onHeadError(reader: HeadReader, error: HandshakeError): void {
    this.#readers.delete(reader)
    this.#host.onHeadRefused(error)
    refuseStream(reader.socket, error)
  }
}
