import { prepare } from '../connection/send/prepared-message.ts'
import type { SessionWatcher, WebSocket } from '../session/websocket.ts'
import type { Broker, HistoryRead, Position, Publication, TopicListener, TopicMessage } from './broker/broker.ts'
import { Seen } from './deduplicator.ts'
import { Delivery, type DeliveryCounts } from './delivery.ts'
import { type Ahead, formatEnvelope, formatGap, formatId, type MessageId } from './history.ts'
import type { GroupSettings } from './options.ts'
import type { Presence } from './presence.ts'
import { Resumption } from './resumption.ts'

/** How a member came in. */
export interface Joined {
  /** Messages of the history that it was sent. */
  missedCount: number
  /** False when messages are missing between its last id and what it is sent; it was told `{"gap":true}`. */
  isComplete: boolean
}

/** Messages that this process missed. */
export interface Gap {
  room: string
  /** How many are known to be missing: all of them when `isExact`. */
  missedCount: number
  /** False when the broker has lost its memory, and with it perhaps messages that nobody counted. */
  isExact: boolean
}

/** What a group needs of those it belongs to. */
export interface GroupHost {
  readonly broker: Broker
  readonly settings: GroupSettings
  readonly counts: DeliveryCounts
  onGap(gap: Gap): void
  onEmpty(group: Group): void
}

interface Guest extends SessionWatcher {
  readonly name: string
}

const NOTHING_MISSED: Joined = Object.freeze({ missedCount: 0, isComplete: true })

/** The members that a room or user has in this process; lives from the first to the last of them. */
export class Group implements TopicListener {
  readonly name: string
  readonly topic: string
  readonly #host: GroupHost
  readonly #delivery: Delivery
  readonly #guests = new Map<WebSocket, Guest>()
  /** Guests that are not served with the others yet. */
  readonly #resuming = new Map<WebSocket, Resumption>()
  readonly #subscribed: Promise<void>
  readonly #seen = new Seen()
  /** Members that come from another process, and what they got there before the others here do. */
  readonly #forerunners = new Map<WebSocket, Ahead>()
  /** Where the topic is, as far as this process was told. */
  #position: Position | null = null
  /** The newest own message whose number is not known yet. */
  #ahead: Ahead | null = null
  /** Messages that arrive while those that were missed are read. */
  #arrived: TopicMessage[] | null = null
  #announcing: NodeJS.Timeout | null = null

  constructor(name: string, topic: string, host: GroupHost) {
    this.name = name
    this.topic = topic
    this.#host = host
    this.#delivery = new Delivery(host.settings.delivery, host.counts)
    this.#subscribed = host.broker.subscribe(topic, this)
  }

  /** Members in this process. */
  get size(): number {
    return this.#guests.size
  }

  get sessions(): Iterable<WebSocket> {
    return this.#guests.keys()
  }

  /** Bytes kept for slow members. */
  get backlogBytes(): number {
    return this.#delivery.backlogBytes
  }

  has(session: WebSocket): boolean {
    return this.#guests.has(session)
  }

  /** Who is here in this process. */
  get presence(): Presence {
    const names = new Set<string>()
    for (const { name } of this.#guests.values()) if (name !== '') names.add(name)
    return { count: this.#guests.size, names: [...names] }
  }

  /** Takes a session in; resolves when it gets what others send, from `last` on when that is given. */
  async join(session: WebSocket, name: string, last: MessageId | null | undefined): Promise<Joined> {
    if (this.#guests.has(session)) return NOTHING_MISSED
    const { history } = this.#host.settings
    const resumption = last === undefined || history === null ? null : new Resumption(last, history.size)
    const guest: Guest = { name, onEnd: () => this.leave(session) }
    this.#guests.set(session, guest)
    if (resumption === null) this.#delivery.add(session)
    else this.#resuming.set(session, resumption)
    session.watch(guest)
    this.announceSoon()
    await this.#subscribed
    if (resumption === null) return NOTHING_MISSED
    const read = await this.#host.broker.read(this.topic, resumption.after)
    // It may have left meanwhile, and even have come again.
    if (this.#resuming.get(session) !== resumption) return NOTHING_MISSED
    return this.#resume(session, resumption, read)
  }

  leave(session: WebSocket): void {
    const guest = this.#guests.get(session)
    if (guest === undefined) return
    this.#guests.delete(session)
    session.unwatch(guest)
    this.#resuming.delete(session)
    this.#forerunners.delete(session)
    this.#delivery.remove(session)
    if (this.#guests.size > 0) return this.announceSoon()
    this.#end()
    this.#host.onEmpty(this)
  }

  /** Sends to all members but one, here and elsewhere; returns how many here take it. */
  broadcast(publication: Publication, except?: WebSocket): number {
    const { broker, settings } = this.#host
    const source = { origin: broker.origin, sequence: publication.sequence }
    const position = broker.publish(this.topic, publication, settings.history)
    if (position === null) this.#ahead = source
    else this.#position = position
    return this.#deliver(publication, source, null, except === undefined ? [] : [except])
  }

  /** What the broker brings. */
  onMessage(message: TopicMessage): void {
    if (this.#arrived !== null) this.#arrived.push(message)
    else this.#take(message)
  }

  onSubscribed(position: Position): void {
    const known = this.#position
    if (known === null) {
      this.#position = position
      return
    }
    if (known.epoch === position.epoch && known.count >= position.count) return
    if (this.#host.settings.history !== null) void this.#catchUp(known)
    else this.#noticeGap(position, 0)
  }

  /** Tells the other processes who is here, soon: many come and go at once. */
  announceSoon(): void {
    if (!this.#host.broker.isShared || this.#announcing !== null) return
    this.#announcing = setTimeout(() => {
      this.#announcing = null
      this.#host.broker.announce(this.topic, JSON.stringify(this.presence))
    }, ANNOUNCE_DELAY)
    this.#announcing.unref()
  }

  #end(): void {
    if (this.#announcing !== null) clearTimeout(this.#announcing)
    this.#announcing = null
    this.#host.broker.unsubscribe(this.topic)
    this.#host.broker.announce(this.topic, null)
  }

  /** Moves on to a message's position; a hole in the numbers is a gap. Members get it unless it is this process's own. */
  #take(message: TopicMessage): void {
    const { origin, sequence } = message
    const isNew = this.#seen.take(origin, sequence)
    this.#noticeGap(message, 1)
    if (origin === this.#host.broker.origin) {
      if (this.#ahead !== null && sequence >= this.#ahead.sequence) this.#ahead = null
    } else if (isNew) this.#deliver(message, message, message, this.#takeForerunners(message))
  }

  /** Who has had this message already, in the process that published it; of use while that could not publish. */
  #takeForerunners({ origin, sequence }: TopicMessage): WebSocket[] {
    const sessions: WebSocket[] = []
    for (const [session, ahead] of this.#forerunners) {
      if (ahead.origin !== origin) continue
      if (sequence <= ahead.sequence) sessions.push(session)
      if (sequence >= ahead.sequence) this.#forerunners.delete(session)
    }
    return sessions
  }

  /** The topic is at `position`, of which the last `takenCount` messages were not missed. */
  #noticeGap({ epoch, count }: Position, takenCount: number): void {
    const known = this.#position
    if (known !== null && known.epoch === epoch && count <= known.count) return
    this.#position = { epoch, count }
    if (known === null) return
    const isExact = known.epoch === epoch
    const missedCount = count - takenCount - (isExact ? known.count : 0)
    if (isExact && missedCount === 0) return
    this.#reportGap({ room: this.name, missedCount, isExact })
  }

  #reportGap(gap: Gap): void {
    if (this.#host.settings.history !== null) this.#delivery.send(prepare(formatGap(this.#id)))
    this.#host.onGap(gap)
  }

  /** Brings the members what was missed while there was no subscription. */
  async #catchUp(after: Position): Promise<void> {
    if (this.#arrived !== null) return
    this.#arrived = []
    const read = await this.#host.broker.read(this.topic, after)
    const arrived = this.#arrived
    this.#arrived = null
    if (this.#guests.size === 0) return
    for (const message of [...read.messages, ...arrived]) this.#take(message)
    if (read.position !== null) this.#noticeGap(read.position, 0)
  }

  /** Sends a member what it missed and what came meanwhile, each once; from here on it is a member like others. */
  #resume(session: WebSocket, resumption: Resumption, read: HistoryRead): Joined {
    const { ahead } = resumption
    const { messages, arrived, isComplete } = resumption.settle(read, this.#host.broker.origin)
    const { connection } = session
    const send = (id: string | null, { payload, compress }: Publication): void =>
      void connection.send(formatEnvelope(id, payload), { compress })
    if (!isComplete) connection.send(formatGap(idBefore(messages, read.position)))
    for (const message of messages) send(formatId(message, ahead), message)
    for (const { id, publication } of arrived) send(id, publication)
    this.#resuming.delete(session)
    if (ahead !== null) this.#forerunners.set(session, ahead)
    this.#delivery.add(session)
    return { missedCount: messages.length, isComplete }
  }

  #deliver(publication: Publication, source: Ahead, position: Position | null, except: readonly WebSocket[]): number {
    const { payload, compress } = publication
    if (this.#host.settings.history === null) return this.#delivery.send(prepare(payload, { compress }), except)
    const id = this.#id
    let count = this.#delivery.send(prepare(formatEnvelope(id, payload), { compress }), except)
    for (const [session, resumption] of this.#resuming) {
      if (except.includes(session)) continue
      resumption.arrive({ id, publication, position, source })
      count += 1
    }
    return count
  }

  get #id(): string | null {
    return this.#position === null ? null : formatId(this.#position, this.#ahead)
  }
}

/** The id of what comes before the messages that are left. */
function idBefore([first]: readonly TopicMessage[], position: Position | null): string | null {
  if (first !== undefined) return formatId({ epoch: first.epoch, count: first.count - 1 }, null)
  return position === null ? null : formatId(position, null)
}

/** Milliseconds in which changes of who is here are told together. */
const ANNOUNCE_DELAY = 10
