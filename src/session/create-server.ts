import { flag, record } from '../options/option-rule.ts'
import { checkOptionNames, pickOptions, readOptions } from '../options/read-options.ts'
import { type ServerOptions, serverOptionNames } from '../server/options.ts'
import { readPolicy } from '../server/policy.ts'
import { setRoutes, WebSocketServer } from '../server/server.ts'
import { reportTo } from '../user-code/user-code.ts'
import { Draining } from './draining.ts'
import { queueMarkNames } from './message-queue.ts'
import type { ViewHost } from './pending-upgrade.ts'
import { Router, type ViewTable } from './router.ts'
import { readSessionOptions, type SessionOptions } from './websocket.ts'

/** Options of `createServer`: those of a server, and those of its sessions, which a view may override. */
export interface CreateServerOptions<Patterns extends string = string> extends ServerOptions, SessionOptions {
  /** Views by path pattern, such as `{ '/chat/:room': accept_websocket(chat) }`; see `ViewTable`. Default: none. */
  urls?: ViewTable<Patterns> | undefined
  /** Whether views that are not decorated accept WebSocket requests, as with `accept_websocket`. Default false. */
  WEBSOCKET_ACCEPT_ALL?: boolean | undefined
}

/** The options of `createServer` in addition to those of a server and of sessions. */
const rules = {
  urls: record<ViewTable | undefined>(undefined, 'an object of views by path pattern'),
  WEBSOCKET_ACCEPT_ALL: flag(false),
}

/**
 * Creates a server. With `urls`, requests are passed to the views. Without `urls`, each new connection is passed to
 * `onConnection` (RFC 6455 §4.2).
 *
 * @throws {TypeError} when an option is unknown or has the wrong type, a pattern is malformed, two patterns match the
 *   same paths, or a view is not a function.
 * @throws {RangeError} when the value of an option is not allowed.
 */
export function createServer<Patterns extends string = string>(
  options: CreateServerOptions<Patterns> = {},
): WebSocketServer {
  const server = makeServer(options, Object.keys(rules))
  const { urls, WEBSOCKET_ACCEPT_ALL } = readOptions(rules, options)
  const host = makeHost(server, options)
  if (urls === undefined) return server
  const router = new Router(urls, host, WEBSOCKET_ACCEPT_ALL)
  setRoutes(server, {
    claims: (request) => router.claims(request),
    onUpgrade: (upgrade) => router.onUpgrade(upgrade),
    onRequest: (request, response) => router.onRequest(request, response),
  })
  return server
}

/**
 * Creates a server. Its options may also contain session options and the options named in `others`.
 *
 * @throws {TypeError} when an option is unknown or has the wrong type.
 * @throws {RangeError} when the value of an option is not allowed.
 */
export function makeServer(options: ServerOptions & SessionOptions, others: readonly string[]): WebSocketServer {
  checkOptionNames(options, [...serverOptionNames, ...queueMarkNames, 'heartbeat', ...others])
  return new WebSocketServer(pickOptions(options, serverOptionNames))
}

/** Creates what the views of a server share. */
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
