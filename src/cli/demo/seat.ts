import type { WebSocket } from '../../index.ts'

/** Somebody, behind whichever connection they have now: who comes back within a while was never gone. */
export class Seat {
  #session: WebSocket | null = null
  #timer: NodeJS.Timeout | null = null

  /** Whether the connection is lost, and perhaps comes back. */
  get isAway(): boolean {
    return this.#session === null
  }

  /** From now on this is the connection; one that was there before is closed with 4001. */
  take(session: WebSocket): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const before = this.#session
    this.#session = session
    void before?.close(4001, 'opened elsewhere')
  }

  /** The connection has ended; `onGone` is called unless there is another within `grace` milliseconds. */
  lose(session: WebSocket, grace: number, onGone: () => void): void {
    if (session !== this.#session) return
    this.#session = null
    this.#timer = setTimeout(onGone, grace).unref()
  }

  tell(event: object): void {
    void this.#session?.send(JSON.stringify(event))
  }
}
