import type { Connection } from '../connection/connection.ts'
import type { PublicConnection } from '../connection/host.ts'
import { flushAtEndOfTick } from '../connection/send/end-of-tick.ts'
import { joinMessages, type PreparedMessage } from '../connection/send/prepared-message.ts'
import { unreadyConnections } from '../connection/unready.ts'
import { CloseCode } from '../core/close-code.ts'
import type { WebSocket } from '../session/websocket.ts'
import { Backlog } from './backlog.ts'
import type { SlowOptions } from './options.ts'

/** Counts across all rooms. */
export interface DeliveryCounts {
  /** Number of messages that slow members missed. */
  droppedMessages: number
  /** Number of members whose connections were closed because they were slow. */
  closedMembers: number
}

interface Member {
  readonly connection: Connection
  /** The number of the next message of the backlog; -1 when the member is not waiting. */
  next: number
}

/**
 * Sends messages to the members of a group. The messages of one tick are joined, and the same bytes are written to all
 * members at once, so that a burst costs each member one write.
 */
export class Delivery {
  readonly #members = new Map<PublicConnection, Member>()
  /** The members as an array; null after a change, until messages are written. */
  #list: Member[] | null = null
  readonly #options: Required<SlowOptions>
  readonly #counts: DeliveryCounts
  readonly #backlog: Backlog
  #waitingCount = 0
  /** The messages of this tick, and for some of them the members that do not get them. */
  #messages: PreparedMessage[] = []
  #exceptions: Map<Member, Set<number>> | null = null
  /** Number of bytes that each member that gets these messages at the end of the tick can accept. */
  #room = 0
  /** Members that neither get these messages nor wait for them, because they are closing or too slow. */
  #passedOver = new Set<Member>()
  #slowCount = 0
  #isWriting = false

  constructor(options: Required<SlowOptions>, counts: DeliveryCounts) {
    this.#options = options
    this.#counts = counts
    this.#backlog = new Backlog(options.backlogBytes)
  }

  get size(): number {
    return this.#members.size
  }

  /** Number of bytes that wait for slow members. */
  get backlogBytes(): number {
    return this.#backlog.bytes
  }

  /** Adds a member, which gets all messages from now on. */
  add(session: WebSocket): void {
    this.flush()
    const { connection } = session
    if (this.#members.has(connection)) return
    this.#members.set(connection, { connection, next: -1 })
    this.#list = null
  }

  /** Removes a member, which still gets the messages that were sent before. */
  remove(session: WebSocket): void {
    const { connection } = session
    const member = this.#members.get(connection)
    if (member === undefined) return
    this.flush()
    this.#members.delete(connection)
    this.#list = null
    if (member.next !== -1) this.#endWait(member)
  }

  /** Sends a message to all members except those in `except`. Returns how many members accepted it. */
  send(message: PreparedMessage, except: readonly WebSocket[] = []): number {
    const size = message.frame.length
    if (this.#messages.length > 0 && size > this.#room) this.flush()
    if (this.#messages.length === 0) {
      this.#passOver(size)
      flushAtEndOfTick(this)
    }
    this.#messages.push(message)
    this.#room -= size
    let count = this.#members.size - this.#passedOver.size
    for (const { connection } of except) {
      const member = this.#members.get(connection)
      if (member === undefined) continue
      this.#except(member, this.#messages.length - 1)
      if (!this.#passedOver.has(member)) count -= 1
    }
    return count
  }

  /** Writes the messages of this tick to the connections, and then those that are sent meanwhile. */
  flush(): void {
    // A connection that ends during a write may call back, and flush again before later members have these messages.
    if (this.#isWriting) return
    this.#isWriting = true
    try {
      while (this.#messages.length > 0) this.#write()
    } finally {
      this.#isWriting = false
    }
  }

  #write(): void {
    const messages = this.#messages
    const exceptions = this.#exceptions
    const passedOver = this.#passedOver
    this.#messages = []
    this.#exceptions = null
    this.#passedOver = new Set()
    this.#counts.droppedMessages += this.#slowCount * messages.length
    if (this.#waitingCount > 0) this.#pushBacklog(messages, exceptions)
    const joined = joinMessages(messages)
    this.#list ??= [...this.#members.values()]
    for (const member of this.#list) {
      if (member.next !== -1 || passedOver.has(member)) continue
      const excepted = exceptions?.get(member)
      if (excepted === undefined) member.connection.send(joined)
      else if (excepted.size < messages.length) {
        const others = messages.filter((_, index) => !excepted.has(index))
        member.connection.send(joinMessages(others))
      }
    }
  }

  /** Determines the members that miss the messages of this tick, the first of which has `size` bytes. */
  #passOver(size: number): void {
    let largest = 0
    this.#slowCount = 0
    for (const member of this.#unreadyMembers()) {
      const { connection } = member
      if (member.next !== -1) continue
      if (connection.state !== 'open') {
        this.#passedOver.add(member)
        continue
      }
      let waiting = connection.bufferedAmount
      if (waiting > 0 && waiting + size > this.#options.slowBytes) {
        // `drained()` also writes data that has not been passed to the system yet.
        const drained = connection.drained()
        waiting = connection.bufferedAmount
        if (waiting > 0 && waiting + size > this.#options.slowBytes) {
          this.#handleSlow(member, drained)
          continue
        }
      }
      if (waiting > largest) largest = waiting
    }
    this.#room = this.#options.slowBytes - largest
  }

  /** Returns all members that may be unable to accept a message, from the shorter of two lists. */
  #unreadyMembers(): Iterable<Member> {
    if (unreadyConnections.size >= this.#members.size) return this.#members.values()
    const unready: Member[] = []
    for (const connection of unreadyConnections) {
      const member = this.#members.get(connection)
      if (member !== undefined) unready.push(member)
    }
    return unready
  }

  #handleSlow(member: Member, drained: Promise<void>): void {
    const { slow } = this.#options
    if (slow === 'wait') {
      member.next = this.#backlog.end
      this.#waitingCount += 1
      void drained.then(() => this.#sendBacklog(member))
      return
    }
    this.#passedOver.add(member)
    this.#slowCount += 1
    if (slow === 'drop') return
    this.#counts.closedMembers += 1
    member.connection.close(CloseCode.TRY_AGAIN_LATER, 'too slow for the room')
  }

  /** Sends a waiting member as much of the backlog as it can accept. */
  #sendBacklog(member: Member): void {
    const { connection } = member
    // `drained()` resolves at once when the connection has ended.
    if (member.next === -1 || connection.state === 'closed') return
    this.flush()
    this.#counts.droppedMessages += Math.max(0, this.#backlog.start - member.next)
    member.next = Math.max(this.#backlog.start, member.next)
    for (; member.next < this.#backlog.end; member.next += 1) {
      const { message, except } = this.#backlog.at(member.next)
      const waiting = connection.bufferedAmount
      if (waiting > 0 && waiting + message.frame.length > this.#options.slowBytes) {
        void connection.drained().then(() => this.#sendBacklog(member))
        return
      }
      if (!except.includes(connection)) connection.send(message)
    }
    this.#endWait(member)
  }

  #endWait(member: Member): void {
    member.next = -1
    this.#waitingCount -= 1
    if (this.#waitingCount === 0) this.#backlog.clear()
  }

  #pushBacklog(messages: PreparedMessage[], exceptions: Map<Member, Set<number>> | null): void {
    for (const [index, message] of messages.entries()) {
      const except: Connection[] = []
      for (const [member, excepted] of exceptions ?? []) if (excepted.has(index)) except.push(member.connection)
      this.#backlog.push({ message, except })
    }
  }

  #except(member: Member, index: number): void {
    this.#exceptions ??= new Map()
    const excepted = this.#exceptions.get(member)
    if (excepted === undefined) this.#exceptions.set(member, new Set([index]))
    else excepted.add(index)
  }
}
