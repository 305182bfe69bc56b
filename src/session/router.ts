import { type IncomingMessage, ServerResponse } from 'node:http'
import { HandshakeError } from '../core/errors.ts'
import { parseRequestTarget } from '../handshake/request-target.ts'
import { describe } from '../options/read-options.ts'
import { answerError, answerText } from '../server/plain-response.ts'
import { declineUpgrade, type Upgrade } from '../server/upgrade.ts'
import { announceUpgrade, type ViewHost } from './pending-upgrade.ts'
import { answerPlain } from './plain-view.ts'
import { type UrlMatch, Urls } from './urls.ts'
import { completeRequest, markRequest, type ViewRequest } from './view-request.ts'
import { accept_websocket, isWebSocketView, type OfPattern, type View, type WebSocketView } from './views.ts'

/**
 * A view as a method type, whose parameters are compared bivariantly, so that a decorated method keeps its request
 * type.
 */
type AnyView<Pattern extends string> = OfPattern<Pattern> &
  { view(request: ViewRequest<Pattern>, response: ServerResponse): unknown }['view']

/**
 * Views by path pattern, such as `{ '/chat/:room': accept_websocket(chat) }`. `:name` matches one non-empty segment of
 * a path, and the pattern `*` matches all paths that no other pattern matches. Patterns without parameters take
 * precedence. Among patterns with parameters, the first match in the table is used. Matching is case-sensitive, and
 * `/chat` does not match `/chat/`.
 */
export type ViewTable<Patterns extends string = string> = { readonly [Pattern in Patterns]: AnyView<Pattern> }

/** The errors for requests that no view accepts (RFC 6455 §4.2.2). */
export const refusals = {
  400: new HandshakeError(400, 'ERR_WS_TARGET', 'the request target is malformed'),
  404: new HandshakeError(404, 'ERR_WS_NOT_FOUND', 'nothing is served at this path'),
  notAccepted: new HandshakeError(
    400,
    'ERR_WS_NOT_ACCEPTED',
    'this path does not accept WebSocket requests: its view has neither accept_websocket nor require_websocket',
  ),
}

/** Passes upgrade requests and plain requests to the views of a table by their paths (RFC 9110 §7.1). */
export class Router {
  readonly #urls: Urls<View>
  readonly #host: ViewHost

  /** @throws {TypeError} when a pattern is malformed or equivalent to another, or a view is not a function. */
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

  /** Returns whether an upgrade request has a view; null when the only match is the view for all other paths. */
  claims(request: IncomingMessage): boolean | null {
    const match = this.#match(request)
    if (typeof match === 'number' || !isWebSocketView(match.value)) return false
    return match.isFallback ? null : true
  }

  /**
   * Passes an upgrade request to its view. Refuses it with 404 when there is no view, and with 400 when the view is not
   * decorated.
   */
  onUpgrade(upgrade: Upgrade): void {
    const { request } = upgrade
    const match = this.#match(request)
    if (typeof match === 'number') return declineUpgrade(upgrade, refusals[match])
    const { value: view, params } = match
    if (!isWebSocketView(view)) return declineUpgrade(upgrade, refusals.notAccepted)
    markRequest(request, true, this.#host.addressOf)
    announceUpgrade({ upgrade, host: this.#host, isRouted: true })
    // What a view writes to this response is discarded, because a WebSocket has no response body.
    view(completeRequest(request, params), new ServerResponse(request))
  }

  /** Runs the view of a plain request; see `answerPlain` for its result. */
  onRequest(request: IncomingMessage, response: ServerResponse): void {
    const match = this.#match(request)
    if (typeof match === 'number') return answerText(response, match, refusals[match].message)
    const { value: view, params } = match
    const fail = (error: unknown): void => answerError(response, error, this.#host.reportError)
    markRequest(request, false, this.#host.addressOf)
    const complete = completeRequest(request, params)
    // A decorated view sends its response itself.
    if (isWebSocketView(view)) (view as WebSocketView)(complete, response, fail)
    else void answerPlain(() => view(complete, response), response, fail, view.length < 2)
  }

  /** Returns the view of a path and its parameters, or the status for a path without a view. */
  #match(request: IncomingMessage): UrlMatch<View> | 400 | 404 {
    const target = parseRequestTarget(request.url ?? '')
    if (target === null) return 400
    try {
      return this.#urls.match(target.path) ?? 404
    } catch {
      // The path has a malformed percent escape.
      return 400
    }
  }
}
