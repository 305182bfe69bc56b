import type { ServerOptions } from '../server/options.ts'
import { WebSocketServer } from '../server/server.ts'
import { Draining } from './draining.ts'
import type { ViewHost } from './pending-upgrade.ts'
import { Router, type ViewTable } from './router.ts'
import { checkSessionOptions, type SessionOptions } from './websocket.ts'

/** Options of `createServer`: those of a server, and of its sessions unless a view has its own. */
export interface CreateServerOptions extends ServerOptions, SessionOptions {
  /** Views by path pattern, as in `{ '/chat/:room': accept_websocket(chat) }`; for the patterns see `Urls`. */
  urls?: ViewTable
  /** Accepts WebSocket requests for views that were not decorated, as if by `accept_websocket`. Default false. */
  WEBSOCKET_ACCEPT_ALL?: boolean
}

/**
 * Makes a server: with `urls`, requests go to their views, over WebSocket and plain HTTP; without, each connection
 * goes to `onConnection` (RFC 6455 §4.2).
 *
 * @throws {TypeError} for a pattern that is no path or a view that is no function
 * @throws {RangeError} for a limit or a mark out of its range
 */
export function createServer(options: CreateServerOptions = {}): WebSocketServer {
  const server = new WebSocketServer(options)
  if (options.urls === undefined) return server
  const router = new Router(options.urls, makeHost(server, options), options.WEBSOCKET_ACCEPT_ALL)
  server.onUpgrade = (upgrade) => router.onUpgrade(upgrade)
  server.onRequest = (request, response) => router.onRequest(request, response)
  return server
}

/** What the views of a server share; takes over its `onDraining`. */
export function makeHost(server: WebSocketServer, options: SessionOptions): ViewHost {
  const draining = new Draining()
  server.onDraining = (reason) => draining.begin(reason)
  return { server, session: checkSessionOptions(options), draining }
}
