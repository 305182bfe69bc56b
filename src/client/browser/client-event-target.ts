import { PlainEventTarget } from './plain-event-target.ts'
import type { ClientEvents } from './types.ts'

type Handler<K extends keyof ClientEvents> = ((event: ClientEvents[K]) => void) | null

/** An `EventTarget` with typed events. */
interface TypedEventTarget {
  addEventListener<K extends keyof ClientEvents>(
    type: K,
    listener: ((event: ClientEvents[K]) => void) | null,
    options?: boolean | { once?: boolean | undefined; signal?: AbortSignal | undefined },
  ): void
  removeEventListener<K extends keyof ClientEvents>(type: K, listener: ((event: ClientEvents[K]) => void) | null): void
  dispatchEvent(event: Event): boolean
}

// React Native has neither EventTarget nor Event.
const hasEvents = typeof EventTarget === 'function' && typeof Event === 'function'
const Base = (hasEvents ? EventTarget : PlainEventTarget) as unknown as new () => TypedEventTarget

/** The events of a `ReconnectingWebSocket`, with listeners and one handler property per type. */
export class ClientEventTarget extends Base {
  onopen: Handler<'open'> = null
  onmessage: Handler<'message'> = null
  onreconnecting: Handler<'reconnecting'> = null
  onerror: Handler<'error'> = null
  onclose: Handler<'close'> = null

  constructor() {
    super()
    for (const type of ['open', 'message', 'reconnecting', 'error', 'close'] as const) {
      this.addEventListener(type, (event) => (this[`on${type}`] as Handler<typeof type>)?.(event as never))
    }
  }
}

/** Creates an event with `fields`. The event is a plain object on platforms without `Event`. */
export function makeEvent(type: keyof ClientEvents, fields: object = {}): Event {
  if (!hasEvents) return { type, ...fields } as Event
  if (type === 'message' && typeof MessageEvent === 'function') return new MessageEvent(type, fields)
  return Object.assign(new Event(type), fields)
}

/** Adds listeners by event type. Returns a function that removes them. */
export function listen(
  target: Pick<EventTarget, 'addEventListener' | 'removeEventListener'> | undefined,
  listeners: Readonly<Record<string, () => void>>,
): () => void {
  for (const type in listeners) target?.addEventListener(type, listeners[type])
  return () => {
    for (const type in listeners) target?.removeEventListener(type, listeners[type])
  }
}
