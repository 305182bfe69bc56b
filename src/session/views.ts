import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Connection } from '../connection/connection.ts'
import { CloseCode } from '../core/close-code.ts'
import { describe } from '../options/read-options.ts'
import { refusePlain } from '../server/plain-response.ts'
import {
  acceptPendingUpgrade,
  type OpenSession,
  type PendingUpgrade,
  takePendingUpgrade,
  type ViewHost,
} from './pending-upgrade.ts'
import { answerPlain, failPlain } from './plain-view.ts'
import { readViewOptions, type ViewOptions, type ViewSettings } from './view-options.ts'
import { completeRequest, isMarked, markRequest, type ViewRequest, type WebSocketRequest } from './view-request.ts'
import { finishResponse, isObserved } from './view-response.ts'

/** A view: serves one request, over WebSocket for as long as it runs. */
export type View<Request = ViewRequest, Response = ServerResponse> = (request: Request, response: Response) => unknown

/** Passes an error of a view to a connect-style app. */
export type Next = (error?: unknown) => void

declare const ofPattern: unique symbol

/** A mark, in types only, of the path pattern whose parameters a view reads. */
export interface OfPattern<Pattern extends string> {
  readonly [ofPattern]?: { mark(pattern: Pattern): void }['mark'] | undefined
}

/** A decorated view: for `urls`, and as a handler of any connect-style app. */
export interface WebSocketView<Pattern extends string = string> extends OfPattern<Pattern> {
  (request: IncomingMessage, response: ServerResponse, next?: Next): void | Promise<void>
}

/** A method as standard decorators see it. */
type Method<This, Request, Response> = (this: This, request: Request, response: Response) => unknown

/** The request of a view that declares no type for it, by what its decorator does with plain HTTP. */
interface RequestOf<Pattern extends string> {
  run: ViewRequest<Pattern>
  refuse: WebSocketRequest<Pattern>
}

/** The three forms of a decorator for views. A view in `urls` reads the parameters of its pattern. */
export interface ViewDecorator<Rule extends PlainRule> {
  <This, Request extends IncomingMessage, Response extends ServerResponse>(
    method: Method<This, Request, Response>,
    context: ClassMethodDecoratorContext,
  ): void
  <Pattern extends string>(view: View<RequestOf<Pattern>[Rule]>, options?: ViewOptions): WebSocketView<Pattern>
  <Request extends IncomingMessage, Response extends ServerResponse = ServerResponse>(
    view: View<Request, Response>,
    options?: ViewOptions,
  ): WebSocketView
  (
    options: ViewOptions,
  ): <This, Request extends IncomingMessage, Response extends ServerResponse>(
    method: Method<This, Request, Response>,
    context: ClassMethodDecoratorContext,
  ) => void
}

/** What a decorated view does with plain HTTP. */
type PlainRule = 'run' | 'refuse'

/** A view as it was before its decoration, bound to its instance, and its options. */
interface DecoratedView {
  readonly view: View
  readonly settings: ViewSettings
}

/** Every view that `accept_websocket` or `require_websocket` made. */
const decorated = new WeakMap<object, DecoratedView>()

/** Whether a view is decorated and so accepts WebSocket requests. */
export function isWebSocketView(view: object): boolean {
  return decorated.has(view)
}

/**
 * Makes a view that accepts WebSocket requests and plain HTTP; `request.is_websocket()` tells them apart (RFC 6455
 * §4.2.2). When the view returns, its session is closed with 1000; when it throws, with 1011, and the error goes to
 * `onError`.
 *
 * Three forms: `accept_websocket(view, options?)`, and on a method of a class `@accept_websocket` or
 * `@accept_websocket({ …options })`. A decorated method is bound to its instance, so that it can be used in `urls`.
 *
 * @throws {TypeError} when the view is not a function, or an option is unknown or has the wrong type.
 * @throws {RangeError} when the value of an option is not allowed.
 */
export const accept_websocket: ViewDecorator<'run'> = (first: unknown, second?: unknown) =>
  decorate('run', first, second)

/**
 * Makes a view that accepts only WebSocket requests: plain HTTP gets 400 and the view does not run (RFC 6455 §4.2.2).
 * Otherwise like `accept_websocket`, in the same three forms.
 *
 * @throws {TypeError} when the view is not a function, or an option is unknown or has the wrong type.
 * @throws {RangeError} when the value of an option is not allowed.
 */
export const require_websocket: ViewDecorator<'refuse'> = (first: unknown, second?: unknown) =>
  decorate('refuse', first, second)

/** Tells the three forms apart. Their types are the overloads of `ViewDecorator`. */
// biome-ignore lint/suspicious/noExplicitAny: one implementation serves three overloads
function decorate(rule: PlainRule, first: unknown, second: unknown): any {
  if (isLegacyKey(second)) throw legacyError()
  if (typeof first !== 'function') {
    if (typeof first !== 'object' || first === null) {
      throw new TypeError(`the view is ${describe(first)}; allowed: a function`)
    }
    const settings = readViewOptions(first)
    return (method: View, context: ClassMethodDecoratorContext) => {
      if (!isContext(context)) throw legacyError()
      return decorateMethod(rule, method, settings, context)
    }
  }
  if (isContext(second)) return decorateMethod(rule, first as View, readViewOptions({}), second)
  return makeView(rule, first as View, readViewOptions((second as ViewOptions | undefined) ?? {}))
}

function isContext(value: unknown): value is ClassMethodDecoratorContext {
  return typeof value === 'object' && value !== null && 'kind' in value && 'addInitializer' in value
}

/** With `experimentalDecorators` a decorator receives the prototype, the name of the method and a descriptor. */
function isLegacyKey(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'symbol'
}

function legacyError(): TypeError {
  return new TypeError(
    'the decorator was called as a legacy one; allowed: a standard decorator (TypeScript without experimentalDecorators), or accept_websocket(view) without @',
  )
}

function decorateMethod(rule: PlainRule, method: View, settings: ViewSettings, context: ClassMethodDecoratorContext) {
  if (context.kind !== 'method') {
    throw new TypeError(`the decorated member is a ${String(context.kind)}; allowed: a method`)
  }
  const view = makeView(rule, method, settings)
  const { name } = context
  if (!context.private) {
    context.addInitializer(function (this: unknown) {
      const owner = this as Record<PropertyKey, unknown>
      // A subclass that overrides the method has its own.
      if (owner[name] !== view) return
      const bound = view.bind(owner)
      decorated.set(bound, { view: method.bind(owner), settings })
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
    if (pending !== null) {
      const call = { response, settings, run, seesResponse: seesResponse(view) }
      // A promise of its own: one that follows another costs twice the memory for as long as the view runs.
      return new Promise((resolve) => void awaitSession(pending, call, resolve))
    }
    // A view inside a view: the outer one has the session, and closes it.
    if (complete.websocket !== null) return run() as void | Promise<void>
    // The upgrade was refused before the request got here.
    if (complete.is_websocket()) return
    if (rule === 'refuse') return refusePlain(response, 400, 'this address accepts WebSocket requests only')
    const fail = next ?? ((error: unknown): void => failPlain(response, error, console.error))
    return answerPlain(run, response, fail, view.length < 2)
  }
  decorated.set(websocketView, { view, settings })
  return websocketView
}

/** Whether a view may use the response later; one with the request as its only parameter cannot. */
function seesResponse(view: View): boolean {
  return view.length !== 1
}

/**
 * Runs a decorated view over a session of its own, before it returns when the policy needs no promise. For the router,
 * which does not wait for the view: without what the chain of an app needs, an idle session uses less memory.
 */
export function serveUpgrade(
  decoratedView: object,
  pending: PendingUpgrade,
  request: ViewRequest,
  response: ServerResponse,
): void {
  const { view, settings } = decorated.get(decoratedView)!
  const call = { response, settings, run: () => view(request, response), seesResponse: seesResponse(view) }
  const open = acceptPendingUpgrade(pending, response, settings)
  if (open instanceof Promise) void open.then((it) => runSession(it, pending.host, call, noop))
  else runSession(open, pending.host, call, noop)
}

const noop = (): void => {}

/** A call of a view for a session of its own. */
interface SessionCall {
  readonly response: ServerResponse
  readonly settings: ViewSettings
  readonly run: () => unknown
  readonly seesResponse: boolean
}

/** Runs a view in the chain of an app: what the chain does in this tick, such as setting fields, precedes the view. */
async function awaitSession(pending: PendingUpgrade, call: SessionCall, done: () => void): Promise<void> {
  const open = await acceptPendingUpgrade(pending, call.response, call.settings)
  runSession(open, pending.host, call, done)
}

/** Calls the view, then sends the head of the 101; a promise that the view returns may still be pending. */
function runSession(
  open: OpenSession | null,
  host: ViewHost,
  { response, run, seesResponse }: SessionCall,
  done: () => void,
): void {
  if (open === null) return done()
  let result: unknown
  try {
    result = run()
  } catch (error) {
    result = Promise.reject(error)
  }
  open.sendHead()
  const unfinished = seesResponse || isObserved(response) ? response : null
  endAfter(result, open.session.connection, host, unfinished, done)
}

/** Ends a session with its view. The parameters are what is retained of the call while the view runs. */
function endAfter(
  result: unknown,
  connection: Connection,
  host: ViewHost,
  unfinished: ServerResponse | null,
  done: () => void,
): void {
  Promise.resolve(result).then(
    () => end(connection, CloseCode.NORMAL, unfinished, done),
    (error) => {
      host.reportError(error)
      end(connection, CloseCode.INTERNAL_ERROR, unfinished, done)
    },
  )
}

function end(connection: Connection, code: number, unfinished: ServerResponse | null, done: () => void): void {
  connection.close(code)
  if (unfinished !== null) finishResponse(unfinished)
  done()
}
