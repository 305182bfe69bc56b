import type { IncomingMessage, ServerResponse } from 'node:http'
import { CloseCode } from '../core/close-code.ts'
import {
  acceptPendingUpgrade,
  checkViewOptions,
  type PendingUpgrade,
  takePendingUpgrade,
  type ViewOptions,
  type ViewSettings,
} from './pending-upgrade.ts'
import { answerPlain, answerText, failPlain } from './plain-view.ts'
import { completeRequest, isMarked, markRequest, type ViewRequest, type WebSocketRequest } from './view-request.ts'

/** A view: serves one request, over WebSocket for as long as it runs. */
export type View<Request = ViewRequest, Response = ServerResponse> = (request: Request, response: Response) => unknown

/** Tells a connect-style app that a view failed. */
export type Next = (error?: unknown) => void

/** A decorated view: fits into `urls`, and as a handler into any connect-style app. */
export type WebSocketView = (request: IncomingMessage, response: ServerResponse, next?: Next) => void | Promise<void>

/** A method as standard decorators see it. */
type Method<This, Request, Response> = (this: This, request: Request, response: Response) => unknown

/** Which plain HTTP requests a decorated view takes. */
type PlainRule = 'run' | 'refuse'

/** Every view that `accept_websocket` or `require_websocket` made. */
const decorated = new WeakSet<object>()

/** Whether a view was decorated and so accepts WebSocket requests. */
export function isWebSocketView(view: object): boolean {
  return decorated.has(view)
}

/**
 * Makes a view that takes WebSocket requests and plain HTTP; `request.is_websocket()` tells which (RFC 6455 §4.2.2).
 * When the view returns, its session is closed with 1000; when it throws, with 1011, and the error goes to `onError`.
 *
 * Three forms: `accept_websocket(view, options?)`, and on a method of a class `@accept_websocket` or
 * `@accept_websocket({ …options })`. A decorated method is bound to its instance, so that it can stand in `urls`.
 *
 * @throws {RangeError} for a limit or a mark of the message queue that is out of its range
 */
export function accept_websocket<This, Request extends IncomingMessage, Response extends ServerResponse>(
  method: Method<This, Request, Response>,
  context: ClassMethodDecoratorContext,
): void
export function accept_websocket<
  Request extends IncomingMessage = ViewRequest,
  Response extends ServerResponse = ServerResponse,
>(view: View<Request, Response>, options?: ViewOptions): WebSocketView
export function accept_websocket(
  options: ViewOptions,
): <This, Request extends IncomingMessage, Response extends ServerResponse>(
  method: Method<This, Request, Response>,
  context: ClassMethodDecoratorContext,
) => void
export function accept_websocket(first: unknown, second?: unknown): unknown {
  return decorate('run', first, second)
}

/**
 * Makes a view that takes WebSocket requests only: plain HTTP gets 400 and the view does not run (RFC 6455 §4.2.2).
 * Otherwise as `accept_websocket`, in the same three forms.
 *
 * @throws {RangeError} for a limit or a mark of the message queue that is out of its range
 */
export function require_websocket<This, Request extends IncomingMessage, Response extends ServerResponse>(
  method: Method<This, Request, Response>,
  context: ClassMethodDecoratorContext,
): void
export function require_websocket<
  Request extends IncomingMessage = WebSocketRequest,
  Response extends ServerResponse = ServerResponse,
>(view: View<Request, Response>, options?: ViewOptions): WebSocketView
export function require_websocket(
  options: ViewOptions,
): <This, Request extends IncomingMessage, Response extends ServerResponse>(
  method: Method<This, Request, Response>,
  context: ClassMethodDecoratorContext,
) => void
export function require_websocket(first: unknown, second?: unknown): unknown {
  return decorate('refuse', first, second)
}

/** Sorts out the three forms. */
function decorate(rule: PlainRule, first: unknown, second: unknown): unknown {
  if (typeof first !== 'function') {
    if (typeof first !== 'object' || first === null) throw new TypeError(`a view is a function, found ${typeof first}`)
    const settings = checkViewOptions(first)
    return (method: View, context: ClassMethodDecoratorContext) => decorateMethod(rule, method, settings, context)
  }
  const settings = checkViewOptions(isContext(second) ? {} : ((second as ViewOptions | undefined) ?? {}))
  if (isContext(second)) return decorateMethod(rule, first as View, settings, second)
  return makeView(rule, first as View, settings)
}

function isContext(value: unknown): value is ClassMethodDecoratorContext {
  return typeof value === 'object' && value !== null && 'kind' in value && 'addInitializer' in value
}

function decorateMethod(rule: PlainRule, method: View, settings: ViewSettings, context: ClassMethodDecoratorContext) {
  if (context.kind !== 'method') throw new TypeError(`a view is a method, found a ${String(context.kind)}`)
  const view = makeView(rule, method, settings)
  const { name } = context
  if (!context.private) {
    context.addInitializer(function (this: unknown) {
      const owner = this as Record<PropertyKey, unknown>
      // A subclass that overrides the method keeps its own.
      if (owner[name] !== view) return
      const bound = view.bind(owner)
      decorated.add(bound)
      Object.defineProperty(owner, name, { value: bound, writable: true, configurable: true })
    })
  }
  return view
}

function makeView(rule: PlainRule, view: View, settings: ViewSettings): WebSocketView {
  function websocketView(
    this: unknown,
    request: IncomingMessage,
    response: ServerResponse,
    next?: Next,
  ): void | Promise<void> {
    const pending = takePendingUpgrade(request)
    if (!isMarked(request)) markRequest(request, false)
    const complete = completeRequest(request)
    const run = (): unknown => view.call(this, complete, response)
    if (pending !== null) return runSession(pending, settings, run)
    // A view within a view: the outer one has the session, and closes it.
    if (complete.websocket !== null) return run() as void | Promise<void>
    // What was refused before it got here needs no view.
    if (complete.is_websocket()) return
    if (rule === 'refuse') return answerText(response, 400, 'this address takes WebSocket requests only')
    return answerPlain(run, response, next ?? ((error) => failPlain(response, error, console.error)))
  }
  decorated.add(websocketView)
  return websocketView
}

/** Runs a view over a session of its own; never rejects. */
async function runSession(pending: PendingUpgrade, settings: ViewSettings, run: () => unknown): Promise<void> {
  const session = await acceptPendingUpgrade(pending, settings)
  if (session === null) return
  try {
    await run()
    session.connection.close()
  } catch (error) {
    pending.host.server.reportError(error)
    session.connection.close(CloseCode.INTERNAL_ERROR)
  }
}
