import type { Sendable } from '../connection/send/outgoing.ts'
import type { WebSocket } from '../session/websocket.ts'
import type { HistoryOptions } from './broker/broker.ts'
import type { Joined } from './group.ts'
import type { Groups } from './groups.ts'
import { parseId } from './history.ts'
import { collectPresence, type Presence } from './presence.ts'

/** How a session joins a room. */
export interface JoinOptions {
  /** The name it is listed under in `members()`. Default: it is counted without a name. */
  as?: string
  /**
   * The id of the last message it got, as the browser client sends in the query `last`; then it gets what it missed.
   * `null` is a client that has none yet. Only in rooms with history.
   */
  last?: string | null
}

/** How a message is broadcast. */
export interface BroadcastOptions {
  /** A member of this process that does not get it. */
  except?: WebSocket
  /**
   * Whether it may be compressed, once for all members whose permessage-deflate allows it: those without context
   * takeover on the server's side, as by default. Default: true.
   */
  compress?: boolean
}

/**
 * A group of sessions, over all processes that share a broker. It is a name: the room is there while it has members,
 * any number of `Room`s may name it, and none needs to be kept or given back.
 *
 * With `history` every message travels in a text envelope, `{"id":"…","data":"the text"}` or
 * `{"id":"…","binary":"base64"}`, and `{"id":"…","gap":true}` says that messages are missing.
 */
export class Room {
  readonly name: string
  readonly #groups: Groups

  /** Use `rooms.room(name)`. */
  constructor(name: string, groups: Groups) {
    this.name = name
    this.#groups = groups
  }

  /** Members in this process. */
  get size(): number {
    return this.#groups.get(this.name)?.size ?? 0
  }

  /** What is kept of the room; `null` for nothing. */
  get history(): Readonly<HistoryOptions> | null {
    return this.#groups.settings.history
  }

  /**
   * Makes `session` a member until it leaves or is closed. It gets what is broadcast in this process from now on; the
   * promise resolves when it also gets what others send, and has been sent what it missed. It never rejects.
   *
   * @throws {RangeError} synchronously, for a name over 256 characters and for a room beyond `maxRooms`
   */
  join(session: WebSocket, { as = '', last }: JoinOptions = {}): Promise<Joined> {
    const id = last === undefined || last === null ? undefined : parseId(last)
    return this.#groups.join(this.name, session, as, id)
  }

  /** Takes a member out; what was broadcast before still goes to it. */
  leave(session: WebSocket): void {
    this.#groups.get(this.name)?.leave(session)
  }

  /** Whether `session` is a member. */
  has(session: WebSocket): boolean {
    return this.#groups.get(this.name)?.has(session) ?? false
  }

  /**
   * Sends a message to every member. Those of this process are served at the end of the tick, before anything that is
   * sent to them directly after this call; those of other processes as the broker brings it. Members of different
   * processes may see messages of different senders in a different order, those of one sender never.
   *
   * @returns how many members of this process take it: those that are open, and not passed over as slow
   * @throws {TypeError} for a message that is no string, Uint8Array or ArrayBuffer
   */
  broadcast(message: Sendable, options: BroadcastOptions = {}): number {
    return this.#groups.broadcast(this.name, message, options.compress, options.except)
  }

  /** Who is here, in all processes; a process that cannot be reached counts until it is taken for dead. */
  async members(): Promise<Presence> {
    const elsewhere = await this.#groups.broker.presence(this.#groups.topicOf(this.name))
    return collectPresence(this.#groups.get(this.name)?.presence, elsewhere)
  }
}
