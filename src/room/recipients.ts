import { prepare } from '../connection/send/prepared-message.ts'
import type { WebSocket } from '../session/websocket.ts'
import { Arrivals } from './arrivals.ts'
import type { HistoryRead, MessageSource, Position, Publication, TopicMessage } from './broker/broker.ts'
import { Delivery, type DeliveryCounts } from './delivery.ts'
import { formatEnvelope, formatGap, formatId, formatJoined, type MessageId, UNKNOWN_POSITION } from './envelope.ts'
import type { GroupSettings } from './options.ts'
import { type Arrival, Resumption, type WaitingArrival } from './resumption.ts'

/** The result of `Room.join`. */
export interface Joined {
  /** Number of messages from the history that were sent to the member. */
  missedCount: number
  /**
   * False when messages after the last id of the member have been lost. A member that resumes is then first sent
   * `{"id":"…","gap":true}`.
   */
  isComplete: boolean
}

/** The members of a group as receivers. Determines who gets a message, and adds the envelope when there is history. */
export class Recipients {
  readonly #roomKey: string
  readonly #history: GroupSettings['history']
  readonly #delivery: Delivery
  /** Members whose history is being read, the first of them first. */
  readonly #resumingMembers = new Map<WebSocket, Resumption>()
  /** New messages, which wait for the members in `#resumingMembers`; null without history. */
  readonly #arrivals: Arrivals<WaitingArrival> | null
  /** Members from another process, each with the last message that it received there before the broker numbered it. */
  readonly #deliveredElsewhere = new Map<WebSocket, MessageSource>()

  constructor(roomKey: string, { history, delivery }: GroupSettings, counts: DeliveryCounts) {
    this.#roomKey = roomKey
    this.#history = history
    this.#delivery = new Delivery(delivery, counts)
    this.#arrivals =
      history && new Arrivals(delivery.backlogBytes, history.size, ({ arrival }) => arrival.publication.payload)
  }

  /** Number of bytes that wait for slow members. */
  get backlogBytes(): number {
    return this.#delivery.backlogBytes
  }

  /** Adds a member that gets all messages from now on. */
  add(session: WebSocket): void {
    this.#delivery.add(session)
  }

  /** Adds a member that resumes after `last`. Its messages wait until `resume` is called. */
  addResuming(session: WebSocket, last: MessageId | null): Resumption {
    const resumption = new Resumption(session, last, this.#arrivals!)
    this.#resumingMembers.set(session, resumption)
    return resumption
  }

  remove(session: WebSocket): void {
    this.#endResumption(session)
    this.#deliveredElsewhere.delete(session)
    this.#delivery.remove(session)
  }

  /** Sends a message to all members except those in `except`. Returns how many members accepted it. */
  send(arrival: Arrival, except: readonly WebSocket[]): number {
    const { id, publication } = arrival
    const { payload, compress } = publication
    if (this.#arrivals === null) return this.#delivery.send(prepare(payload, { compress }), except)
    let count = this.#delivery.send(prepare(formatEnvelope(id, payload), { compress }), except)
    if (this.#resumingMembers.size === 0) return count
    this.#arrivals.push({ arrival, except })
    for (const session of this.#resumingMembers.keys()) if (!except.includes(session)) count += 1
    return count
  }

  /** Sends a message from another process to all members that did not already get it from that process. */
  sendArrival(arrival: Arrival): void {
    this.send(arrival, this.#findReceivedElsewhere(arrival.source))
  }

  /** Sends a member its first id, from which it can resume. */
  sendJoined(session: WebSocket, id: string): void {
    this.#delivery.flush()
    session.connection.send(formatJoined(id))
  }

  /** Notifies the members of a room with history that messages before `id` are missing. */
  sendGap(id: string): void {
    if (this.#history !== null) this.#delivery.send(prepare(formatGap(id)))
  }

  /**
   * Sends a member the messages that it missed and those that arrived while the history was being read, each message
   * once. From then on, it gets messages like any other member. Returns null when the member has left in the meantime,
   * even if it has joined again.
   */
  resume(session: WebSocket, resumption: Resumption, read: HistoryRead, ownOrigin: string): Joined | null {
    if (this.#resumingMembers.get(session) !== resumption) return null
    const { unnumbered } = resumption
    const { messages, arrived, isComplete } = resumption.settle(read, ownOrigin)
    const send = (id: string, { payload, compress }: Publication): void => {
      session.connection.send(formatEnvelope(id, payload), { compress })
    }
    if (!isComplete)
      session.connection.send(formatGap(formatId(this.#roomKey, positionBefore(messages, read.position), null)))
    for (const message of messages) send(formatId(this.#roomKey, message, unnumbered), message)
    for (const { id, publication } of arrived) send(id, publication)
    this.#endResumption(session)
    if (unnumbered !== null) this.#deliveredElsewhere.set(session, unnumbered)
    this.#delivery.add(session)
    return { missedCount: messages.length, isComplete }
  }

  /** Drops the messages that wait for no other member. */
  #endResumption(session: WebSocket): void {
    if (!this.#resumingMembers.delete(session)) return
    const [first] = this.#resumingMembers.values()
    if (first === undefined) this.#arrivals!.clear()
    else this.#arrivals!.dropBefore(first.start)
  }

  #findReceivedElsewhere({ origin, sequence }: MessageSource): WebSocket[] {
    const sessions: WebSocket[] = []
    for (const [session, newest] of this.#deliveredElsewhere) {
      if (newest.origin !== origin) continue
      if (sequence <= newest.sequence) sessions.push(session)
      if (sequence >= newest.sequence) this.#deliveredElsewhere.delete(session)
    }
    return sessions
  }
}

/** Returns the position before the remaining messages. */
function positionBefore([first]: readonly TopicMessage[], position: Position | null): Position {
  return first === undefined ? (position ?? UNKNOWN_POSITION) : { epoch: first.epoch, count: first.count - 1 }
}
