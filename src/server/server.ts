import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Connection } from '../connection/connection.ts'
import { CloseCode } from '../core/close-code.ts'
import { WebSocketError } from '../core/errors.ts'
import { callUser, reportTo } from '../user-code/user-code.ts'
import { type AnyHttpServer, attachTo } from './attachment.ts'
import { type Acceptance, authorizeUpgrade } from './authorize.ts'
import { ConnectionSet } from './connection-set.ts'
import { Handshakes } from './handshakes.ts'
import { readServerOptions, type ServerOptions, type ServerSettings } from './options.ts'
import { answerError, answerUpgradeRequired } from './plain-response.ts'
import { makePort, type Port, type PortHost } from './port.ts'
import { endConnections, readShutdownOptions, type ShutdownOptions, type ShutdownResult } from './shutdown.ts'
import { readStats, type ServerStats } from './stats.ts'
import { refusePending, type Upgrade } from './upgrade.ts'

/** The handlers of a server's requests, unless the user sets `onUpgrade` or `onRequest`. */
export interface Routes {
  /** Returns whether there is a view at the path of an upgrade request; null when only the app can tell. */
  claims(request: IncomingMessage): boolean | null
  readonly onUpgrade: (upgrade: Upgrade) => unknown
  readonly onRequest?: ((request: IncomingMessage, response: ServerResponse) => unknown) | undefined
}

let routesOf: (server: WebSocketServer, routes: Routes) => void

/**
 * A WebSocket server. It accepts upgrade requests on its own port (`listen`) or on your HTTP server (`attach`,
 * `handleUpgrade`).
 */
export class WebSocketServer {
  readonly #settings: ServerSettings
  readonly #set: ConnectionSet
  readonly #handshakes: Handshakes
  readonly #draining = new AbortController()
  #port: Port | null = null
  #routes: Routes | null = null

  static {
    routesOf = (server, routes) => {
      server.#routes = routes
      server.onUpgrade = routes.onUpgrade
      server.onRequest = routes.onRequest ?? server.onRequest
    }
  }

  /**
   * Called with each new connection, unless the server has `urls` or you set `onUpgrade`. A connection has callbacks
   * instead of a session.
   */
  onConnection: (connection: Connection) => unknown = () => {}
  /**
   * Called with each valid upgrade request. If it throws, a request that is still pending is refused. Default: passes
   * the request to its view in `urls`; without `urls`, applies the policy of the options, accepts the request and calls
   * `onConnection`.
   */
  onUpgrade: (upgrade: Upgrade) => unknown = (upgrade) => this.#decide(upgrade)
  /**
   * Called with each plain HTTP request on the server's own port. Default: passes the request to its view in `urls`;
   * without `urls`, responds with 426, or over HTTP/2 with 400.
   */
  onRequest: (request: IncomingMessage, response: ServerResponse) => unknown = (_, response) =>
    answerUpgradeRequired(response)
  /**
   * Called when the server begins to stop, while its connections are still open. `reason` is a `WebSocketError` with
   * the code `ERR_WS_SERVER_CLOSING`.
   */
  onDraining: (reason: unknown) => unknown = () => {}

  /**
   * @throws {TypeError} when an option is unknown or has the wrong type.
   * @throws {RangeError} when the value of an option is not allowed.
   */
  constructor(options: ServerOptions = {}) {
    const settings = readServerOptions(options)
    this.#settings = settings
    this.#set = new ConnectionSet(settings.maxMemory, (error) => reportTo(settings.onError, error))
    this.#handshakes = new Handshakes(settings, this.#set, (upgrade) => this.onUpgrade(upgrade))
  }

  /** The connections whose transport has not closed. */
  get connections(): ReadonlySet<Connection> {
    return this.#set.connections
  }

  /** A signal that is aborted when the server begins to stop. Its `reason` is the error passed to `onDraining`. */
  get draining(): AbortSignal {
    return this.#draining.signal
  }

  /** Returns the address of the server's own port; null when it does not listen. */
  address(): AddressInfo | string | null {
    return this.#port?.address() ?? null
  }

  /**
   * Listens on a TCP port (0 selects a free one) or a Unix socket. Resolves to the address. Rejects with the system's
   * error when the address is not available, and with a RangeError when `portOrPath` is neither a port nor a path.
   *
   * @param portOrPath A port, also as a string (`process.env.PORT`), or a path that contains a slash. Default 0.
   * @param host The address to listen on; ignored for a path. Default `127.0.0.1`, which other machines cannot reach.
   */
  listen(portOrPath: number | string = 0, host = '127.0.0.1'): Promise<AddressInfo | string> {
    const handshakes = this.#handshakes
    const portHost: PortHost = {
      onUpgradeHead: (head, message, socket, rest) => handshakes.begin(head, message, socket, rest),
      onHeadRefused: (error) => handshakes.onRefused(null, error),
      attach: (httpServer) => this.attach(httpServer),
      onRequest: (request, response) => this.#answer(request, response),
      reportError: this.#set.reportError,
    }
    this.#port = makePort(portHost, this.#settings)
    return this.#port.listen(portOrPath, host)
  }

  /**
   * Handles the upgrade requests of a `node:http` or `node:https` server. On a `node:http2` server, announces and
   * handles extended CONNECT (RFC 8441), and with `allowHTTP1` also upgrade requests over HTTP/1.1. When `httpServer`
   * has other `'upgrade'` listeners, requests for paths without a view are left to these listeners. A request for
   * another protocol, such as `Upgrade: h2c`, is handled as a plain HTTP request.
   *
   * @throws {TypeError} when `httpServer` is not a server of Node, for example when it is an Express app.
   */
  attach(httpServer: AnyHttpServer): void {
    const handshakes = this.#handshakes
    attachTo(httpServer, {
      claims: (request) => this.#claims(request),
      begin: (request, message, stream, head, isShared) => handshakes.begin(request, message, stream, head, isShared),
      leave: (stream, error) => handshakes.leave(stream, error),
    })
  }

  /**
   * Handles one upgrade request, with the arguments of Node's `'upgrade'` event. Never throws because of what the peer
   * sent.
   *
   * @param head Bytes that followed the request head.
   */
  handleUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    this.#handshakes.begin(request, request, stream, head)
  }

  /** Returns the address of a request's client. Behind `trustedProxies`, this is the address that they forward. */
  clientAddress(request: IncomingMessage): string {
    return this.#handshakes.addressOf(request)
  }

  /** Returns the server's current values, and its counts since it was created. */
  stats(): ServerStats {
    return readStats(this.#set, this.#handshakes.refused)
  }

  /**
   * Stops the server: aborts `draining`, closes its port, answers new upgrade requests with 503, waits up to `drain` for
   * sessions to end, sends Close frames spread over `jitter`, and terminates the remaining connections at the
   * `deadline`. Messages that `send` has accepted are written before the Close frame. Resolves to the counts when all
   * connections have closed.
   *
   * @throws {RangeError} when a time, the code or the reason is not allowed. The server then keeps running.
   * @throws {TypeError} when an option is unknown or has the wrong type. The server then keeps running.
   */
  async shutdown(options: ShutdownOptions = {}): Promise<ShutdownResult> {
    const settings = readShutdownOptions(options)
    const reason = new WebSocketError('ERR_WS_SERVER_CLOSING', 'the server is closing')
    callUser(() => this.onDraining(reason), this.#set.reportError)
    this.#draining.abort(reason)
    this.#handshakes.close()
    // Called first, so that at the deadline WebSockets are terminated before the sockets that carry them.
    const ended = endConnections(this.#set.connections, settings)
    await this.#port?.close(settings.deadline)
    return ended
  }

  /**
   * Calls `shutdown` with this close code (default 1001) and reason (default `''`), and without `drain` and `jitter`. A
   * peer that does not reply to the Close frame is terminated after `closeTimeout`, at the latest after 10 seconds.
   *
   * @throws {RangeError} when the code or the reason must not be sent. The server then keeps running.
   * @throws {TypeError} when the reason is not a string. The server then keeps running.
   */
  async close(code?: number, reason?: string): Promise<void> {
    await this.shutdown({ code, reason })
  }

  /** Without routes, this server handles every path, but only after other listeners have had the chance to. */
  #claims(request: IncomingMessage): boolean | null {
    return this.#routes?.onUpgrade === this.onUpgrade ? this.#routes.claims(request) : null
  }

  #decide(upgrade: Upgrade): void {
    const choice = authorizeUpgrade(upgrade, this.#settings.policy)
    if (choice instanceof Promise) {
      choice.then((acceptance) => this.#accept(upgrade, acceptance)).catch((error) => refusePending(upgrade, error))
    } else {
      this.#accept(upgrade, choice)
    }
  }

  #accept(upgrade: Upgrade, acceptance: Acceptance): void {
    if (upgrade.settled || upgrade.stream.destroyed) return
    const connection = upgrade.accept(acceptance)
    callUser(
      () => this.onConnection(connection),
      (error) => {
        this.#set.reportError(error)
        connection.fail(CloseCode.INTERNAL_ERROR, 'ERR_WS_CALLBACK_THREW', 'internal error')
      },
    )
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    callUser(
      () => this.onRequest(request, response),
      (error) => answerError(response, error, this.#set.reportError),
    )
  }
}

/** Sets the handlers of a server's requests. */
export function setRoutes(server: WebSocketServer, routes: Routes): void {
  routesOf(server, routes)
}
