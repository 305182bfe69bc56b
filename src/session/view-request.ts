import type { IncomingMessage } from 'node:http'
import type { AuthorizeRequest } from '../server/policy.ts'
import { type AddressOf, addClientAddress, addQuery } from '../server/request-fields.ts'
import type { PathParams } from './urls.ts'
import type { WebSocket } from './websocket.ts'

/** The members that dwebsocket adds to every request, in every framework. */
export interface SessionAware {
  /** Returns whether this is a WebSocket request (RFC 6455 §4.1). In a view, `websocket` is then the session. */
  is_websocket(): this is { readonly websocket: WebSocket }
  /** The session; null for plain HTTP, and before the view of a WebSocket request runs. */
  readonly websocket: WebSocket | null
}

/** The request of a view: Node's request, with the parameters of its path pattern `Pattern` (RFC 9110 §7.1). */
export interface ViewRequest<Pattern extends string = string> extends AuthorizeRequest, SessionAware {
  /**
   * The percent-decoded parameters of the path pattern. In a framework, the parameters that the framework has parsed.
   */
  readonly params: PathParams<Pattern>
}

/** The request of a view that runs only for WebSocket requests. */
export interface WebSocketRequest<Pattern extends string = string> extends ViewRequest<Pattern> {
  /** The session. */
  readonly websocket: WebSocket
}

const yes = (): boolean => true
const no = (): boolean => false

/** Adds `is_websocket`, `clientAddress` and `websocket` to a request (RFC 6455 §4.1). `websocket` is null at first. */
export function markRequest(
  request: IncomingMessage,
  isWebSocket: boolean,
  addressOf: AddressOf = socketAddress,
): void {
  Object.assign(request, { is_websocket: isWebSocket ? yes : no, websocket: null })
  addClientAddress(request, addressOf)
}

function socketAddress({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? ''
}

/** Returns whether `markRequest` was called for the request. */
export function isMarked(request: IncomingMessage): request is IncomingMessage & SessionAware {
  return 'is_websocket' in request
}

/** Completes a marked request for a view. Existing `params` of a framework are not replaced. */
export function completeRequest(request: IncomingMessage, params?: PathParams): ViewRequest {
  if (params !== undefined || !('params' in request)) Object.assign(request, { params: params ?? {} })
  addQuery(request)
  return request as ViewRequest
}

/** Makes `websocket` accept the request on first use. `accept` returns the session, or null. */
export function setSessionLater(request: IncomingMessage, accept: () => WebSocket | null): void {
  const set = (value: unknown): void => {
    Object.defineProperty(request, 'websocket', { value, writable: true, configurable: true, enumerable: true })
  }
  Object.defineProperty(request, 'websocket', { get: accept, set, configurable: true, enumerable: true })
}

/** Sets the session of a request. */
export function setSession(request: IncomingMessage, session: WebSocket): void {
  Object.defineProperty(request, 'websocket', { value: session, writable: true, configurable: true, enumerable: true })
}
