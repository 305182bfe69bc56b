/**
 * Passes a server's `draining` signal on to the sessions that ask for it (close code 1001, RFC 6455 §7.4.1). Only
 * those are registered, so that ten thousand sessions cost no listener each, and none outlives its session.
 */
export class Draining {
  readonly #signal: AbortSignal
  readonly #controllers = new Set<AbortController>()

  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', () => this.#begin(), { once: true })
  }

  /** Aborts the controller when the server begins to stop, immediately when it has begun. */
  add(controller: AbortController): void {
    if (this.#signal.aborted) controller.abort(this.#signal.reason)
    else this.#controllers.add(controller)
  }

  /** Removes the controller of a session that has closed. */
  remove(controller: AbortController): void {
    this.#controllers.delete(controller)
  }

  #begin(): void {
    for (const controller of this.#controllers) controller.abort(this.#signal.reason)
    this.#controllers.clear()
  }
}
