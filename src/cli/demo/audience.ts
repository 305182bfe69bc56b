import type { WebSocket } from '../../index.ts'

/** Bytes a member may owe before it is passed over: one that never reads must not fill the server's memory. */
const MAX_OWED_BYTES = 1024 * 1024

/** The sessions that get what is told: those that stay on one page of the demo site. */
export class Audience {
  readonly #members = new Set<WebSocket>()

  /**
   * Makes `session` a member until it is closed; `onMessage` gets what it sends meanwhile.
   * Whoever comes or goes, all are told how many are there.
   */
  async stay(session: WebSocket, onMessage: (message: string | Buffer) => void = () => {}): Promise<void> {
    this.#members.add(session)
    this.#tellSize()
    try {
      for await (const message of session) onMessage(message)
    } finally {
      this.#members.delete(session)
      this.#tellSize()
    }
  }

  /** Sends `event` as JSON to every member that keeps up; returns how many those are. */
  tell(event: object): number {
    const text = JSON.stringify(event)
    let count = 0
    for (const member of this.#members) {
      if (member.connection.bufferedAmount > MAX_OWED_BYTES) continue
      member.send(text)
      count += 1
    }
    return count
  }

  #tellSize(): void {
    this.tell({ people: this.#members.size })
  }
}
