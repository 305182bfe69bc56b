type Listener = (event: { type: string }) => void

interface ListenerOptions {
  once?: boolean | undefined
  signal?: AbortSignal | undefined
}

/** The part of `EventTarget` that a WebSocket needs, for platforms that lack `EventTarget`. */
export class PlainEventTarget {
  readonly #listeners = new Map<string, Map<Listener, boolean>>()

  addEventListener(type: string, listener: Listener | null, options?: boolean | ListenerOptions): void {
    const { once = false, signal }: ListenerOptions = Object(options)
    if (listener === null || signal?.aborted) return
    const listeners = this.#listeners.get(type) ?? new Map<Listener, boolean>()
    this.#listeners.set(type, listeners)
    if (!listeners.has(listener)) listeners.set(listener, once)
    signal?.addEventListener('abort', () => this.removeEventListener(type, listener))
  }

  removeEventListener(type: string, listener: Listener | null): void {
    this.#listeners.get(type)?.delete(listener as Listener)
  }

  /** Calls the listeners of an event. An error that a listener throws is reported as an uncaught error. */
  dispatchEvent(event: { type: string }): boolean {
    for (const [listener, once] of [...(this.#listeners.get(event.type) ?? [])]) {
      if (once) this.removeEventListener(event.type, listener)
      try {
        listener.call(this, event)
      } catch (error) {
        setTimeout(() => {
          throw error
        })
      }
    }
    return true
  }
}
