import type { SessionWatcher } from '../session/watcher.ts'
import type { WebSocket } from '../session/websocket.ts'
import type { Broker, Publication } from './broker/broker.ts'
import type { DeliveryCounts } from './delivery.ts'
import { parseLast, roomKeyOf } from './envelope.ts'
import type { GroupSettings } from './options.ts'
import type { Presence } from './presence.ts'
import { readHistory } from './read-history.ts'
import { type Joined, Recipients } from './recipients.ts'
import { type MissedMessages, Timeline } from './timeline.ts'

/*
 * From a broadcast to the members of two processes, and back after a lost connection:
 *
 *            process A                        broker                        process B
 *
 *       (1) broadcast("hi")
 *               │
 *           Timeline ──── (3) publish ───▶ (4) numbers it: ──(5) message──▶ Timeline
 *               │                              epoch e, count 7   (to A too)    │ (6) known before: dropped;
 *      (2) Recipients                          stores it in the                 │     a hole in the numbers: a gap
 *               │                              history                    (7) Recipients
 *               ▼                                                               ▼
 *        {"id":"k.e.6.A.1",…}                                             {"id":"k.e.7",…}      k: the room
 *
 * (2) is before (4): members of A do not wait for the broker. Until (5) returns its position, the message is
 * "unnumbered", and its id says so: everything up to e.6, and of process A everything up to its message 1.
 *
 * A client that reconnects, to any process, passes its last id to `join`:
 *
 *   (8) Recipients.addResuming   from now on its messages wait in a Resumption
 *   (9) Broker.read              the history after the position of the id
 *  (10) Recipients.resume        the history without what the id includes, then what has waited, each message once;
 *                                then it is a member like others. If messages are missing, {"gap":true} is sent first.
 */

/** How many messages the members of a room in this process missed. */
export interface Gap extends MissedMessages {
  /** The name of the room. */
  room: string
}

/** The owner of a group. */
export interface GroupHost {
  readonly broker: Broker
  readonly settings: GroupSettings
  readonly counts: DeliveryCounts
  onGap(gap: Gap): void
  onEmpty(group: Group): void
}

interface Member extends SessionWatcher {
  readonly name: string
}

const NOTHING_MISSED: Joined = Object.freeze({ missedCount: 0, isComplete: true })

/**
 * Time in milliseconds for which changes to the presence are collected, because many members may come and go at once.
 */
const ANNOUNCE_DELAY = 10

/** The members of a room or user in this process. The group exists while it has members. */
export class Group {
  readonly name: string
  readonly #topic: string
  readonly #host: GroupHost
  /** The hosts that have added members. */
  readonly #hosts = new Set<GroupHost>()
  readonly #members = new Map<WebSocket, Member>()
  readonly #recipients: Recipients
  readonly #timeline: Timeline
  #announceTimer: NodeJS.Timeout | null = null

  constructor(name: string, topic: string, host: GroupHost) {
    this.name = name
    this.#topic = topic
    this.#host = host
    this.#recipients = new Recipients(roomKeyOf(topic), host.settings, host.counts)
    this.#timeline = new Timeline(topic, host.broker, host.settings, {
      onArrival: (arrival) => this.#recipients.sendArrival(arrival),
      onMissed: (missed) => {
        this.#recipients.sendGap(this.#timeline.id)
        for (const { onGap } of this.#hosts) onGap({ room: name, ...missed })
      },
    })
  }

  /** Number of members in this process. */
  get size(): number {
    return this.#members.size
  }

  /** Number of bytes that wait for slow members. */
  get backlogBytes(): number {
    return this.#recipients.backlogBytes
  }

  get hasHistory(): boolean {
    return this.#host.settings.history !== null
  }

  has(session: WebSocket): boolean {
    return this.#members.has(session)
  }

  /** The members in this process. */
  get presence(): Presence {
    const names = new Set<string>()
    for (const { name } of this.#members.values()) if (name !== '') names.add(name)
    return { count: this.#members.size, names: [...names] }
  }

  /**
   * Adds a member. Resolves when the member also gets the messages from other processes.
   *
   * @param last What the client sent to resume; null when it has no id yet, undefined when it never resumes.
   * @param host Notified of gaps, and when the group is empty. Several hosts with the same broker share a group.
   */
  async join(session: WebSocket, name: string, last: string | null | undefined, host: GroupHost): Promise<Joined> {
    this.#hosts.add(host)
    if (this.#members.has(session)) return NOTHING_MISSED
    const { broker, settings } = this.#host
    const member: Member = { name, onEnd: () => this.leave(session) }
    this.#members.set(session, member)
    const wantsIds = last !== undefined && settings.history !== null
    const id = wantsIds && last !== null ? parseLast(last, this.#timeline.roomKey) : undefined
    const resumption = id === undefined ? null : this.#recipients.addResuming(session, id)
    if (resumption === null) this.#recipients.add(session)
    session.watch(member)
    this.#announceSoon()
    await this.#timeline.subscribed
    if (resumption === null) {
      if (wantsIds && this.#members.get(session) === member) this.#recipients.sendJoined(session, this.#timeline.id)
      return NOTHING_MISSED
    }
    const read = await readHistory(broker, this.#topic, resumption.after)
    return this.#recipients.resume(session, resumption, read, broker.origin) ?? NOTHING_MISSED
  }

  leave(session: WebSocket): void {
    const member = this.#members.get(session)
    if (member === undefined) return
    this.#members.delete(session)
    session.unwatch(member)
    this.#recipients.remove(session)
    if (this.#members.size > 0) return this.#announceSoon()
    this.#close()
    for (const { onEmpty } of this.#hosts) onEmpty(this)
  }

  /**
   * Sends a message to all members except one, in all processes. Returns how many members in this process accepted it.
   */
  broadcast(publication: Publication, except?: WebSocket): number {
    return this.#recipients.send(this.#timeline.publish(publication), except === undefined ? [] : [except])
  }

  #announceSoon(): void {
    const { broker } = this.#host
    if (!broker.isShared || this.#announceTimer !== null) return
    this.#announceTimer = setTimeout(() => {
      this.#announceTimer = null
      broker.announce(this.#topic, JSON.stringify(this.presence))
    }, ANNOUNCE_DELAY)
    this.#announceTimer.unref()
  }

  #close(): void {
    if (this.#announceTimer !== null) clearTimeout(this.#announceTimer)
    this.#announceTimer = null
    this.#timeline.close()
    this.#host.broker.announce(this.#topic, null)
  }
}
