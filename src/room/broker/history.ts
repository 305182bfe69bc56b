import { randomBytes } from 'node:crypto'
import type { HistoryRead, Outgoing, Position, TopicMessage } from './broker.ts'
import { sizeOf } from './size.ts'

/** Returns a name for an epoch or a process. It is random so that it is unique. */
export function makeToken(): string {
  return randomBytes(9).toString('base64url')
}

interface StoredMessage {
  readonly message: TopicMessage
  /** When the message expires, on the clock of the caller. */
  readonly until: number
  /** Size in bytes. */
  readonly size: number
}

/** The numbering of a topic and its last messages, in the memory of this process. */
export class TopicLog {
  readonly epoch = makeToken()
  readonly #onBytes: (bytes: number) => void
  #count = 0
  #stored: StoredMessage[] = []
  /** When the last message was appended, on the clock of the caller. */
  touchedAt = 0

  /** @param onBytes Called with the change in the stored size in bytes, which is negative when it has decreased. */
  constructor(onBytes: (bytes: number) => void = () => {}) {
    this.#onBytes = onBytes
  }

  get position(): Position {
    return { epoch: this.epoch, count: this.#count }
  }

  /** Number of stored messages. */
  get size(): number {
    return this.#stored.length
  }

  /** Numbers a message from the process `origin`, and stores it as its `history` says. */
  append(origin: string, { sequence, payload, compress, history, skipped }: Outgoing, now: number): TopicMessage {
    this.#count += 1 + skipped
    this.touchedAt = now
    const message = { epoch: this.epoch, count: this.#count, origin, sequence, payload, compress }
    if (history !== null) {
      const size = sizeOf(payload)
      this.#stored.push({ message, until: now + history.ttl, size })
      this.#onBytes(size)
      this.expire(now)
      this.drop(this.#stored.length - history.size)
    }
    return message
  }

  /** Returns the messages after `after`. */
  read(after: Position, now: number): HistoryRead {
    this.expire(now)
    const stored = this.#stored.map(({ message }) => message)
    return selectAfter(stored, after, this.position)
  }

  /** Drops messages that have expired. */
  expire(now: number): void {
    const first = this.#stored.findIndex(({ until }) => until > now)
    this.drop(first === -1 ? this.#stored.length : first)
  }

  /** Drops the `count` oldest messages. */
  drop(count: number): void {
    if (count <= 0) return
    for (const { size } of this.#stored.splice(0, count)) this.#onBytes(-size)
  }
}

/** Returns the stored messages after `after`, and whether any is missing. */
export function selectAfter(stored: readonly TopicMessage[], after: Position, position: Position): HistoryRead {
  const isKnown = after.epoch === position.epoch && after.count <= position.count
  const messages = isKnown ? stored.filter(({ count }) => count > after.count) : [...stored]
  return { messages, isComplete: isKnown && messages.length === position.count - after.count, position }
}
