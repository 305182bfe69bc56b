/**
 * Forwards a server's `draining` signal to the sessions whose view reads it (close code 1001, RFC 6455 §7.4.1). Other
 * sessions are not registered, so they need no listener.
 */
export class Draining {
  readonly #signal: AbortSignal
  readonly #controllers = new Set<AbortController>()

  constructor(signal: AbortSignal) {
    this.#signal = signal
    signal.addEventListener('abort', () => this.#begin(), { once: true })
  }

  /** Aborts the controller when the server begins to stop, or at once when it has already begun. */
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
