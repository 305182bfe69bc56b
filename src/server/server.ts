import { createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { Connection, type ConnectionLimits } from '../connection/connection.ts'
import { CloseCode } from '../core/close-code.ts'
import { HandshakeError, WebSocketError } from '../core/errors.ts'
import { type NormalisedDeflateOptions, normaliseDeflateOptions } from '../deflate/options.ts'
import { checkUpgradeRequest, isUpgradeRequest } from '../handshake/upgrade-request.ts'
import { authorizeUpgrade } from './authorize.ts'
import { readLimits, type ServerOptions } from './options.ts'
import { type Agreed, refuseStream, Upgrade, type UpgradeHost } from './upgrade.ts'

/** Accepts upgrade requests on a port of its own (`listen`) or on the user's HTTP server (`attach`, `handleUpgrade`). */
export class WebSocketServer implements UpgradeHost {
  readonly options: Readonly<ServerOptions>
  /** permessage-deflate as offered to clients, null for not at all. */
  readonly deflate: NormalisedDeflateOptions | null
  /** Limits of each connection unless it is accepted with its own. */
  readonly limits: ConnectionLimits
  readonly #connections = new Set<Connection>()
  /** Upgrades whose decision is awaited. */
  readonly #pending = new Set<Upgrade>()
  readonly #httpServers = new Set<Server | HttpsServer>()
  #ownServer: Server | null = null
  #closing = false

  /** Each new connection when no `onUpgrade` was set: the low-level door, without session or promise per message. */
  onConnection: (connection: Connection, request: IncomingMessage) => void = () => {}
  /** Decides on each valid upgrade request. Default: the policy of the options, then `onConnection`. */
  onUpgrade: (upgrade: Upgrade) => void = (upgrade) => this.#decide(upgrade)
  /** Plain HTTP requests on the server's own port. Default: 426. */
  onRequest: (request: IncomingMessage, response: ServerResponse) => void = answerUpgradeRequired
  /** The server begins to stop; its connections are still open. */
  onDraining: (reason: unknown) => void = () => {}

  /** Throws a RangeError for a limit that is not a positive number. */
  constructor(options: ServerOptions = {}) {
    this.options = options
    this.limits = readLimits(options)
    this.deflate = options.deflate ? normaliseDeflateOptions(options.deflate) : null
  }

  /** Connections whose transport lives. */
  get connections(): ReadonlySet<Connection> {
    return this.#connections
  }

  /** Where the own port listens; null when it does not. */
  address(): AddressInfo | string | null {
    return this.#ownServer?.address() ?? null
  }

  /**
   * Opens a port of its own (0 picks a free one) or a unix socket (a path). Resolves to its address; rejects with the
   * system's error when it cannot be had. Host: `127.0.0.1` unless given.
   */
  listen(portOrPath: number | string = 0, host = '127.0.0.1'): Promise<AddressInfo | string> {
    const httpServer = createHttpServer((request, response) => this.onRequest(request, response))
    this.attach(httpServer)
    this.#ownServer = httpServer
    return new Promise((resolve, reject) => {
      httpServer.once('error', reject)
      const listening = (): void => {
        httpServer.off('error', reject)
        resolve(httpServer.address()!)
      }
      if (typeof portOrPath === 'string') httpServer.listen(portOrPath, listening)
      else httpServer.listen(portOrPath, host, listening)
    })
  }

  /** Takes the upgrade requests of a `node:http` or `node:https` server; other protocols are left to its other listeners. */
  attach(httpServer: Server | HttpsServer): void {
    this.#httpServers.add(httpServer)
    httpServer.on('upgrade', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
      if (httpServer.listenerCount('upgrade') > 1 && !isUpgradeRequest(request)) return
      this.handleUpgrade(request, stream, head)
    })
    // Without a listener node drops the connection of a CONNECT request and the client is told nothing.
    if (httpServer.listenerCount('connect') === 0) httpServer.on('connect', refuseConnect)
  }

  /** Takes one upgrade request, as node's `'upgrade'` event hands it out. Never throws for what the peer did. */
  handleUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    stream.on('error', () => stream.destroy())
    let upgrade: Upgrade
    try {
      if (this.#closing)
        throw new HandshakeError(503, 'ERR_WS_SERVER_CLOSING', 'the server is closing', { 'Retry-After': '1' })
      upgrade = new Upgrade(checkUpgradeRequest(request), request, stream, head, this)
    } catch (error) {
      return refuseStream(stream, this.#asRefusal(error), request.method)
    }
    this.#pending.add(upgrade)
    stream.once('close', () => this.#pending.delete(upgrade))
    try {
      this.onUpgrade(upgrade)
    } catch (error) {
      this.refuse(upgrade, error)
    }
  }

  /** Refuses with a HandshakeError as it is; anything else goes to `onError` and out as 500. */
  refuse(upgrade: Upgrade, error: unknown): void {
    this.#pending.delete(upgrade)
    const refusal = this.#asRefusal(error)
    if (upgrade.settled) return
    try {
      upgrade.refuse(refusal)
    } catch (unsendable) {
      upgrade.refuse(this.#asRefusal(unsendable))
    }
  }

  /** Takes what user code threw. */
  reportError(error: unknown): void {
    try {
      if (this.options.onError !== undefined) this.options.onError(error)
      else console.error(error)
    } catch (failure) {
      console.error(failure)
    }
  }

  /**
   * Stops listening, refuses new upgrades with 503, sends Close 1001 to every peer and resolves when all are gone;
   * a peer that does not answer is cut after `closeTimeout`.
   */
  async close(code: number = CloseCode.GOING_AWAY, reason = ''): Promise<void> {
    this.#closing = true
    this.onDraining(new WebSocketError('ERR_WS_SERVER_CLOSING', 'the server is closing'))
    for (const upgrade of this.#pending) {
      this.refuse(
        upgrade,
        new HandshakeError(503, 'ERR_WS_SERVER_CLOSING', 'the server is closing', { 'Retry-After': '1' }),
      )
    }
    const gone = [...this.#connections].map((connection) => connection.gone)
    for (const connection of this.#connections) connection.close(code, reason)
    const stopped = this.#ownServer === null ? null : closeHttpServer(this.#ownServer)
    await Promise.all([...gone, stopped])
  }

  #decide(upgrade: Upgrade): void {
    const choice = authorizeUpgrade(upgrade, this.options)
    if (choice instanceof Promise) {
      choice.then((subprotocol) => this.#accept(upgrade, subprotocol)).catch((error) => this.refuse(upgrade, error))
    } else {
      this.#accept(upgrade, choice)
    }
  }

  #accept(upgrade: Upgrade, subprotocol: string | undefined): void {
    if (upgrade.settled || upgrade.stream.destroyed) return
    const connection = upgrade.accept({ subprotocol })
    try {
      this.onConnection(connection, upgrade.request)
    } catch (error) {
      this.reportError(error)
      connection.fail(CloseCode.INTERNAL_ERROR, 'ERR_WS_CALLBACK_THREW', 'internal error')
    }
  }

  /** Makes the connection of an accepted upgrade; called by `Upgrade.accept`. */
  connect(upgrade: Upgrade, agreed: Agreed): Connection {
    this.#pending.delete(upgrade)
    const connection = new Connection(upgrade.stream, {
      role: 'server',
      request: upgrade.request,
      ...agreed,
      head: upgrade.head,
      onError: (error) => this.reportError(error),
      onGone: (gone) => this.#connections.delete(gone),
    })
    this.#connections.add(connection)
    return connection
  }

  #asRefusal(error: unknown): HandshakeError {
    if (error instanceof HandshakeError) return error
    this.reportError(error)
    return new HandshakeError(500, 'ERR_WS_INTERNAL', 'internal error')
  }
}

function refuseConnect(_request: IncomingMessage, stream: Duplex): void {
  refuseStream(stream, new HandshakeError(405, 'ERR_WS_METHOD', 'method CONNECT, must be GET', { Allow: 'GET' }))
}

function answerUpgradeRequired(_request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(426, {
    Connection: 'close, Upgrade',
    Upgrade: 'websocket',
    'Content-Type': 'text/plain; charset=utf-8',
  })
  response.end('this server speaks WebSocket: send an upgrade request (RFC 6455)\n')
}

function closeHttpServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeIdleConnections()
  })
}
