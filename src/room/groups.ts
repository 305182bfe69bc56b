import { unframableType } from '../connection/send/message-type.ts'
import { copyAlone } from '../connection/send/prepared-message.ts'
import { type ByteSource, bytesOf } from '../core/bytes.ts'
import type { WebSocket } from '../session/websocket.ts'
import { callUser, reportTo } from '../user-code/user-code.ts'
import type { Broker, BrokerStats, Payload } from './broker/broker.ts'
import { MemoryBroker } from './broker/memory.ts'
import type { DeliveryCounts } from './delivery.ts'
import { type Gap, Group, type GroupHost } from './group.ts'
import { checkName, type GroupSettings } from './options.ts'
import type { Joined } from './recipients.ts'

/** Statistics about rooms and users. */
export interface GroupsStats extends DeliveryCounts {
  /** Number of groups with members in this process. */
  groups: number
  /** Number of memberships in this process. */
  members: number
  /** Number of bytes that wait for slow members. */
  backlogBytes: number
  /** Number of times that messages from other processes were missed. */
  gaps: number
  /** Number of messages that were missed, the sum of `missedCount` of all gaps. */
  missedMessages: number
  /** The state of the broker, and its counts. */
  broker: BrokerStats
}

/** A broadcast to a group. */
export interface Broadcast {
  readonly message: string | ByteSource
  /** Whether the message may be compressed. Default true. */
  readonly compress?: boolean | undefined
  readonly except?: WebSocket | undefined
}

/** The callbacks of groups. */
export interface GroupsHost {
  /** Called when a group has lost its last member in this process. */
  onEmpty?(name: string): void
  onGap?(gap: Gap): unknown
}

/**
 * The groups of each broker, by prefix and name. All `Rooms` objects with the same broker share their groups, and so do
 * all `Users` objects, because a broker has one listener for each topic, and a group delivers the messages from its own
 * process without the broker.
 */
const groupsOf = new WeakMap<Broker, Map<string, Map<string, Group>>>()

/** Number of messages that this process has published. Brokers use it to detect duplicates. */
let sequence = 0

/** Groups by name. `Rooms` and `Users` are based on this class. A group exists while it has members. */
export class Groups {
  readonly broker: Broker
  readonly settings: GroupSettings
  readonly #prefix: string
  readonly #host: GroupsHost
  readonly #groups: Map<string, Group>
  readonly #counts: DeliveryCounts = { droppedMessages: 0, closedMembers: 0 }
  readonly #groupHost: GroupHost
  #gapCount = 0
  #missedCount = 0

  /** @param prefix Prefix of the names in topics, so that rooms and users can share a broker. */
  constructor(prefix: string, settings: GroupSettings, host: GroupsHost) {
    this.settings = settings
    this.broker = settings.broker ?? new MemoryBroker()
    this.#prefix = prefix
    this.#host = host
    this.#groups = shareGroups(this.broker, prefix)
    this.#groupHost = {
      broker: this.broker,
      settings,
      counts: this.#counts,
      onGap: (gap) => this.#onGap(gap),
      onEmpty: ({ name }) => {
        this.#groups.delete(name)
        this.#host.onEmpty?.(name)
      },
    }
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

  /** Adds a session to a group, which is created if necessary. */
  join(name: string, session: WebSocket, as: string, last?: string | null): Promise<Joined> {
    checkName(as)
    let group = this.#groups.get(name)
    if (group === undefined) {
      if (session.is_closed()) return Promise.resolve({ missedCount: 0, isComplete: last === undefined })
      const { maxGroups } = this.settings
      if (this.#groups.size >= maxGroups) throw new RangeError(`too many rooms; allowed: ${maxGroups}`)
      group = new Group(name, this.topicOf(name), this.#groupHost)
      this.#groups.set(name, group)
    } else if (group.hasHistory !== (this.settings.history !== null)) {
      throw new TypeError(
        `the room has ${group.hasHistory ? '' : 'no '}history in another Rooms object of this broker; allowed: the same for both`,
      )
    }
    return group.join(session, as, last, this.#groupHost)
  }

  /** Sends a message to a group in all processes. Returns how many members in this process accepted it. */
  broadcast(name: string, { message, compress = true, except }: Broadcast): number {
    const payload = copyPayload(message, this.settings.history !== null || this.broker.isShared)
    sequence += 1
    const publication = { sequence, payload, compress }
    const group = this.#groups.get(name)
    if (group !== undefined) return group.broadcast(publication, except)
    this.broker.publish(this.topicOf(name), publication, this.settings.history)
    return 0
  }

  /** Calls a callback of the application. An error that it throws or rejects with is passed to `onError`. */
  call(callback: () => unknown): void {
    callUser(callback, (error) => reportTo(this.settings.onError, error))
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
      ...this.#counts,
      broker: this.broker.stats(),
    }
  }

  #onGap(gap: Gap): void {
    this.#gapCount += 1
    this.#missedCount += gap.missedCount
    this.call(() => this.#host.onGap?.(gap))
  }
}

function shareGroups(broker: Broker, prefix: string): Map<string, Group> {
  const byPrefix = groupsOf.get(broker) ?? new Map<string, Map<string, Group>>()
  groupsOf.set(broker, byPrefix)
  const groups = byPrefix.get(prefix) ?? new Map<string, Group>()
  byPrefix.set(prefix, groups)
  return groups
}

/**
 * Copies bytes, because the application may change them while they wait to be published. What is stored must have its
 * own memory. Otherwise a part of a long text or of a pooled buffer would keep the whole alive.
 */
function copyPayload(message: string | ByteSource, isStored: boolean): Payload {
  if (typeof message === 'string') return isStored ? Buffer.from(message).toString() : message
  const bytes = bytesOf(message)
  if (bytes !== null) return isStored ? copyAlone(bytes) : Buffer.from(bytes)
  throw unframableType(message)
}
