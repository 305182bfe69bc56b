/** Different messages that are printed: an attacker chooses the origin and must not fill the log. */
const MAX_WARNINGS = 100

/**
 * Warns of refused origins, once for each: the script of a page sees only that it failed, never the response that says
 * why (RFC 6455 §10.2).
 */
export class OriginWarnings {
  readonly #printed = new Set<string>()

  /** Prints a message with `process.emitWarning`, once. */
  warn(message: string): void {
    if (this.#printed.size >= MAX_WARNINGS || this.#printed.has(message)) return
    this.#printed.add(message)
    process.emitWarning(message, { type: 'WebSocketWarning', code: 'DWEBSOCKET_ORIGIN' })
  }
}
