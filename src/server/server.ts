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

/** Where the requests of a server go, as long as the user sets no `onUpgrade` or `onRequest`. */
export interface Routes {
  /** Whether there is a view at the path of an upgrade request; `null` when only the app can tell. */
  claims(request: IncomingMessage): boolean | null
  readonly onUpgrade: (upgrade: Upgrade) => unknown
  readonly onRequest?: ((request: IncomingMessage, response: ServerResponse) => unknown) | undefined
}

let routesOf: (server: WebSocketServer, routes: Routes) => void

/** Accepts upgrade requests on a port of its own (`listen`) or on the user's HTTP server (`attach`, `handleUpgrade`). */
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

  /** A new connection, unless `onUpgrade` is set: callbacks per message, without session or promise. */
  onConnection: (connection: Connection) => unknown = () => {}
  /** Decides on each valid upgrade request. Default: the policy of the options, then `onConnection`. */
  onUpgrade: (upgrade: Upgrade) => unknown = (upgrade) => this.#decide(upgrade)
  /** A plain HTTP request on the server's own port. Default: 426. */
  onRequest: (request: IncomingMessage, response: ServerResponse) => unknown = (_, response) =>
    answerUpgradeRequired(response)
  /** The server begins to stop; its connections are still open. */
  onDraining: (reason: unknown) => unknown = () => {}

  /**
   * @throws {TypeError} when an option is unknown or has the wrong type.
   * @throws {RangeError} when its value is not allowed.
   */
  constructor(options: ServerOptions = {}) {
    const settings = readServerOptions(options)
    this.#settings = settings
    this.#set = new ConnectionSet(settings.maxMemory, (error) => reportTo(settings.onError, error))
    this.#handshakes = new Handshakes(settings, this.#set, (upgrade) => this.onUpgrade(upgrade))
  }

  /** Connections whose transport is not closed. */
  get connections(): ReadonlySet<Connection> {
    return this.#set.connections
  }

  /** Aborted when the server begins to stop, with the reason that `onDraining` gets (RFC 6455 §7.4.1, 1001). */
  get draining(): AbortSignal {
    return this.#draining.signal
  }

  /** The address of the server's own port, `null` when it does not listen. */
  address(): AddressInfo | string | null {
    return this.#port?.address() ?? null
  }

  /**
   * Listens on a port of its own (0 picks a free one) or on a unix socket. Resolves to the address; rejects with the
   * system's error when it is not available, and with a RangeError when the argument is neither.
   *
   * @param portOrPath A port, also as text (`process.env.PORT`), or a path with a slash. Default 0.
   * @param host Default `127.0.0.1`.
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
   * Handles the upgrade requests of a `node:http` or `node:https` server, or of an http2 server: there extended CONNECT
   * (RFC 8441), which it announces, and with `allowHTTP1` the upgrade requests of HTTP/1.1. With other listeners on it,
   * paths without a view are left to them. A request for another protocol, such as `Upgrade: h2c`, is handled as an
   * ordinary one.
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
   * Handles one upgrade request, with the arguments of node's `'upgrade'` event. Never throws for what the peer sent.
   *
   * @param head Bytes that were read behind the request.
   */
  handleUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    this.#handshakes.begin(request, request, stream, head)
  }

  /** The address of a request's client as the limits see it: behind `trustedProxies`, the one that they forward. */
  clientAddress(request: IncomingMessage): string {
    return this.#handshakes.addressOf(request)
  }

  /** The counts since the server was made. */
  stats(): ServerStats {
    return readStats(this.#set, this.#handshakes.refused)
  }

  /**
   * Stops: refuses new connections with 503, aborts `draining`, lets sessions go on for `drain`, spreads the Close
   * frames over `jitter` and terminates what is left at the `deadline`. Messages that `send` has accepted are written
   * before the Close frame. Resolves to the counts when all connections are closed.
   *
   * @throws {RangeError} when an option, the code or the reason is not allowed; the server goes on serving.
   * @throws {TypeError} when an option or the reason has the wrong type.
   */
  async shutdown(options: ShutdownOptions = {}): Promise<ShutdownResult> {
    const settings = readShutdownOptions(options)
    const reason = new WebSocketError('ERR_WS_SERVER_CLOSING', 'the server is closing')
    callUser(() => this.onDraining(reason), this.#set.reportError)
    this.#draining.abort(reason)
    this.#handshakes.close()
    // First, so that at the deadline WebSockets are terminated before the sockets below them.
    const ended = endConnections(this.#set.connections, settings)
    await this.#port?.close(settings.deadline)
    return ended
  }

  /** `shutdown` with Close 1001 for every peer at once; a peer that does not answer is cut off after `closeTimeout`. */
  async close(code?: number, reason?: string): Promise<void> {
    await this.shutdown({ code, reason })
  }

  /** Without routes every path is ours, but for those that other listeners answer first. */
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
      (error) => {
        this.#set.reportError(error)
        answerError(response)
      },
    )
  }
}

/** Sets where the requests of a server go. */
export function setRoutes(server: WebSocketServer, routes: Routes): void {
  routesOf(server, routes)
}
