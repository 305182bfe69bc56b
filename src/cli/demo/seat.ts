import type { WebSocket } from '../../index.ts'

/** A person on one page, across reconnections. A person who reconnects in time counts as present throughout. */
export class Seat {
  #session: WebSocket | null = null
  #timer: NodeJS.Timeout | null = null

  /** Whether the connection is lost, and may be replaced. */
  get isAway(): boolean {
    return this.#session === null
  }

  /** Replaces the connection, and closes the previous one with 4001. */
  occupy(session: WebSocket): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const before = this.#session
    this.#session = session
    void before?.close(4001, 'opened elsewhere')
  }

  /** Called when the connection has ended. Calls `onGone` unless it is replaced within `grace` milliseconds. */
  lose(session: WebSocket, grace: number, onGone: () => void): void {
    if (session !== this.#session) return
    this.#session = null
    this.#timer = setTimeout(onGone, grace).unref()
  }

  send(event: object): void {
    void this.#session?.send(JSON.stringify(event))
  }
}
