/** Maximum number of warnings. An attacker can choose the origin and must not fill the log. */
const MAX_WARNINGS = 100

/**
 * Warns once about each refused origin. The script of a page only learns that its connection failed and never sees the
 * response that explains why (RFC 6455 §10.2).
 */
export class OriginWarnings {
  readonly #printed = new Set<string>()

  /** Emits a warning with `process.emitWarning`, unless the same message was emitted before. */
  warn(message: string): void {
    if (this.#printed.size >= MAX_WARNINGS || this.#printed.has(message)) return
    this.#printed.add(message)
    process.emitWarning(message, { type: 'WebSocketWarning', code: 'DWEBSOCKET_ORIGIN' })
  }
}
