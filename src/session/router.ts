import { type IncomingMessage, ServerResponse } from 'node:http'
import { HandshakeError } from '../core/errors.ts'
import { parseRequestTarget } from '../handshake/request-target.ts'
import type { Upgrade } from '../server/upgrade.ts'
import { announceUpgrade, type ViewHost } from './pending-upgrade.ts'
import { answerPlain, answerText, failPlain } from './plain-view.ts'
import { type UrlMatch, Urls } from './urls.ts'
import { completeRequest, markRequest, type ViewRequest } from './view-request.ts'
import { accept_websocket, isWebSocketView, type View } from './views.ts'

/** A method type, whose parameters TypeScript compares both ways: a decorated method keeps the request it declared. */
type AnyView = { view(request: ViewRequest, response: ServerResponse): unknown }['view']

/** Views by path pattern, as in `{ '/chat/:room': accept_websocket(chat) }`; for the patterns see `Urls`. */
export interface ViewTable {
  readonly [pattern: string]: AnyView
}

/** Refusals of requests that no view accepts (RFC 6455 §4.2.2). */
export const refusals = {
  400: new HandshakeError(400, 'ERR_WS_TARGET', 'the request target is malformed'),
  404: new HandshakeError(404, 'ERR_WS_NOT_FOUND', 'there is nothing at this address'),
  notAccepted: new HandshakeError(
    400,
    'ERR_WS_NOT_ACCEPTED',
    'this address takes no WebSocket requests: its view is neither accept_websocket nor require_websocket',
  ),
}

/** Brings requests to the views of a table: upgrade requests and plain HTTP by the same paths (RFC 9110 §7.1). */
export class Router {
  readonly #urls: Urls<View>
  readonly #host: ViewHost

  /** @throws {TypeError} for a pattern that is no path or a view that is no function */
  constructor(table: ViewTable, host: ViewHost, acceptAll = false) {
    const views: Record<string, View> = {}
    for (const [pattern, view] of Object.entries(table) as [string, View][]) {
      if (typeof view !== 'function')
        throw new TypeError(`the view of ${pattern} is ${typeof view}, must be a function`)
      views[pattern] = acceptAll && !isWebSocketView(view) ? (accept_websocket(view) as View) : view
    }
    this.#urls = new Urls(views)
    this.#host = host
  }

  /** Hands an upgrade request to its view; without one it gets 404, and 400 from a view that was not decorated. */
  onUpgrade(upgrade: Upgrade): void {
    const { request } = upgrade
    const match = this.#match(request)
    if (typeof match === 'number') return upgrade.refuse(refusals[match])
    const { value: view, params } = match
    if (!isWebSocketView(view)) return upgrade.refuse(refusals.notAccepted)
    markRequest(request, true)
    announceUpgrade({ upgrade, host: this.#host })
    // Over WebSocket there is nothing to answer: what a view writes to this response goes nowhere.
    view(completeRequest(request, params), new ServerResponse(request))
  }

  /** Runs the view of a plain HTTP request; a string or bytes that it returns are the answer. */
  onRequest(request: IncomingMessage, response: ServerResponse): void {
    const match = this.#match(request)
    if (typeof match === 'number') return answerText(response, match, refusals[match].message)
    const { value: view, params } = match
    const { server } = this.#host
    const fail = (error: unknown): void => failPlain(response, error, (cause) => server.reportError(cause))
    markRequest(request, false)
    const complete = completeRequest(request, params)
    const run = (): unknown => (view as (...args: unknown[]) => unknown)(complete, response, fail)
    void answerPlain(run, response, fail)
  }

  /** What the path leads to, or the status that says why it leads nowhere. */
  #match(request: IncomingMessage): UrlMatch<View> | 400 | 404 {
    const target = parseRequestTarget(request.url ?? '')
    if (target === null) return 400
    try {
      return this.#urls.match(target.path) ?? 404
    } catch {
      // A malformed escape: nothing else is thrown.
      return 400
    }
  }
}
