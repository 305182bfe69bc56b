import type { Room, WebSocket } from '../../index.ts'

/** Milliseconds after which people are counted: until then the other processes have told who came and went. */
const COUNT_DELAY = 50

/** The sessions that get what is told: those that stay on one page of the demo site, whichever process has them. */
export class Audience {
  readonly #room: Room
  #counting: NodeJS.Timeout | null = null

  constructor(room: Room) {
    this.#room = room
  }

  /**
   * Makes `session` a member until it is closed; `onMessage` gets what it sends meanwhile.
   * Whoever comes or goes, all are told how many are there.
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

  /** Sends `event` as JSON to every member; resolves to how many those are. */
  async tell(event: object): Promise<number> {
    const here = this.#room.broadcast(JSON.stringify(event))
    const { count } = await this.#room.members()
    return here + count - this.#room.size
  }

  #countSoon(): void {
    this.#counting ??= setTimeout(async () => {
      this.#counting = null
      const { count } = await this.#room.members()
      void this.tell({ people: count })
    }, COUNT_DELAY).unref()
  }
}
