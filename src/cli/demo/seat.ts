import type { WebSocket } from '../../index.ts'

/** A person on one page, across reconnections: whoever reconnects in time never left. */
export class Seat {
  #session: WebSocket | null = null
  #timer: NodeJS.Timeout | null = null

  /** Whether the connection is lost, and may be replaced. */
  get isAway(): boolean {
    return this.#session === null
  }

  /** Replaces the connection; the previous one is closed with 4001. */
  occupy(session: WebSocket): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const before = this.#session
    this.#session = session
    void before?.close(4001, 'opened elsewhere')
  }

  /** The connection has ended; calls `onGone` unless it is replaced within `grace` milliseconds. */
  lose(session: WebSocket, grace: number, onGone: () => void): void {
    if (session !== this.#session) return
    this.#session = null
    this.#timer = setTimeout(onGone, grace).unref()
  }

  send(event: object): void {
    void this.#session?.send(JSON.stringify(event))
  }
}
