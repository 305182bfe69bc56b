import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { flag } from '../options/option-rule.ts'
import { readOptions } from '../options/read-options.ts'
import type { AnyHttpServer } from '../server/attachment.ts'
import { authorizeUpgrade } from '../server/authorize.ts'
import type { ServerOptions } from '../server/options.ts'
import { removeQuery } from '../server/request-fields.ts'
import { setRoutes, type WebSocketServer } from '../server/server.ts'
import { declineUpgrade, type Upgrade } from '../server/upgrade.ts'
import { makeAppResponse } from './app-response.ts'
import { makeHost, makeServer } from './create-server.ts'
import { acceptUpgrade, announceUpgrade, type ViewHost } from './pending-upgrade.ts'
import { isMarked, markRequest, setSessionLater } from './view-request.ts'
import type { SessionOptions, WebSocket } from './websocket.ts'

/** Options of a middleware: those of its server, and those of its sessions, which a view may override. */
export interface MiddlewareOptions extends ServerOptions, SessionOptions {
  /**
   * Whether handlers that are not decorated can accept a WebSocket request by reading `request.websocket`. Frameworks
   * do not expose the promise that a handler returns. The session therefore ends when the app calls `response.end()`,
   * when the app fails, or when `close()` of the session is called. In this mode, the policy in these options is
   * applied before the middleware chain runs. Default false.
   */
  WEBSOCKET_ACCEPT_ALL?: boolean | undefined
}

/** The options of the middleware in addition to those of a server and of sessions. */
const rules = { WEBSOCKET_ACCEPT_ALL: flag(false) }

/**
 * Adds WebSocket sessions to an HTTP server whose handler is a connect-style app (Express, Polka, Connect). Upgrade
 * requests run through the app's usual middleware chain, and become sessions in the decorated view that they reach (RFC
 * 6455 §4.2.2). A response from the chain itself is sent as plain HTTP and ends the connection. A 2xx response from a
 * handler that is not decorated becomes 400. Every request gets `is_websocket()` and `websocket`. In a decorated view,
 * `params` are those of the app, and `query` is a `URLSearchParams`.
 */
export class WebSocketMiddleware {
  /** The server that owns the connections. Stop it with `close()` or `shutdown()`. */
  readonly server: WebSocketServer
  readonly #httpServer: AnyHttpServer
  readonly #host: ViewHost
  readonly #acceptsAll: boolean

  /**
   * @throws {TypeError} when an option is unknown or has the wrong type, or `httpServer` is not a server of Node.
   * @throws {RangeError} when the value of an option is not allowed.
   */
  constructor(httpServer: AnyHttpServer, options: MiddlewareOptions = {}) {
    this.server = makeServer(options, Object.keys(rules))
    this.#httpServer = httpServer
    this.#host = makeHost(this.server, options)
    this.#acceptsAll = readOptions(rules, options).WEBSOCKET_ACCEPT_ALL
    setRoutes(this.server, { claims: () => null, onUpgrade: (upgrade) => this.#onUpgrade(upgrade) })
    this.server.attach(httpServer)
    ;(httpServer as Server).prependListener('request', (request: IncomingMessage) => {
      if (!isMarked(request)) markRequest(request, false, this.#host.addressOf)
    })
  }

  #onUpgrade(upgrade: Upgrade): void {
    markRequest(upgrade.request, true, this.#host.addressOf)
    if (this.#acceptsAll) {
      this.#runOpenly(upgrade).catch((error) => declineUpgrade(upgrade, error))
      return
    }
    announceUpgrade({ upgrade, host: this.#host })
    this.#run(upgrade, makeAppResponse(upgrade))
  }

  /**
   * Runs the chain with a `request.websocket` that accepts the request on first use. The policy is applied before the
   * chain runs, because a getter cannot wait for it.
   */
  async #runOpenly(upgrade: Upgrade): Promise<void> {
    const { request } = upgrade
    const acceptance = await authorizeUpgrade(upgrade, this.#host.policy)
    let session: WebSocket | null = null
    const response = makeAppResponse(upgrade, () => session)
    setSessionLater(request, () => {
      if (session !== null) return session
      const open = acceptUpgrade(upgrade, this.#host, acceptance, response)
      open?.sendHead()
      session = open?.session ?? null
      return session
    })
    removeQuery(request)
    announceUpgrade({ upgrade, host: this.#host, acceptance })
    this.#run(upgrade, response)
  }

  #run(upgrade: Upgrade, response: ServerResponse): void {
    if (upgrade.settled || upgrade.stream.destroyed) return
    this.#httpServer.emit('request', upgrade.request, response)
  }
}
