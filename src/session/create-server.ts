import type { ServerOptions } from '../server/options.ts'
import { readPolicy } from '../server/policy.ts'
import { setRoutes, WebSocketServer } from '../server/server.ts'
import { reportTo } from '../user-code/user-code.ts'
import { Draining } from './draining.ts'
import { queueMarkNames } from './message-queue.ts'
import type { ViewHost } from './pending-upgrade.ts'
import { Router, type ViewTable } from './router.ts'
import { readSessionOptions, type SessionOptions } from './websocket.ts'

/** Options of `createServer`: those of a server, and of its sessions unless a view has its own. */
export interface CreateServerOptions<Patterns extends string = string> extends ServerOptions, SessionOptions {
  /** Views by path pattern, as in `{ '/chat/:room': accept_websocket(chat) }`; for the patterns see `Urls`. */
  urls?: ViewTable<Patterns> | undefined
  /** Accepts WebSocket requests for views that are not decorated, as `accept_websocket` does. Default false. */
  WEBSOCKET_ACCEPT_ALL?: boolean | undefined
}

/**
 * Makes a server. With `urls`, its `onUpgrade` and `onRequest` pass requests to the views; without, each connection
 * goes to `onConnection` (RFC 6455 §4.2).
 *
 * @throws {TypeError} when an option is unknown, a pattern is not a path or a view is not a function.
 * @throws {RangeError} when the value of an option is not allowed.
 */
export function createServer<Patterns extends string = string>(
  options: CreateServerOptions<Patterns> = {},
): WebSocketServer {
  const { urls, WEBSOCKET_ACCEPT_ALL, ...others } = options
  const server = new WebSocketServer(withoutSessionOptions(others))
  const host = makeHost(server, others)
  if (urls === undefined) return server
  const router = new Router(urls, host, WEBSOCKET_ACCEPT_ALL)
  setRoutes(server, {
    claims: (request) => router.claims(request),
    onUpgrade: (upgrade) => router.onUpgrade(upgrade),
    onRequest: (request, response) => router.onRequest(request, response),
  })
  return server
}

/** The part of the options that belongs to `WebSocketServer`. */
export function withoutSessionOptions(options: ServerOptions & SessionOptions): ServerOptions {
  const sessionNames = [...queueMarkNames, 'heartbeat']
  return Object.fromEntries(Object.entries(options).filter(([name]) => !sessionNames.includes(name)))
}

/** The parts of a server that its views share. */
export function makeHost(server: WebSocketServer, options: ServerOptions & SessionOptions): ViewHost {
  const { onError = console.error } = options
  return {
    policy: readPolicy(options),
    session: readSessionOptions(options),
    draining: new Draining(server.draining),
    addressOf: (request) => server.clientAddress(request),
    reportError: (error) => reportTo(onError, error),
  }
}
