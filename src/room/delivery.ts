import { flushAtEndOfTick } from '../connection/send/end-of-tick.ts'
import { joinMessages, type PreparedMessage } from '../connection/send/prepared-message.ts'
import { CloseCode } from '../core/close-code.ts'
import type { WebSocket } from '../session/websocket.ts'
import { Backlog } from './backlog.ts'

/** What a member that does not keep up meets. */
export interface SlowOptions {
  /**
   * What a member meets for which more than `slowBytes` wait: `wait`, what follows waits in a backlog that the room
   * has once for all its slow members; `drop`, it misses what follows until it has read; `close`, it is closed with
   * 1013. Nobody else waits for it. Default `wait`.
   */
  slow?: 'wait' | 'drop' | 'close'
  /** Bytes that may wait for one member. Default 1 MiB. */
  slowBytes?: number
  /** Bytes of the backlog of a room; members that would need older ones miss them. Default 16 MiB. */
  backlogBytes?: number
}

/** Counts over all rooms. */
export interface DeliveryCounts {
  /** Messages that slow members missed. */
  droppedMessages: number
  /** Members closed because they were slow. */
  closedMembers: number
}

interface Member {
  readonly session: WebSocket
  /** Whether it gets the messages that are gathered now. */
  takes: boolean
  /** The message of the backlog that it needs next; -1 when it does not wait. */
  next: number
}

/**
 * Brings messages to the members of a group. Those of one tick are joined, and the same bytes are written to every
 * member, once (9.5 times the deliveries in bursts of 8).
 */
export class Delivery {
  readonly #members = new Map<WebSocket, Member>()
  readonly #options: Required<SlowOptions>
  readonly #counts: DeliveryCounts
  readonly #backlog: Backlog
  #waitingCount = 0
  /** Messages of this tick, and who does not get which of them. */
  #messages: PreparedMessage[] = []
  #exceptions: Map<Member, Set<number>> | null = null
  /** Who gets them, and how many bytes still fit for all of these. */
  #takers: Member[] = []
  #room = 0
  #passedCount = 0

  constructor(options: Required<SlowOptions>, counts: DeliveryCounts) {
    this.#options = options
    this.#counts = counts
    this.#backlog = new Backlog(options.backlogBytes)
  }

  get size(): number {
    return this.#members.size
  }

  /** Bytes kept for slow members. */
  get backlogBytes(): number {
    return this.#backlog.bytes
  }

  /** From now on `session` gets what is sent. */
  add(session: WebSocket): void {
    this.flush()
    if (!this.#members.has(session)) this.#members.set(session, { session, takes: false, next: -1 })
  }

  /** Takes a member out; what was sent before still goes to it. */
  remove(session: WebSocket): void {
    const member = this.#members.get(session)
    if (member === undefined) return
    this.flush()
    this.#members.delete(session)
    if (member.next !== -1) this.#endWait(member)
  }

  /** Sends a message to all members but those of `except`; returns how many take it. */
  send(message: PreparedMessage, except: readonly WebSocket[] = []): number {
    const size = message.frame.length
    if (this.#messages.length > 0 && size > this.#room) this.flush()
    if (this.#messages.length === 0) {
      this.#choose(size)
      flushAtEndOfTick(this)
    }
    this.#messages.push(message)
    this.#room -= size
    let count = this.#takers.length + this.#waitingCount
    for (const session of except) {
      const member = this.#members.get(session)
      if (member === undefined) continue
      this.#except(member, this.#messages.length - 1)
      if (member.takes || member.next !== -1) count -= 1
    }
    return count
  }

  /** Hands the messages that were gathered to the connections. */
  flush(): void {
    const messages = this.#messages
    if (messages.length === 0) return
    const exceptions = this.#exceptions
    const takers = this.#takers
    this.#messages = []
    this.#exceptions = null
    this.#takers = []
    this.#counts.droppedMessages += this.#passedCount * messages.length
    if (this.#waitingCount > 0) this.#keep(messages, exceptions)
    const joined = joinMessages(messages)
    for (const member of takers) {
      const left = exceptions?.get(member)
      if (left === undefined) member.session.connection.send(joined)
      else if (left.size < messages.length) {
        const others = messages.filter((_, index) => !left.has(index))
        member.session.connection.send(joinMessages(others))
      }
    }
  }

  /** Finds out who takes the messages of this tick, the first of which has `size` bytes. */
  #choose(size: number): void {
    let most = 0
    this.#takers = []
    this.#passedCount = 0
    for (const member of this.#members.values()) {
      const { connection } = member.session
      member.takes = false
      if (member.next !== -1 || connection.state !== 'open') continue
      let waiting = connection.bufferedAmount
      if (waiting > 0 && waiting + size > this.#options.slowBytes) {
        // Part of it may not have been offered to the system yet; asking for `drained` does so.
        const drained = connection.drained()
        waiting = connection.bufferedAmount
        if (waiting > 0 && waiting + size > this.#options.slowBytes) {
          this.#meetSlow(member, drained)
          continue
        }
      }
      member.takes = true
      this.#takers.push(member)
      if (waiting > most) most = waiting
    }
    this.#room = this.#options.slowBytes - most
  }

  #meetSlow(member: Member, drained: Promise<void>): void {
    const { slow } = this.#options
    if (slow === 'wait') {
      member.next = this.#backlog.end
      this.#waitingCount += 1
      void drained.then(() => this.#feed(member))
      return
    }
    this.#passedCount += 1
    if (slow === 'drop') return
    this.#counts.closedMembers += 1
    member.session.connection.close(CloseCode.TRY_AGAIN_LATER, 'too slow for the room')
  }

  /** Sends a member that waited what it may have now. */
  #feed(member: Member): void {
    if (member.next === -1) return
    this.flush()
    const { connection } = member.session
    this.#counts.droppedMessages += Math.max(0, this.#backlog.start - member.next)
    member.next = Math.max(this.#backlog.start, member.next)
    for (; member.next < this.#backlog.end; member.next += 1) {
      const { message, except } = this.#backlog.at(member.next)
      const waiting = connection.bufferedAmount
      if (waiting > 0 && waiting + message.frame.length > this.#options.slowBytes) {
        void connection.drained().then(() => this.#feed(member))
        return
      }
      if (!except.includes(member.session)) connection.send(message)
    }
    this.#endWait(member)
  }

  #endWait(member: Member): void {
    member.next = -1
    this.#waitingCount -= 1
    if (this.#waitingCount === 0) this.#backlog.clear()
  }

  #keep(messages: PreparedMessage[], exceptions: Map<Member, Set<number>> | null): void {
    for (const [index, message] of messages.entries()) {
      const except: WebSocket[] = []
      for (const [member, left] of exceptions ?? []) if (left.has(index)) except.push(member.session)
      this.#backlog.push({ message, except })
    }
  }

  #except(member: Member, index: number): void {
    this.#exceptions ??= new Map()
    const left = this.#exceptions.get(member)
    if (left === undefined) this.#exceptions.set(member, new Set([index]))
    else left.add(index)
  }
}
