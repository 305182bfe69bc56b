import type { IncomingMessage, Server } from 'node:http'
import type { Server as HttpsServer } from 'node:https'
import { authorizeUpgrade } from '../server/authorize.ts'
import type { ServerOptions } from '../server/options.ts'
import { WebSocketServer } from '../server/server.ts'
import type { Upgrade } from '../server/upgrade.ts'
import { makeAppResponse } from './app-response.ts'
import { makeHost } from './create-server.ts'
import { acceptUpgrade, announceUpgrade, type ViewHost } from './pending-upgrade.ts'
import { isMarked, markRequest, setSessionLater } from './view-request.ts'
import type { SessionOptions, WebSocket } from './websocket.ts'

/** Options of a middleware: those of its server, and of its sessions unless a view has its own. */
export interface MiddlewareOptions extends ServerOptions, SessionOptions {
  /**
   * Lets handlers that were not decorated accept a WebSocket request by asking for `request.websocket`. What becomes
   * of their promise is the app's secret, so that the session ends with `response.end()`, an error of the app, or its
   * own `close()`. The policy of these options is then applied before the chain runs, for every view. Default false.
   */
  WEBSOCKET_ACCEPT_ALL?: boolean
}

/**
 * Brings sessions to an HTTP server whose handler is a connect-style app (express, polka, connect): upgrade requests
 * run through the app's ordinary chain and become sessions in the decorated view that they reach (RFC 6455 §4.2.2).
 * What the chain answers itself goes out as plain HTTP and ends the connection; a 2xx of a handler that was not
 * decorated becomes 400. Every request gets `is_websocket()` and `websocket`; `params` and `query` are the app's own.
 */
export class WebSocketMiddleware {
  /** The server below: its connections, its `close()`. */
  readonly server: WebSocketServer
  readonly #httpServer: Server | HttpsServer
  readonly #host: ViewHost
  readonly #acceptsAll: boolean

  /** @throws {RangeError} for a limit or a mark out of its range */
  constructor(httpServer: Server | HttpsServer, options: MiddlewareOptions = {}) {
    this.server = new WebSocketServer(options)
    this.#httpServer = httpServer
    this.#host = makeHost(this.server, options)
    this.#acceptsAll = options.WEBSOCKET_ACCEPT_ALL ?? false
    this.server.onUpgrade = (upgrade) => this.#onUpgrade(upgrade)
    this.server.attach(httpServer)
    httpServer.prependListener('request', (request: IncomingMessage) => {
      if (!isMarked(request)) markRequest(request, false)
    })
  }

  #onUpgrade(upgrade: Upgrade): void {
    markRequest(upgrade.request, true)
    if (this.#acceptsAll) {
      this.#runOpenly(upgrade).catch((error) => this.server.refuse(upgrade, error))
      return
    }
    announceUpgrade({ upgrade, host: this.#host })
    this.#run(upgrade, () => null)
  }

  /** Runs the chain with a `request.websocket` that accepts; that cannot wait, so the policy is applied before. */
  async #runOpenly(upgrade: Upgrade): Promise<void> {
    const { request } = upgrade
    const subprotocol = await authorizeUpgrade(upgrade, this.server.options)
    let session: WebSocket | null = null
    setSessionLater(request, () => {
      session ??= acceptUpgrade(upgrade, this.#host, subprotocol)
      return session
    })
    announceUpgrade({ upgrade, host: this.#host, isAuthorized: true })
    this.#run(upgrade, () => session)
  }

  #run(upgrade: Upgrade, session: () => WebSocket | null): void {
    if (upgrade.settled || upgrade.stream.destroyed) return
    this.#httpServer.emit('request', upgrade.request, makeAppResponse(upgrade, session))
  }
}
