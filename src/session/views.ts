import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Connection } from '../connection/connection.ts'
import { CloseCode } from '../core/close-code.ts'
import { describe } from '../options/read-options.ts'
import { answerError, refusePlain } from '../server/plain-response.ts'
import { callUser } from '../user-code/user-code.ts'
import {
  acceptPendingUpgrade,
  type OpenSession,
  type PendingUpgrade,
  takePendingUpgrade,
  type ViewHost,
} from './pending-upgrade.ts'
import { answerPlain } from './plain-view.ts'
import { readViewOptions, type ViewOptions, type ViewSettings } from './view-options.ts'
import { completeRequest, isMarked, markRequest, type ViewRequest, type WebSocketRequest } from './view-request.ts'
import { finishResponse, isObserved } from './view-response.ts'

/**
 * A view: a function that serves one request. The session of a WebSocket request lasts until the view returns, or until
 * the promise that it returns settles.
 */
export type View<Request = ViewRequest, Response = ServerResponse> = (request: Request, response: Response) => unknown

/** The `next` function of a connect-style app, to which a view passes an error. */
export type Next = (error?: unknown) => void

declare const ofPattern: unique symbol

/** Carries, in types only, the path pattern whose parameters a view reads. */
export interface OfPattern<Pattern extends string> {
  readonly [ofPattern]?: { mark(pattern: Pattern): void }['mark'] | undefined
}

/** A decorated view, which can be used in `urls` and as a handler of any connect-style app. */
export interface WebSocketView<Pattern extends string = string> extends OfPattern<Pattern> {
  (request: IncomingMessage, response: ServerResponse, next?: Next): void | Promise<void>
}

/** A method, as standard decorators receive it. */
type Method<This, Request, Response> = (this: This, request: Request, response: Response) => unknown

/** The type of the request in a view that declares none. It depends on what the decorator does with plain HTTP. */
interface RequestOf<Pattern extends string> {
  run: ViewRequest<Pattern>
  refuse: WebSocketRequest<Pattern>
}

/**
 * A decorator for views, in three forms. In `urls`, the path pattern of a view determines the type of `request.params`.
 */
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

/** All views that `accept_websocket` or `require_websocket` have created. */
const decorated = new WeakSet<object>()

/** Returns whether a view is decorated and so accepts WebSocket requests. */
export function isWebSocketView(view: object): boolean {
  return decorated.has(view)
}

/**
 * Creates a view that accepts both WebSocket requests and plain HTTP; `request.is_websocket()` distinguishes them (RFC
 * 6455 §4.2.2). When the view returns, or its promise resolves, its session is closed with 1000. When the view throws,
 * or its promise rejects, its session is closed with 1011, and the error is passed to `onError`.
 *
 * There are three forms: `accept_websocket(view, options?)`, and, on a method of a class, `@accept_websocket` or
 * `@accept_websocket({ …options })`. A decorated method is bound to its instance, so that it can be used in `urls`.
 *
 * @throws {TypeError} when the view is not a function, an option is unknown or has the wrong type, or the decorator is
 *   a legacy one (`experimentalDecorators` of TypeScript).
 * @throws {RangeError} when the value of an option is not allowed.
 */
export const accept_websocket: ViewDecorator<'run'> = (first: unknown, second?: unknown) =>
  decorate('run', first, second)

/**
 * Creates a view that accepts only WebSocket requests. A plain HTTP request gets 400, and the view does not run (RFC
 * 6455 §4.2.2). Otherwise it works like `accept_websocket`, in the same three forms.
 *
 * @throws {TypeError} when the view is not a function, an option is unknown or has the wrong type, or the decorator is
 *   a legacy one (`experimentalDecorators` of TypeScript).
 * @throws {RangeError} when the value of an option is not allowed.
 */
export const require_websocket: ViewDecorator<'refuse'> = (first: unknown, second?: unknown) =>
  decorate('refuse', first, second)

/** Implements the three forms, whose types are the overloads of `ViewDecorator`. */
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
  return makeView(rule, first as View, readViewOptions(second === undefined ? {} : (second as ViewOptions)))
}

function isContext(value: unknown): value is ClassMethodDecoratorContext {
  return typeof value === 'object' && value !== null && 'kind' in value && 'addInitializer' in value
}

/** With `experimentalDecorators`, a decorator is called with the prototype, the name of the method and a descriptor. */
function isLegacyKey(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'symbol'
}

function legacyError(): TypeError {
  return new TypeError(
    'legacy decorators are not supported; allowed: a standard decorator (TypeScript without experimentalDecorators), or accept_websocket(view) without @',
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
      // A subclass that overrides the method has its own view.
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
    if (pending !== null) return startSession(pending, { response, settings, run, seesResponse: view.length !== 1 })
    // This view was called by another view, which has the session and closes it.
    if (complete.websocket !== null) return run() as void | Promise<void>
    // The upgrade was refused before the request reached this view.
    if (complete.is_websocket()) return
    if (rule === 'refuse') return refusePlain(response, 400, 'this path accepts only WebSocket requests')
    const fail = next ?? ((error: unknown): void => answerError(response, error, console.error))
    return answerPlain(run, response, fail, view.length < 2)
  }
  decorated.add(websocketView)
  return websocketView
}

/** A call of a view for a session. */
interface SessionCall {
  readonly response: ServerResponse
  readonly settings: ViewSettings
  readonly run: () => unknown
  /** Whether the view may use the response later. It cannot when the request is its only parameter. */
  readonly seesResponse: boolean
}

/**
 * Runs a view for a session. A view of the router runs before this function returns, when the policy is synchronous.
 * Otherwise returns a promise that resolves when the view has ended, and never rejects.
 */
function startSession(pending: PendingUpgrade, call: SessionCall): void | Promise<void> {
  const open = acceptPendingUpgrade(pending, call.response, call.settings)
  if (pending.isRouted && !(open instanceof Promise)) return runSession(open, call, pending.host)
  // The view runs later in this tick, so that what a connect-style app does after this call, such as setting fields,
  // precedes it. The promise is a new one, because a promise that follows another would need twice the memory while the
  // view runs.
  return new Promise((resolve) => {
    void Promise.resolve(open).then((it) => runSession(it, call, pending.host, resolve))
  })
}

/** Calls the view, then sends the head of the 101 response. A promise that the view returns may still be pending. */
function runSession(
  open: OpenSession | null,
  { response, run, seesResponse }: SessionCall,
  { reportError }: ViewHost,
  done?: () => void,
): void {
  if (open === null) return done?.()
  let result: unknown
  try {
    result = run()
  } catch (error) {
    result = Promise.reject(error)
  }
  open.sendHead()
  closeAfter(result, open.session.connection, seesResponse || isObserved(response) ? response : null, reportError, done)
}

/**
 * Closes the connection when `result` has settled. It is a separate function with plain parameters, because its
 * callbacks keep their context in memory while the view runs, and that context should hold only what they use.
 */
function closeAfter(
  result: unknown,
  connection: Connection,
  unfinished: ServerResponse | null,
  reportError: (error: unknown) => void,
  done?: () => void,
): void {
  Promise.resolve(result).then(
    () => close(CloseCode.NORMAL, connection, unfinished, reportError, done),
    (error) => {
      reportError(error)
      close(CloseCode.INTERNAL_ERROR, connection, unfinished, reportError, done)
    },
  )
}

function close(
  code: number,
  connection: Connection,
  unfinished: ServerResponse | null,
  reportError: ViewHost['reportError'],
  done?: () => void,
): void {
  connection.close(code)
  // The application may have replaced methods of the response.
  if (unfinished !== null) callUser(() => finishResponse(unfinished), reportError)
  done?.()
}
