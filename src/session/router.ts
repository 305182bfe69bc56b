import { type IncomingMessage, ServerResponse } from 'node:http'
import { HandshakeError } from '../core/errors.ts'
import { parseRequestTarget } from '../handshake/request-target.ts'
import { describe } from '../options/read-options.ts'
import { answerText } from '../server/plain-response.ts'
import { declineUpgrade, type Upgrade } from '../server/upgrade.ts'
import type { ViewHost } from './pending-upgrade.ts'
import { answerPlain, failPlain } from './plain-view.ts'
import { type UrlMatch, Urls } from './urls.ts'
import { completeRequest, markRequest, type ViewRequest } from './view-request.ts'
import {
  accept_websocket,
  isWebSocketView,
  type OfPattern,
  serveUpgrade,
  type View,
  type WebSocketView,
} from './views.ts'

/** A method type, whose parameters TypeScript compares both ways: a decorated method keeps the request it declared. */
type AnyView<Pattern extends string> = OfPattern<Pattern> &
  { view(request: ViewRequest<Pattern>, response: ServerResponse): unknown }['view']

/** Views by path pattern, as in `{ '/chat/:room': accept_websocket(chat) }`; for the patterns see `Urls`. */
export type ViewTable<Patterns extends string = string> = { readonly [Pattern in Patterns]: AnyView<Pattern> }

/** Refusals of requests that no view accepts (RFC 6455 §4.2.2). */
export const refusals = {
  400: new HandshakeError(400, 'ERR_WS_TARGET', 'the request target is malformed'),
  404: new HandshakeError(404, 'ERR_WS_NOT_FOUND', 'there is nothing at this address'),
  notAccepted: new HandshakeError(
    400,
    'ERR_WS_NOT_ACCEPTED',
    'this address accepts no WebSocket requests: its view is neither accept_websocket nor require_websocket',
  ),
}

/** Passes requests to the views of a table: upgrade requests and plain HTTP by the same paths (RFC 9110 §7.1). */
export class Router {
  readonly #urls: Urls<View>
  readonly #host: ViewHost

  /** @throws {TypeError} when a pattern is not a path or a view is not a function. */
  constructor(table: ViewTable, host: ViewHost, acceptAll = false) {
    const views: Record<string, View> = {}
    for (const [pattern, view] of Object.entries(table) as [string, View][]) {
      if (typeof view !== 'function') {
        throw new TypeError(`the view of ${pattern} is ${describe(view)}; allowed: a function`)
      }
      views[pattern] = acceptAll && !isWebSocketView(view) ? (accept_websocket(view) as View) : view
    }
    this.#urls = new Urls(views)
    this.#host = host
  }

  /** Whether an upgrade request has a view; `null` for the view of all other paths, which may be those of others. */
  claims(request: IncomingMessage): boolean | null {
    const match = this.#match(request)
    if (typeof match === 'number' || !isWebSocketView(match.value)) return false
    return match.isFallback ? null : true
  }

  /** Passes an upgrade request to its view; 404 without one, 400 when the view is not decorated. */
  onUpgrade(upgrade: Upgrade): void {
    const { request } = upgrade
    const match = this.#match(request)
    if (typeof match === 'number') return declineUpgrade(upgrade, refusals[match])
    const { value: view, params } = match
    if (!isWebSocketView(view)) return declineUpgrade(upgrade, refusals.notAccepted)
    markRequest(request, true, this.#host.addressOf)
    // What a view writes to this response is discarded: over WebSocket there is no response body.
    const response = new ServerResponse(request)
    serveUpgrade(view, { upgrade, host: this.#host }, completeRequest(request, params), response)
  }

  /** Runs the view of a plain HTTP request; for what it may return see `answerPlain`. */
  onRequest(request: IncomingMessage, response: ServerResponse): void {
    const match = this.#match(request)
    if (typeof match === 'number') return answerText(response, match, refusals[match].message)
    const { value: view, params } = match
    const fail = (error: unknown): void => failPlain(response, error, this.#host.reportError)
    markRequest(request, false, this.#host.addressOf)
    const complete = completeRequest(request, params)
    // A decorated view answers by itself.
    if (isWebSocketView(view)) (view as WebSocketView)(complete, response, fail)
    else void answerPlain(() => view(complete, response), response, fail, view.length < 2)
  }

  /** The view of a path and its parameters, or the status of a path without one. */
  #match(request: IncomingMessage): UrlMatch<View> | 400 | 404 {
    const target = parseRequestTarget(request.url ?? '')
    if (target === null) return 400
    try {
      return this.#urls.match(target.path) ?? 404
    } catch {
      // A malformed percent escape.
      return 400
    }
  }
}
