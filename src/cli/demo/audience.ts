import type { Room, WebSocket } from '../../index.ts'

/** Milliseconds before people are counted. In this time the other processes report arrivals and departures. */
const COUNT_DELAY = 50

/** The sessions on one page of the demo site, in all processes. */
export class Audience {
  readonly #room: Room
  #counting: NodeJS.Timeout | null = null

  constructor(room: Room) {
    this.#room = room
  }

  /**
   * Makes `session` a member until it is closed; `onMessage` receives its messages. All members are sent the number of
   * members whenever it changes.
   */
  async stay(session: WebSocket, onMessage: (message: string | Buffer) => void = () => {}): Promise<void> {
    await this.#room.join(session)
    this.#countSoon()
    try {
      for await (const message of session) onMessage(message)
    } finally {
      this.#room.leave(session)
      this.#countSoon()
    }
  }

  /** Sends `event` as JSON to every member; resolves to the number of members. */
  async broadcast(event: object): Promise<number> {
    const here = this.#room.broadcast(JSON.stringify(event))
    const { count } = await this.#room.members()
    return here + count - this.#room.size
  }

  #countSoon(): void {
    this.#counting ??= setTimeout(async () => {
      this.#counting = null
      const { count } = await this.#room.members()
      void this.broadcast({ people: count })
    }, COUNT_DELAY).unref()
  }
}
