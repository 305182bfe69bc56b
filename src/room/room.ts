import type { Sendable } from '../connection/send/outgoing.ts'
import type { WebSocket } from '../session/websocket.ts'
import type { HistoryOptions } from './broker/broker.ts'
import type { Groups } from './groups.ts'
import { collectPresence, type Presence } from './presence.ts'
import type { Joined } from './recipients.ts'

/** Options of a join. */
export interface JoinOptions {
  /** The name under which the session is listed in `members()`. Default: it is counted without a name. */
  as?: string | undefined
  /**
   * The ids of the last messages that the client got, one for each of its rooms, joined by `*`: the browser client
   * sends them in the query `last`. The session is sent what it missed of this room. If there is no id of this room, or
   * `null`, it is sent its first id, `{"id":"…","joined":true}`. Only for rooms with history.
   */
  last?: string | null | undefined
}

/** Options of a broadcast. */
export interface BroadcastOptions {
  /** A member of this process that does not get the message. */
  except?: WebSocket | undefined
  /**
   * Whether the message may be compressed, once for all members whose permessage-deflate allows it: those without
   * context takeover on the server's side, which is the default. Default true.
   */
  compress?: boolean | undefined
}

/**
 * A group of sessions in all processes that share a broker. A `Room` is only a name: the room exists while it has
 * members, any number of `Room`s may name it, and none has to be stored or closed.
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

  /** The history option; `null` without history. */
  get history(): Readonly<HistoryOptions> | null {
    return this.#groups.settings.history
  }

  /**
   * Makes `session` a member until it leaves or is closed. From now on it gets what is broadcast in this process. The
   * promise resolves when it also gets what other processes send, and has been sent what it missed; it never rejects.
   *
   * @throws {RangeError} when a name has more than 256 characters, or there are `maxRooms` rooms; synchronously.
   */
  join(session: WebSocket, { as = '', last }: JoinOptions = {}): Promise<Joined> {
    return this.#groups.join(this.name, session, as, last)
  }

  /** Removes a member; it still gets what was broadcast before. */
  leave(session: WebSocket): void {
    this.#groups.get(this.name)?.leave(session)
  }

  /** Whether `session` is a member. */
  has(session: WebSocket): boolean {
    return this.#groups.get(this.name)?.has(session) ?? false
  }

  /**
   * Sends a message to every member. Members of this process get it at the end of the tick, before anything that is
   * sent to them directly after this call; members of other processes when the broker delivers it. Members of
   * different processes may see the messages of different senders in a different order, but never those of one sender.
   *
   * @returns For how many members of this process it is accepted: those that are open and were not passed over as slow.
   * @throws {TypeError} when the message is not a string, Uint8Array or ArrayBuffer.
   */
  broadcast(message: Sendable, options: BroadcastOptions = {}): number {
    return this.#groups.broadcast(this.name, { message, ...options })
  }

  /** The members in all processes; a process that cannot be reached counts until its presence expires. */
  async members(): Promise<Presence> {
    const elsewhere = await this.#groups.broker.presence(this.#groups.topicOf(this.name))
    return collectPresence(this.#groups.get(this.name)?.presence, elsewhere)
  }
}
