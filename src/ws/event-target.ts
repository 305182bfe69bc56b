import type { EventEmitter } from 'node:events'

/** The property with the user's function or object, in a listener that `addHandler` has added. */
export const kListener: unique symbol = Symbol('listener')
const isAttribute: unique symbol = Symbol('attribute')

/** The base class of the events (DOM §2.2). */
export class Event {
  readonly #type: string
  readonly #target: unknown
  constructor(type: string, target: unknown = null) {
    this.#type = type
    this.#target = target
  }
  get type(): string {
    return this.#type
  }
  get target(): unknown {
    return this.#target
  }
}

export class CloseEvent extends Event {
  readonly #code: number
  readonly #reason: string
  readonly #wasClean: boolean
  constructor(type: string, { code = 0, reason = '', wasClean = false, target = null }: CloseEventInit = {}) {
    super(type, target)
    this.#code = code
    this.#reason = reason
    this.#wasClean = wasClean
  }
  get code(): number {
    return this.#code
  }
  get reason(): string {
    return this.#reason
  }
  get wasClean(): boolean {
    return this.#wasClean
  }
}

export class ErrorEvent extends Event {
  readonly #error: unknown
  readonly #message: string
  constructor(type: string, { error = null, message = '', target = null }: ErrorEventInit = {}) {
    super(type, target)
    this.#error = error
    this.#message = message
  }
  get error(): unknown {
    return this.#error
  }
  get message(): string {
    return this.#message
  }
}

export class MessageEvent extends Event {
  readonly #data: unknown
  constructor(
    type: string,
    { data = null, target = null }: { data?: unknown | undefined; target?: unknown | undefined } = {},
  ) {
    super(type, target)
    this.#data = data
  }
  get data(): unknown {
    return this.#data
  }
}

interface CloseEventInit {
  code?: number | undefined
  reason?: string | undefined
  wasClean?: boolean | undefined
  target?: unknown | undefined
}

interface ErrorEventInit {
  error?: unknown | undefined
  message?: string | undefined
  target?: unknown | undefined
}

/** A handler of an `on…` attribute. */
// biome-ignore lint/suspicious/noExplicitAny: programs declare a different event for each attribute
export type EventHandler = (event: any) => void

/** A listener: a function, or an object with a method `handleEvent`. */
export type Handler = ((event: never) => unknown) | { handleEvent(event: never): unknown }
type Wrapper = ((...values: unknown[]) => void) & { [kListener]?: Handler; [isAttribute]?: boolean }

/** An emitter that can emit these events. */
export interface Target extends EventEmitter {
  /** Whether both sides have sent a Close frame. */
  readonly wasClean: boolean
}

function toEvent(type: string, values: unknown[], target: Target): Event | null {
  const [first, second] = values
  switch (type) {
    case 'message':
      return new MessageEvent('message', { data: second ? first : String(first), target })
    case 'close':
      return new CloseEvent('close', {
        code: first as number,
        reason: String(second),
        wasClean: target.wasClean,
        target,
      })
    case 'error':
      return new ErrorEvent('error', { error: first, message: (first as Error).message, target })
    case 'open':
      return new Event('open', target)
    default:
      return null
  }
}

for (const type of [Event, CloseEvent, ErrorEvent, MessageEvent]) {
  for (const name of Object.getOwnPropertyNames(type.prototype)) {
    if (name !== 'constructor') Object.defineProperty(type.prototype, name, { enumerable: true })
  }
  Object.defineProperty(type.prototype, Symbol.toStringTag, { value: type.name, configurable: true })
}

function wrap(target: Target, type: string, handler: Handler, forAttribute: boolean): Wrapper {
  const wrapper: Wrapper = (...values) => {
    const event = toEvent(type, values, target)
    if (typeof handler === 'object') handler.handleEvent.call(handler, event as never)
    else handler.call(target, event as never)
  }
  wrapper[kListener] = handler
  wrapper[isAttribute] = forAttribute
  return wrapper
}

const types = ['open', 'message', 'close', 'error']

export function addHandler(target: Target, type: string, handler: Handler, once = false, forAttribute = false): void {
  if (!types.includes(type)) return
  const isKnown = (listener: Wrapper): boolean => listener[kListener] === handler && !listener[isAttribute]
  if (!forAttribute && target.listeners(type).some((listener) => isKnown(listener as Wrapper))) return
  const wrapper = wrap(target, type, handler, forAttribute)
  if (once) target.once(type, wrapper)
  else target.on(type, wrapper)
}

export function removeHandler(target: Target, type: string, handler: Handler): void {
  for (const listener of target.listeners(type) as Wrapper[]) {
    if (listener[kListener] === handler && !listener[isAttribute]) return void target.removeListener(type, listener)
  }
}

/** Returns the handler that an attribute such as `onmessage` is set to, or null. */
export function attributeHandler(target: Target, type: string): EventHandler | null {
  const listener = (target.listeners(type) as Wrapper[]).find((candidate) => candidate[isAttribute])
  return (listener?.[kListener] as EventHandler | undefined) ?? null
}

export function setAttributeHandler(target: Target, type: string, handler: unknown): void {
  const old = (target.listeners(type) as Wrapper[]).find((candidate) => candidate[isAttribute])
  if (old) target.removeListener(type, old)
  if (typeof handler === 'function') addHandler(target, type, handler as Handler, false, true)
}
