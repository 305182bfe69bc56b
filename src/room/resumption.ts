import type { HistoryRead, MessageSource, Position, Publication, TopicMessage } from './broker/broker.ts'
import { ENTRY_OVERHEAD } from './broker/size.ts'
import type { MessageId } from './envelope.ts'

/** A message for members. */
export interface Arrival {
  /** The id that the message is sent with; `''` without history. */
  readonly id: string
  readonly publication: Publication
  /** The position of the message; null when it is from this process and has not been numbered yet. */
  readonly position: Position | null
  readonly source: MessageSource
}

/** The messages that a member is sent when it resumes. */
export interface Settlement {
  /** The messages that the member missed. */
  readonly messages: TopicMessage[]
  /** The messages that arrived while the history was being read. */
  readonly arrived: Arrival[]
  readonly isComplete: boolean
}

/** The position of a malformed id. It is older than any history. */
const LONG_AGO: Position = { epoch: '', count: 0 }

/** A member that resumes. It gets each message between its last one and the first new one exactly once. */
export class Resumption {
  readonly after: Position
  /** Messages after `after` that the member already has; null when there are none. */
  readonly unnumbered: MessageSource | null
  readonly #maxCount: number
  readonly #maxBytes: number
  #arrivals: Arrival[] = []
  #bytes = 0
  #isComplete = true

  /**
   * @param last The last id that the member got; null when it is invalid.
   * @param maxCount Maximum number of messages that may arrive while the history is being read.
   * @param maxBytes Maximum size in bytes of these messages.
   */
  constructor(last: MessageId | null, maxCount: number, maxBytes: number) {
    this.after = last?.position ?? LONG_AGO
    this.unnumbered = last?.unnumbered ?? null
    this.#maxCount = maxCount
    this.#maxBytes = maxBytes
  }

  /** Stores a message that is sent to the room while the history is being read. */
  add(arrival: Arrival): void {
    this.#arrivals.push(arrival)
    this.#bytes += maxSizeOf(arrival)
    while (this.#arrivals.length > this.#maxCount || this.#bytes > this.#maxBytes) {
      this.#bytes -= maxSizeOf(this.#arrivals.shift()!)
      this.#isComplete = false
    }
  }

  /** Combines the history with the messages that arrived while it was being read. */
  settle(read: HistoryRead, ownOrigin: string): Settlement {
    const messages = read.messages.filter((message) => !this.#has(message))
    const lastOwn = read.messages.findLast(({ origin }) => origin === ownOrigin)?.sequence ?? 0
    const arrived = this.#arrivals.filter(({ position, source }) => {
      if (source.origin === ownOrigin && source.sequence <= lastOwn) return false
      if (this.#has(source)) return false
      return position === null || read.position === null || !isWithin(position, read.position)
    })
    return { messages, arrived, isComplete: read.isComplete && this.#isComplete }
  }

  #has({ origin, sequence }: MessageSource): boolean {
    return this.unnumbered !== null && this.unnumbered.origin === origin && sequence <= this.unnumbered.sequence
  }
}

/**
 * Returns the size of a message as if its text were not ASCII. Every member that resumes computes it, so it must be
 * cheap.
 */
function maxSizeOf({ publication: { payload } }: Arrival): number {
  return ENTRY_OVERHEAD + (typeof payload === 'string' ? 2 * payload.length : payload.length)
}

function isWithin(position: Position, end: Position): boolean {
  return position.epoch === end.epoch && position.count <= end.count
}
