import type { Sendable } from '../connection/send/outgoing.ts'
import type { WebSocket } from '../session/websocket.ts'
import type { HistoryOptions } from './broker/broker.ts'
import type { Groups } from './groups.ts'
import { collectPresence, type Presence } from './presence.ts'
import type { Joined } from './recipients.ts'

/** Options of `Room.join`. */
export interface JoinOptions {
  /**
   * The name under which `members()` lists the session, at most 256 characters. Default `''`: the session is counted,
   * but not listed.
   */
  as?: string | undefined
  /**
   * The last ids that the client received, one for each of its rooms, joined by `*`. The browser client sends them in
   * the query parameter `last`. The session is then sent the messages that it missed in this room. With null, or when
   * no id is from this room, the session is sent its first id, `{"id":"…","joined":true}`. With an invalid id, it is
   * sent `{"id":"…","gap":true}` and the whole history. Only for rooms with history. Default: it is sent none of these.
   */
  last?: string | null | undefined
}

/** Options of `Room.broadcast`. */
export interface BroadcastOptions {
  /** A member in this process that does not get the message. */
  except?: WebSocket | undefined
  /**
   * Whether the message may be compressed. It is compressed once for all members with permessage-deflate and without
   * server context takeover. Default true.
   */
  compress?: boolean | undefined
}

/**
 * A group of sessions in all processes whose brokers are connected. A `Room` object holds only a name; the room itself
 * exists while it has members. Any number of `Room` objects may have the same name, and none of them needs to be stored
 * or closed.
 *
 * With `history`, each message is sent as text in an envelope, `{"id":"…","data":"the text"}` or
 * `{"id":"…","binary":"base64"}`. The message `{"id":"…","gap":true}` means that messages are missing.
 */
export class Room {
  /** The name of the room. */
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
   * Makes `session` a member until it leaves or is closed. From now on, the session gets what this process broadcasts.
   * The promise resolves when the session also gets what other processes broadcast, and has been sent the messages that
   * it missed. The promise never rejects.
   *
   * @throws {RangeError} synchronously, when `as` has more than 256 characters, or there are already `maxRooms` other
   *   rooms.
   * @throws {TypeError} synchronously, when `as` is not a string, or when another `Rooms` object with the same broker
   *   has this room, and only one of the two objects has `history`.
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
   * Sends a message to all members. Members in this process get the message at the end of the tick, but before any
   * message that is sent to them after this call. Members in other processes get it when the broker delivers it.
   * Messages from one process arrive in the same order everywhere. The order of messages from different processes may
   * differ from process to process.
   *
   * @returns How many members in this process accepted the message: those whose connection is open, except slow members
   *   that are skipped.
   * @throws {TypeError} when the message is neither a string nor a typed array, DataView or ArrayBuffer.
   */
  broadcast(message: Sendable, options: BroadcastOptions = {}): number {
    return this.#groups.broadcast(this.name, { message, ...options })
  }

  /**
   * Resolves to the members in all processes. With a `RedisBroker`, the members in a process that has crashed are
   * included until its presence expires (`presenceTtl`). While the broker is unavailable, only the members in this
   * process are included.
   */
  async members(): Promise<Presence> {
    const elsewhere = await this.#groups.broker.presence(this.#groups.topicOf(this.name))
    return collectPresence(this.#groups.get(this.name)?.presence, elsewhere)
  }
}
