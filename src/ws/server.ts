import { EventEmitter } from 'node:events'
import http, { type IncomingMessage, type OutgoingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { acceptKey } from '../handshake/accept-key.ts'
import { hasOwner } from '../transport/stream-owner.ts'
import { type Bounds, type BoundsOptions, readBounds } from './bounds.ts'
import { PerMessageDeflate, type PerMessageDeflateOptions } from './deflate.ts'
import { extension } from './header.ts'
import { type HandshakeRefusal, readStrictUpgrade, readUpgrade, refuse } from './upgrade.ts'
import { WebSocket } from './websocket.ts'

/** Accepts or rejects a request. A function with two parameters passes its decision to the second one, a callback. */
export type VerifyClient =
  | ((info: VerifyInfo) => boolean)
  | ((
      info: VerifyInfo,
      callback: (isAccepted: boolean, code?: number, message?: string, headers?: OutgoingHttpHeaders) => void,
    ) => void)

/** The argument of `VerifyClient`: the request and where it comes from. */
export interface VerifyInfo {
  /** Undefined when the request has no `Origin` header; declared as in @types/ws. */
  origin: string
  secure: boolean
  req: IncomingMessage
}

/** Options of a server, named as in npm ws. */
export interface ServerOptions {
  allowSynchronousEvents?: boolean | undefined
  autoPong?: boolean | undefined
  backlog?: number | undefined
  clientTracking?: boolean | undefined
  /** Time limit for the closing handshake, in milliseconds. Default 30000. */
  closeTimeout?: number | undefined
  handleProtocols?: ((protocols: Set<string>, request: IncomingMessage) => string | false) | undefined
  host?: string | undefined
  maxBufferedChunks?: number | undefined
  maxFragments?: number | undefined
  /** Maximum size of a message in bytes; 0 means no limit. Default 104857600. */
  maxPayload?: number | undefined
  /** Maximum number of pongs that wait to be sent; one more terminates the connection. 0 means no limit. Default 60. */
  maxPendingAutoPongs?: number | undefined
  noServer?: boolean | undefined
  path?: string | undefined
  perMessageDeflate?: boolean | PerMessageDeflateOptions | undefined
  port?: number | undefined
  server?: Server | undefined
  skipUTF8Validation?: boolean | undefined
  verifyClient?: VerifyClient | undefined
  WebSocket?: typeof WebSocket | undefined
  /**
   * Not in npm ws: `true` or an object turns on the limits, the keepalive, the origin rule and the strict parsing of
   * `createServer`, with its defaults. Where npm ws has the same limit, the stricter value applies. Default false.
   */
  dwebsocket?: boolean | BoundsOptions | undefined
}

const State = { RUNNING: 0, CLOSING: 1, CLOSED: 2 } as const

const defaults = {
  allowSynchronousEvents: true,
  autoPong: true,
  maxBufferedChunks: 262_144,
  maxFragments: 16_384,
  maxPayload: 104_857_600,
  maxPendingAutoPongs: 60,
  skipUTF8Validation: false,
  perMessageDeflate: false as boolean | PerMessageDeflateOptions,
  handleProtocols: null,
  clientTracking: true,
  closeTimeout: 30_000,
  verifyClient: null,
  noServer: false,
  backlog: null,
  server: null,
  host: null,
  path: null,
  port: null,
  WebSocket,
  dwebsocket: null as Bounds | null,
}

/** The options of a server with defaults filled in. */
type ServerSettings = Omit<ServerOptions, 'dwebsocket' | 'WebSocket'> & {
  WebSocket: typeof WebSocket
  dwebsocket: Bounds | null
}

/** A WebSocket server with the interface of npm ws. */
export class WebSocketServer extends EventEmitter {
  /** The options. They are read for each request, because programs may change them. */
  readonly options: ServerSettings
  /** The open sockets. Undefined without `clientTracking`, but declared as in @types/ws. */
  readonly clients: Set<WebSocket>
  /** Never set here, only by programs; declared as in @types/ws. */
  declare path: string
  // Named as in npm ws, because programs read these fields.
  _server: Server | null = null
  _state: number = State.RUNNING
  #removeListeners: (() => void) | null = null
  #closesWithLastClient = false

  /**
   * @param callback Called when the server listens on `port`.
   * @throws {TypeError} unless exactly one of `port`, `server` and `noServer` is set; when an option in `dwebsocket` is
   *   unknown; or when an option in `dwebsocket` or `perMessageDeflate` has the wrong type.
   * @throws {RangeError} when the value of an option in `dwebsocket` or `perMessageDeflate` is not allowed.
   */
  constructor(options: ServerOptions = {}, callback?: () => void) {
    super()
    const settings = { ...defaults, ...options, dwebsocket: readBounds(options?.dwebsocket) }
    const { port, server, noServer } = settings
    const places = [port !== null && port !== undefined, Boolean(server), noServer].filter(Boolean).length
    if (places !== 1) {
      throw new TypeError('One and only one of the "port", "server", or "noServer" options must be specified')
    }
    if (settings.perMessageDeflate === true) settings.perMessageDeflate = {}
    // Checks the options now, and not in each handshake.
    if (settings.perMessageDeflate) new PerMessageDeflate(settings.perMessageDeflate)
    this.options = settings as unknown as ServerSettings
    this.clients = (settings.clientTracking ? new Set() : undefined) as Set<WebSocket>
    if (port !== null && port !== undefined) {
      this._server = http.createServer(answerUpgradeRequired)
      // Without a listener, Node closes the connection of a CONNECT request and sends no response.
      this._server.on('connect', (_request, stream: Duplex) =>
        refuse(stream, { status: 405, headers: { Allow: 'GET' } }),
      )
      this._server.listen(port, settings.host ?? undefined, settings.backlog ?? undefined, callback)
    } else if (server) {
      this._server = server
    }
    if (this._server !== null) this.#listen(this._server)
  }

  #listen(server: Server): void {
    const onListening = (): void => void this.emit('listening')
    const onError = (error: Error): void => void this.emit('error', error)
    const onUpgrade = (request: IncomingMessage, stream: Duplex, head: Buffer): void =>
      this.handleUpgrade(request, stream, head, (socket) => this.emit('connection', socket, request))
    server.on('listening', onListening).on('error', onError).on('upgrade', onUpgrade)
    this.#removeListeners = () => {
      server.off('listening', onListening).off('error', onError).off('upgrade', onUpgrade)
    }
  }

  /** Returns the address of the HTTP server; null after `close`. */
  address(): AddressInfo | string | null {
    if (this.options.noServer) throw new Error('The server is operating in "noServer" mode')
    return this._server === null ? null : this._server.address()
  }

  /**
   * Stops accepting connections. Open ones stay open; `'close'` is emitted when the last one has closed, and
   * `callback` is then called: with an error if the server was already closed, otherwise without an argument.
   */
  close(callback?: (error?: Error) => void): void {
    if (this._state === State.CLOSED) {
      if (callback) this.once('close', () => callback(new Error('The server is not running')))
      process.nextTick(() => this.#emitClose())
      return
    }
    if (callback) this.once('close', callback)
    if (this._state === State.CLOSING) return
    this._state = State.CLOSING
    const server = this._server
    this.#removeListeners?.()
    this.#removeListeners = null
    this._server = null
    if (server !== null && !this.options.server) {
      server.close(() => this.#emitClose())
    } else if (this.clients !== undefined && this.clients.size > 0) {
      this.#closesWithLastClient = true
    } else {
      process.nextTick(() => this.#emitClose())
    }
  }

  #emitClose(): void {
    this._state = State.CLOSED
    this.emit('close')
  }

  /** Returns whether this server handles the request, which depends on its path. */
  shouldHandle(request: IncomingMessage): boolean {
    const { path } = this.options as ServerOptions
    return !path || request.url!.split('?', 1)[0] === path
  }

  /**
   * Handles an upgrade request. `callback` is called with the new socket.
   *
   * @throws {Error} when the stream already belongs to a socket.
   */
  handleUpgrade(
    request: IncomingMessage,
    stream: Duplex,
    head: Buffer,
    callback: (socket: WebSocket, request: IncomingMessage) => void,
  ): void {
    const destroy = (): void => void stream.destroy()
    stream.on('error', destroy)
    const { options } = this
    const read = options.dwebsocket === null ? readUpgrade : readStrictUpgrade
    const upgrade = read(request, options, () => this.shouldHandle(request))
    if ('status' in upgrade) return this.#refuse(upgrade, request, stream)
    const complete = (): void => {
      // The client may have disconnected while it was being verified.
      if (!stream.readable || !stream.writable) return destroy()
      if (hasOwner(stream)) {
        throw new Error(
          'server.handleUpgrade() was called more than once with the same socket, possibly due to a misconfiguration',
        )
      }
      if (this._state !== State.RUNNING) return refuse(stream, { status: 503 })
      const socket = this.#accept(request, stream, upgrade)
      stream.off('error', destroy)
      socket.setSocket(stream, head, options as object)
      this.#track(socket)
      callback(socket, request)
    }
    if (options.dwebsocket?.allowsOrigin(request) === false) {
      const message = 'This origin is not allowed'
      return this.#refuse({ status: 403, message }, request, stream)
    }
    this.#verify(request, upgrade.version, stream, complete)
  }

  #verify(request: IncomingMessage, version: number, stream: Duplex, complete: () => void): void {
    const verify = this.options.verifyClient as VerifyClient | null
    if (!verify) return complete()
    const { authorized, encrypted } = request.socket as { authorized?: boolean; encrypted?: boolean }
    const origin = request.headers[version === 8 ? 'sec-websocket-origin' : 'origin'] as string
    const info: VerifyInfo = { origin, secure: Boolean(authorized || encrypted), req: request }
    if (verify.length !== 2) {
      if ((verify as (info: VerifyInfo) => boolean)(info)) complete()
      else refuse(stream, { status: 401 })
      return
    }
    verify(info, (isAccepted, status, message, headers) => {
      if (isAccepted) complete()
      else refuse(stream, { status: status || 401, message, headers: headers as Record<string, string> })
    })
  }

  #refuse(refusal: HandshakeRefusal, request: IncomingMessage, stream: Duplex): void {
    const isReported = refusal.message !== undefined && this.listenerCount('wsClientError') > 0
    if (isReported) this.emit('wsClientError', new Error(refusal.message), stream, request)
    else refuse(stream, refusal, request.method)
  }

  /** Creates the socket and sends the 101 response. */
  #accept(
    request: IncomingMessage,
    stream: Duplex,
    { key, protocols, deflate }: { key: string; protocols: Set<string>; deflate: PerMessageDeflate | null },
  ): WebSocket {
    const lines = [
      'HTTP/1.1 101 Switching Protocols',
      'Upgrade: websocket',
      'Connection: Upgrade',
      `Sec-WebSocket-Accept: ${acceptKey(key)}`,
    ]
    const socket = new this.options.WebSocket(null, undefined, this.options as object)
    if (protocols.size > 0) {
      const { handleProtocols } = this.options as ServerOptions
      const [first] = protocols
      const protocol = handleProtocols ? handleProtocols(protocols, request) : first
      if (protocol) {
        lines.push(`Sec-WebSocket-Protocol: ${protocol}`)
        socket._protocol = protocol
      }
    }
    if (deflate !== null) {
      lines.push(`Sec-WebSocket-Extensions: ${extension.format({ 'permessage-deflate': deflate.params! })}`)
      socket._extensions = { 'permessage-deflate': deflate }
    }
    this.emit('headers', lines, request)
    stream.write(`${lines.join('\r\n')}\r\n\r\n`)
    return socket
  }

  #track(socket: WebSocket): void {
    const clients: Set<WebSocket> | undefined = this.clients
    if (clients === undefined) return
    clients.add(socket)
    socket.on('close', () => {
      clients.delete(socket)
      if (this.#closesWithLastClient && clients.size === 0) process.nextTick(() => this.#emitClose())
    })
  }
}

function answerUpgradeRequired(_request: IncomingMessage, response: http.ServerResponse): void {
  const body = http.STATUS_CODES[426]!
  response.writeHead(426, { 'Content-Length': body.length, 'Content-Type': 'text/plain' }).end(body)
}
