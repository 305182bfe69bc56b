import type { WebSocket } from '../session/websocket.ts'
import type { Broker, BrokerStats, Payload } from './broker/broker.ts'
import { MemoryBroker } from './broker/memory.ts'
import type { DeliveryCounts } from './delivery.ts'
import { type Gap, Group, type GroupHost, type Joined } from './group.ts'
import type { MessageId } from './history.ts'
import { checkName, checkRoomsOptions, type GroupSettings, type RoomsOptions } from './options.ts'

/** What rooms and users count. */
export interface GroupsStats extends DeliveryCounts {
  /** Groups with a member in this process. */
  groups: number
  /** Memberships in this process. */
  members: number
  /** Bytes kept for slow members. */
  backlogBytes: number
  /** Times that messages of other processes were missed, and how many are known to be missing. */
  gaps: number
  missedMessages: number
  broker: BrokerStats
}

/** Groups by name: what rooms and users have in common. A group is there while it has members. */
export class Groups implements GroupHost {
  readonly broker: Broker
  readonly settings: GroupSettings
  readonly counts: DeliveryCounts = { droppedMessages: 0, closedMembers: 0 }
  /** A group has lost its last member in this process. */
  onGone: (name: string) => void = () => {}
  onMissed: (gap: Gap) => void = () => {}
  readonly #onError: (error: unknown) => void
  readonly #prefix: string
  readonly #groups = new Map<string, Group>()
  #sequence = 0
  #gapCount = 0
  #missedCount = 0

  constructor(prefix: string, options: RoomsOptions) {
    this.settings = checkRoomsOptions(options)
    this.broker = options.broker ?? new MemoryBroker()
    this.#onError = options.onError ?? console.error
    this.#prefix = prefix
  }

  get(name: string): Group | undefined {
    return this.#groups.get(name)
  }

  names(): Iterable<string> {
    return this.#groups.keys()
  }

  topicOf(name: string): string {
    return this.#prefix + name
  }

  /** Takes a session into a group, which is made when it is not there. */
  join(name: string, session: WebSocket, as: string, last?: MessageId | null): Promise<Joined> {
    checkName(as)
    let group = this.#groups.get(name)
    if (group === undefined) {
      if (session.is_closed()) return Promise.resolve({ missedCount: 0, isComplete: last === undefined })
      const { maxGroups } = this.settings
      if (this.#groups.size >= maxGroups) throw new RangeError(`there are ${maxGroups} rooms; no more are allowed`)
      group = new Group(name, this.topicOf(name), this)
      this.#groups.set(name, group)
    }
    return group.join(session, as, last)
  }

  /** Sends to a group wherever its members are; returns how many here take it. */
  broadcast(name: string, message: Payload | Uint8Array | ArrayBuffer, compress = true, except?: WebSocket): number {
    const payload = copyPayload(message)
    this.#sequence += 1
    const publication = { sequence: this.#sequence, payload, compress }
    const group = this.#groups.get(name)
    if (group !== undefined) return group.broadcast(publication, except)
    this.broker.publish(this.topicOf(name), publication, this.settings.history)
    return 0
  }

  onEmpty(group: Group): void {
    this.#groups.delete(group.name)
    this.onGone(group.name)
  }

  onGap(gap: Gap): void {
    this.#gapCount += 1
    this.#missedCount += gap.missedCount
    this.call(() => this.onMissed(gap))
  }

  /** Calls back into the application; what it throws is not for whoever brought the news. */
  call(callback: () => void): void {
    try {
      callback()
    } catch (error) {
      this.#onError(error)
    }
  }

  stats(): GroupsStats {
    let members = 0
    let backlogBytes = 0
    for (const group of this.#groups.values()) {
      members += group.size
      backlogBytes += group.backlogBytes
    }
    return {
      groups: this.#groups.size,
      members,
      backlogBytes,
      gaps: this.#gapCount,
      missedMessages: this.#missedCount,
      ...this.counts,
      broker: this.broker.stats(),
    }
  }
}

/** What may wait to be published must not change meanwhile. */
function copyPayload(message: Payload | Uint8Array | ArrayBuffer): Payload {
  if (typeof message === 'string') return message
  if (message instanceof Uint8Array || message instanceof ArrayBuffer) return Buffer.from(new Uint8Array(message))
  const type = message === null ? 'null' : typeof message
  throw new TypeError(`a message of type ${type}; a string, Uint8Array or ArrayBuffer is allowed`)
}
