/**
 * Tells the sessions of one server that it is about to stop (close code 1001, RFC 6455 §7.4.1). Only sessions whose
 * `draining` was asked for stand in it, so that ten thousand of them cost no listener each.
 */
export class Draining {
  readonly #controllers = new Set<AbortController>()
  #hasBegun = false
  #reason: unknown

  /** Aborts the controller when the server begins to stop, at once when it has begun already. */
  add(controller: AbortController): void {
    if (this.#hasBegun) controller.abort(this.#reason)
    else this.#controllers.add(controller)
  }

  /** Forgets a controller whose session has closed. */
  remove(controller: AbortController): void {
    this.#controllers.delete(controller)
  }

  /** Begins to stop: aborts every controller with `reason`. Only the first call counts. */
  begin(reason?: unknown): void {
    if (this.#hasBegun) return
    this.#hasBegun = true
    this.#reason = reason
    for (const controller of this.#controllers) controller.abort(reason)
    this.#controllers.clear()
  }
}
