import type { Sendable } from '../connection/send/outgoing.ts'
import type { WebSocket } from '../session/websocket.ts'
import type { HistoryOptions } from './broker/broker.ts'
import type { Groups } from './groups.ts'
import { collectPresence, type Presence } from './presence.ts'
import type { Joined } from './recipients.ts'

/** Options of a join. */
export interface JoinOptions {
  /** The name under which `members()` lists the session. Default: it is only counted. */
  as?: string | undefined
  /**
   * The last ids that the client got, one for each of its rooms, joined by `*`. The browser client sends them in the
   * query parameter `last`. The session is sent the messages that it missed in this room. Without an id of this room,
   * or with null, it is sent its first id, `{"id":"…","joined":true}`. Only for rooms with history.
   */
  last?: string | null | undefined
}

/** Options of a broadcast. */
export interface BroadcastOptions {
  /** A member in this process that does not get the message. */
  except?: WebSocket | undefined
  /**
   * Whether the message may be compressed. This happens once for all members whose permessage-deflate allows it: those
   * without server context takeover (the default). Default true.
   */
  compress?: boolean | undefined
}

/**
 * A group of sessions in all processes that share a broker. A `Room` is only a name: the room exists while it has
 * members. Any number of `Room` objects may have the same name, and none of them needs to be stored or closed.
 *
 * With `history`, each message is sent in a text envelope, `{"id":"…","data":"the text"}` or
 * `{"id":"…","binary":"base64"}`. The message `{"id":"…","gap":true}` means that messages are missing.
 */
export class Room {
  readonly name: string
  readonly #groups: Groups

  /** Use `rooms.room(name)` instead. */
  constructor(name: string, groups: Groups) {
    this.name = name
    this.#groups = groups
  }

  /** Number of members in this process. */
  get size(): number {
    return this.#groups.get(this.name)?.size ?? 0
  }

  /** The option `history`; null without history. */
  get history(): Readonly<HistoryOptions> | null {
    return this.#groups.settings.history
  }

  /**
   * Makes `session` a member until it leaves or is closed. From now on it gets what is broadcast in this process. The
   * promise resolves when it also gets what other processes broadcast and has been sent what it missed. It never
   * rejects.
   *
   * @throws {RangeError} synchronously, when a name has more than 256 characters, or there are `maxRooms` rooms.
   * @throws {TypeError} synchronously, when another `Rooms` object with the same broker has this room, and only one of
   *   the two has `history`.
   */
  join(session: WebSocket, { as = '', last }: JoinOptions = {}): Promise<Joined> {
    return this.#groups.join(this.name, session, as, last)
  }

  /** Removes a member, which still gets what was broadcast before. */
  leave(session: WebSocket): void {
    this.#groups.get(this.name)?.leave(session)
  }

  /** Returns whether `session` is a member. */
  has(session: WebSocket): boolean {
    return this.#groups.get(this.name)?.has(session) ?? false
  }

  /**
   * Sends a message to all members. Members of this process get it at the end of the tick, before anything that is sent
   * to them directly after this call. Members of other processes get it when the broker delivers it. The order of
   * messages from different senders may differ between processes, but not the order of messages from one sender.
   *
   * @returns How many members in this process accepted it: those that are open and not skipped because they are slow.
   * @throws {TypeError} when the message is not a string, Uint8Array or ArrayBuffer.
   */
  broadcast(message: Sendable, options: BroadcastOptions = {}): number {
    return this.#groups.broadcast(this.name, { message, ...options })
  }

  /**
   * Resolves to the members in all processes. The members in a process that cannot be reached are included until its
   * presence expires.
   */
  async members(): Promise<Presence> {
    const elsewhere = await this.#groups.broker.presence(this.#groups.topicOf(this.name))
    return collectPresence(this.#groups.get(this.name)?.presence, elsewhere)
  }
}
