import {
  createServer as createHttpServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { EMPTY } from '../core/empty.ts'
import { HandshakeError } from '../core/errors.ts'
import { isFastEnabled } from '../fast/enabled.ts'
import { type RequestHead, RequestHeadParser } from '../handshake/request-head.ts'
import { isUpgradeRequest } from '../handshake/upgrade-request.ts'
import { disownStream, hasOwner, ownStream, releaseStream, type StreamOwner } from '../transport/stream-owner.ts'
import { type TimerEntry, wheel } from '../transport/timing-wheel.ts'
import { refuseStream } from './upgrade.ts'

/** For the body of a plain request: node's own default, in milliseconds. */
const REQUEST_TIMEOUT = 300_000

/** What a port hands its requests to. */
export interface ListenerHost {
  /** An upgrade request; `text` is its head, `rest` what came behind it. */
  onHead(head: RequestHead, text: string, socket: Socket, rest: Buffer): void
  /** A request that is none, or whose head is broken, was refused. */
  onBadHead(error: HandshakeError): void
  /** Plain HTTP, and what node takes for an upgrade on a connection that began with plain HTTP. */
  attach(httpServer: HttpServer): void
  onRequest(request: IncomingMessage, response: ServerResponse): void
  /** Takes what goes wrong with the port itself. */
  reportError(error: unknown): void
}

/**
 * A port of the server's own. The head of the first request is read here: an upgrade request goes straight to the
 * server, 1.6 times cheaper than by way of `node:http`; any other goes, as it came, to a `node:http` server on the same
 * socket.
 */
export class Listener implements HeadSink {
  readonly #host: ListenerHost
  readonly #http: HttpServer
  readonly #server: Server
  readonly #timeout: number
  readonly #heads = new Set<HeadReader>()

  constructor(host: ListenerHost, timeout: number) {
    this.#host = host
    this.#timeout = timeout
    this.#http = createHttpServer(
      {
        headersTimeout: timeout,
        requestTimeout: Math.max(timeout, REQUEST_TIMEOUT),
        connectionsCheckingInterval: Math.min(timeout, 1_000),
      },
      (request, response) => host.onRequest(request, response),
    )
    // Node keeps account of an HTTP server's connections, for its timeouts and for closing them, once it listens.
    if (isFastEnabled) this.#http.emit('listening')
    host.attach(this.#http)
    this.#server = isFastEnabled ? createServer({ noDelay: true }, (socket) => this.#accept(socket)) : this.#http
  }

  address(): AddressInfo | string | null {
    return this.#server.address()
  }

  listen(portOrPath: number | string, host: string): Promise<AddressInfo | string> {
    const server = this.#server
    return new Promise((resolve, reject) => {
      server.once('error', reject)
      const onListening = (): void => {
        server.off('error', reject)
        // A connection that cannot be accepted, for want of descriptors, must not end the process.
        server.on('error', (error) => this.#host.reportError(error))
        resolve(server.address()!)
      }
      if (typeof portOrPath === 'string') server.listen(portOrPath, onListening)
      else server.listen(portOrPath, host, onListening)
    })
  }

  /**
   * Listens no more and lets go of those who have not sent a request; resolves when the last connection is gone. Plain
   * requests may be answered for `deadline` milliseconds.
   */
  close(deadline: number): Promise<void> {
    for (const head of this.#heads) head.destroy()
    const timer = setTimeout(() => this.#http.closeAllConnections(), deadline)
    return new Promise((resolve) => {
      this.#server.close(() => {
        clearTimeout(timer)
        resolve()
      })
      this.#http.closeIdleConnections()
      // It never listened by itself, but its check for slow requests runs.
      if (this.#server !== this.#http) this.#http.close()
    })
  }

  #accept(socket: Socket): void {
    const reader = new HeadReader(socket, this)
    this.#heads.add(reader)
    ownStream(socket, reader)
    wheel.schedule(reader, this.#timeout)
  }

  /** @internal */
  onHead(reader: HeadReader, head: RequestHead, text: string, rest: Buffer): void {
    this.#heads.delete(reader)
    const { socket } = reader
    if (isUpgradeRequest(head)) {
      this.#host.onHead(head, text, socket, rest)
      // Until somebody decides on it nothing more is read.
      if (!hasOwner(socket) && !socket.writableEnded) socket.pause()
    } else {
      releaseStream(socket)
      socket.pause()
      this.#http.emit('connection', socket)
      socket.unshift(Buffer.concat([Buffer.from(text, 'latin1'), rest]))
      socket.resume()
    }
  }

  /** @internal */
  onHeadError(reader: HeadReader, error: HandshakeError): void {
    this.#heads.delete(reader)
    this.#host.onBadHead(error)
    refuseStream(reader.socket, error)
  }

  /** @internal */
  onHeadGone(reader: HeadReader): void {
    this.#heads.delete(reader)
  }
}

/** Told once how the reading of a head went. */
interface HeadSink {
  onHead(reader: HeadReader, head: RequestHead, text: string, rest: Buffer): void
  onHeadError(reader: HeadReader, error: HandshakeError): void
  /** The socket is gone. */
  onHeadGone(reader: HeadReader): void
}

/** Most heads come whole and are read by one parser; it goes with a head that does not. */
let spare: RequestHeadParser | null = null

/** Reads the head of the first request on a socket, within a time. */
class HeadReader implements StreamOwner, TimerEntry {
  readonly socket: Socket
  readonly #sink: HeadSink
  #parser: RequestHeadParser | null = null
  timerNext: TimerEntry | null = null
  timerPrevious: TimerEntry | null = null
  timerSlot = -1
  timerDue = 0

  constructor(socket: Socket, sink: HeadSink) {
    this.socket = socket
    this.#sink = sink
  }

  onTimer(): void {
    this.#letGo()
    const error = new HandshakeError(408, 'ERR_WS_HANDSHAKE_TIMEOUT', 'no complete request in time')
    this.#sink.onHeadError(this, error)
  }

  destroy(): void {
    this.#letGo()
    this.socket.destroy()
    this.#sink.onHeadGone(this)
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    const parser = this.#parser ?? spare ?? new RequestHeadParser()
    this.#parser = parser
    if (parser === spare) spare = null
    let head: RequestHead | null
    try {
      head = parser.push(bytes, start, end)
    } catch (error) {
      if (!(error instanceof HandshakeError)) throw error
      this.#letGo()
      return this.#sink.onHeadError(this, error)
    }
    if (head === null) return
    const { text } = parser
    this.#letGo()
    const rest = head.end === end ? EMPTY : Buffer.from(bytes.subarray(head.end, end))
    this.#sink.onHead(this, head, text, rest)
  }

  onStreamEnd(): void {
    this.destroy()
  }

  onStreamError(): void {
    this.destroy()
  }

  onStreamClose(): void {
    this.destroy()
  }

  onStreamDrain(): void {}

  #letGo(): void {
    wheel.cancel(this)
    disownStream(this.socket)
    this.#parser?.restart()
    spare ??= this.#parser
  }
}
