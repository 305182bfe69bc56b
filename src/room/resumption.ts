import type { HistoryRead, Position, Publication, TopicMessage } from './broker/broker.ts'
import type { Ahead, MessageId } from './history.ts'

/** A message that came while a member was coming back. */
export interface Arrival {
  readonly id: string | null
  readonly publication: Publication
  /** Its own number; `null` for a message of this process that has none yet. */
  readonly position: Position | null
  readonly source: Ahead
}

/** What a member is sent when it comes back. */
export interface Settlement {
  readonly messages: TopicMessage[]
  readonly arrived: Arrival[]
  readonly isComplete: boolean
}

/** An id that is none is one of a time that nobody remembers. */
const LONG_AGO: Position = { epoch: '', count: 0 }

/** A member that comes back: between its last message and the first new one it gets each of the others once. */
export class Resumption {
  readonly after: Position
  /** What it had before it was numbered. */
  readonly ahead: Ahead | null
  readonly #maxCount: number
  #arrivals: Arrival[] = []
  #isComplete = true

  /** `last` is the last id that it got, `null` for one that cannot be read; `maxCount` messages may arrive meanwhile. */
  constructor(last: MessageId | null, maxCount: number) {
    this.after = last?.position ?? LONG_AGO
    this.ahead = last?.ahead ?? null
    this.#maxCount = maxCount
  }

  /** Keeps a message that is sent to the room meanwhile. */
  arrive(arrival: Arrival): void {
    this.#arrivals.push(arrival)
    if (this.#arrivals.length <= this.#maxCount) return
    this.#arrivals.shift()
    this.#isComplete = false
  }

  /** Puts together what was read of the history and what has arrived. */
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

  #has({ origin, sequence }: Ahead): boolean {
    return this.ahead !== null && this.ahead.origin === origin && sequence <= this.ahead.sequence
  }
}

function isWithin(position: Position, end: Position): boolean {
  return position.epoch === end.epoch && position.count <= end.count
}
