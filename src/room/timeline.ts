import { Arrivals } from './arrivals.ts'
import type {
  Broker,
  HistoryOptions,
  MessageSource,
  Position,
  Publication,
  TopicListener,
  TopicMessage,
} from './broker/broker.ts'
import { Deduplicator } from './deduplicator.ts'
import { formatId, roomKeyOf, UNKNOWN_POSITION } from './envelope.ts'
import { readHistory } from './read-history.ts'
import type { Arrival } from './resumption.ts'

/** The messages that this process missed. */
export interface MissedMessages {
  /**
   * Number of missed messages. When `isExact` is true, members missed at most this many. When `isExact` is false, they
   * may have missed more. Messages from this process are included if the broker had not confirmed them before the loss,
   * although members in this process have received them.
   */
  missedCount: number
  /** False when the broker has lost its state, so that the number of missed messages is unknown. */
  isExact: boolean
}

/** The settings of a timeline. `backlogBytes` limits the messages that arrive while the history is read. */
interface TimelineSettings {
  readonly history: HistoryOptions | null
  readonly delivery: { readonly backlogBytes: number }
}

/** The callbacks of a timeline. */
export interface TimelineHost {
  /** Called with a new message from another process, in order. */
  onArrival(arrival: Arrival): void
  onMissed(missed: MissedMessages): void
}

/**
 * Follows the position of a topic in this process. Delivers each message from a broker once and in order, and detects
 * gaps.
 */
export class Timeline implements TopicListener {
  /** Resolves when the subscription is active: from then on, messages from other processes arrive. */
  readonly subscribed: Promise<void>
  /** See `roomKeyOf`. */
  readonly roomKey: string
  readonly #topic: string
  readonly #broker: Broker
  readonly #history: HistoryOptions | null
  readonly #host: TimelineHost
  readonly #deduplicator = new Deduplicator()
  #position: Position | null = null
  /** The newest message from this process whose position is unknown. */
  #unnumbered: MessageSource | null = null
  readonly #maxArrivedBytes: number
  /**
   * Messages that arrive while missed ones are being read from the history; null otherwise. When too many arrive, there
   * is a gap.
   */
  #arrivals: Arrivals<TopicMessage> | null = null
  #isClosed = false

  constructor(topic: string, broker: Broker, { history, delivery }: TimelineSettings, host: TimelineHost) {
    this.roomKey = history === null ? '' : roomKeyOf(topic)
    this.#topic = topic
    this.#broker = broker
    this.#history = history
    this.#host = host
    this.#maxArrivedBytes = delivery.backlogBytes
    this.subscribed = broker.subscribe(topic, this)
  }

  /** The id that covers everything sent to the members in this process; `''` without history. */
  get id(): string {
    return this.#history === null ? '' : formatId(this.roomKey, this.#position ?? UNKNOWN_POSITION, this.#unnumbered)
  }

  /**
   * Publishes a message from this process. Returns it in the form for members in this process, without waiting for the
   * broker.
   */
  publish(publication: Publication): Arrival {
    const source = { origin: this.#broker.origin, sequence: publication.sequence }
    const position = this.#broker.publish(this.#topic, publication, this.#history)
    if (position === null) this.#unnumbered = source
    else this.#position = position
    return { id: this.id, publication, position: null, source }
  }

  onMessage(message: TopicMessage): void {
    if (this.#isClosed) return
    if (this.#history !== null && this.#arrivals === null && this.#isBehindHole(message))
      void this.#catchUp(this.#position!)
    if (this.#arrivals !== null) this.#arrivals.push(message)
    else this.#advance(message)
  }

  onSubscribed(position: Position): void {
    const known = this.#position
    if (known === null) {
      this.#position = position
      return
    }
    if (known.epoch === position.epoch && known.count >= position.count) return
    if (this.#history !== null) void this.#catchUp(known)
    else this.#noticeGap(position, 0)
  }

  close(): void {
    this.#isClosed = true
    this.#arrivals?.clear()
    this.#broker.unsubscribe(this.#topic)
  }

  /** Returns whether messages before this one have not been delivered. */
  #isBehindHole({ epoch, count }: Position): boolean {
    return this.#position !== null && this.#position.epoch === epoch && count > this.#position.count + 1
  }

  /** Moves to the position of a message, and delivers the message unless this process has published it. */
  #advance(message: TopicMessage): void {
    const { origin, sequence } = message
    const isNew = this.#deduplicator.accept(message)
    this.#noticeGap(message, 1)
    if (origin !== this.#broker.origin) {
      if (isNew) this.#host.onArrival({ id: this.id, publication: message, position: message, source: message })
    } else if (this.#unnumbered !== null && sequence >= this.#unnumbered.sequence) this.#unnumbered = null
  }

  /** Moves to a position. The last `deliveredCount` messages up to it were delivered. A missing number is a gap. */
  #noticeGap({ epoch, count }: Position, deliveredCount: number): void {
    const known = this.#position
    if (known !== null && known.epoch === epoch && count <= known.count) return
    this.#position = { epoch, count }
    if (known === null) return
    const isExact = known.epoch === epoch
    const missedCount = count - deliveredCount - (isExact ? known.count : 0)
    if (!isExact || missedCount > 0) this.#host.onMissed({ missedCount, isExact })
  }

  /** Reads missed messages from the history. */
  async #catchUp(after: Position): Promise<void> {
    if (this.#arrivals !== null) return
    const arrivals = new Arrivals<TopicMessage>(
      this.#maxArrivedBytes,
      Number.POSITIVE_INFINITY,
      ({ payload }) => payload,
    )
    this.#arrivals = arrivals
    const read = await readHistory(this.#broker, this.#topic, after)
    if (this.#isClosed) return
    this.#arrivals = null
    const arrived = arrivals.from(0)
    arrivals.clear()
    for (const message of [...read.messages, ...arrived]) this.#advance(message)
    if (read.position !== null) this.#noticeGap(read.position, 0)
  }
}
