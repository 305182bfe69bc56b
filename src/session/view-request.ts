import type { IncomingMessage } from 'node:http'
import { parseRequestTarget } from '../handshake/request-target.ts'
import type { PathParams } from './urls.ts'
import type { WebSocket } from './websocket.ts'

/** What `dwebsocket` adds to a request, whoever routed it. */
export interface SessionAware {
  /** Whether this is a WebSocket request; if so `websocket` is the session (RFC 6455 §4.1). */
  is_websocket(): this is { readonly websocket: WebSocket }
  /** The session; `null` on plain HTTP, and before the view of a WebSocket request runs. */
  readonly websocket: WebSocket | null
}

/** What a view is given: node's request, and what the urls found in it (RFC 9110 §7.1). */
export interface ViewRequest extends IncomingMessage, SessionAware {
  /** The parameters of the path pattern, percent-decoded. Under a framework, the framework's own. */
  readonly params: PathParams
  /** The query, parsed when first asked for. Under a framework that has its own, the framework's own. */
  readonly query: URLSearchParams
}

/** The request of a view that runs for WebSocket requests only. */
export interface WebSocketRequest extends ViewRequest {
  readonly websocket: WebSocket
}

const yes = (): boolean => true
const no = (): boolean => false

const queryProperty: PropertyDescriptor & ThisType<IncomingMessage> = {
  configurable: true,
  enumerable: true,
  get() {
    const value = new URLSearchParams(parseRequestTarget(this.url ?? '/')?.query)
    Object.defineProperty(this, 'query', { value, writable: true, configurable: true, enumerable: true })
    return value
  },
}

/** Gives a request `is_websocket` and `websocket`, the latter still `null` (RFC 6455 §4.1). */
export function markRequest(request: IncomingMessage, isWebSocket: boolean): void {
  Object.assign(request, { is_websocket: isWebSocket ? yes : no, websocket: null })
}

/** Whether the request went through `markRequest`. */
export function isMarked(request: IncomingMessage): request is IncomingMessage & SessionAware {
  return 'is_websocket' in request
}

/** Completes a marked request for a view, leaving alone the `params` and `query` that a framework has put there. */
export function completeRequest(request: IncomingMessage, params?: PathParams): ViewRequest {
  if (params !== undefined || !('params' in request)) Object.assign(request, { params: params ?? {} })
  if (!('query' in request)) Object.defineProperty(request, 'query', queryProperty)
  return request as ViewRequest
}

/** Lets `websocket` accept the request when it is first asked for; `accept` puts the session there, or gives `null`. */
export function setSessionLater(request: IncomingMessage, accept: () => WebSocket | null): void {
  Object.defineProperty(request, 'websocket', { get: accept, configurable: true, enumerable: true })
}

/** Puts the session on its request. */
export function setSession(request: IncomingMessage, session: WebSocket): void {
  Object.defineProperty(request, 'websocket', { value: session, writable: true, configurable: true, enumerable: true })
}
