import type { WebSocket } from '../session/websocket.ts'
import type { Arrivals } from './arrivals.ts'
import type { HistoryRead, MessageSource, Position, Publication, TopicMessage } from './broker/broker.ts'
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

/** A message that arrives while the history is read, and the members that do not get it. */
export interface WaitingArrival {
  readonly arrival: Arrival
  readonly except: readonly WebSocket[]
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
  /** The number of the first message that arrives while the history is read. */
  readonly start: number
  readonly #session: WebSocket
  readonly #arrivals: Arrivals<WaitingArrival>

  /**
   * @param last The last id that the member got; null when it is invalid.
   * @param arrivals The messages that arrive while the history is being read, for all members that resume.
   */
  constructor(session: WebSocket, last: MessageId | null, arrivals: Arrivals<WaitingArrival>) {
    this.after = last?.position ?? LONG_AGO
    this.unnumbered = last?.unnumbered ?? null
    this.start = arrivals.end
    this.#session = session
    this.#arrivals = arrivals
  }

  /** Combines the history with the messages that arrived while it was being read. */
  settle(read: HistoryRead, ownOrigin: string): Settlement {
    const messages = read.messages.filter((message) => !this.#has(message))
    const lastOwn = read.messages.findLast(({ origin }) => origin === ownOrigin)?.sequence ?? 0
    const others = this.#arrivals
      .from(this.start)
      .filter(({ except }) => !except.includes(this.#session))
      .map(({ arrival }) => arrival)
    const arrived = others.filter(({ position, source }) => {
      if (source.origin === ownOrigin && source.sequence <= lastOwn) return false
      if (this.#has(source)) return false
      return position === null || read.position === null || !isWithin(position, read.position)
    })
    return { messages, arrived, isComplete: read.isComplete && this.start >= this.#arrivals.start }
  }

  #has({ origin, sequence }: MessageSource): boolean {
    return this.unnumbered !== null && this.unnumbered.origin === origin && sequence <= this.unnumbered.sequence
  }
}

function isWithin(position: Position, end: Position): boolean {
  return position.epoch === end.epoch && position.count <= end.count
}
