import type { Sendable } from '../connection/send/outgoing.ts'
import type { WebSocket } from '../session/websocket.ts'
import { Expiry } from './expiry.ts'
import { Groups, type GroupsStats } from './groups.ts'
import { checkName, checkTtl, type GroupOptions, readGroupOptions } from './options.ts'
import { collectPresence } from './presence.ts'

/** Options of `Users.add`. */
export interface UserOptions {
  /**
   * Time in milliseconds without a message from the device, after which the device is removed. Default: no time limit.
   */
  ttl?: number | undefined
}

/** Statistics about users: current values, and counts since the `Users` object was created. */
export interface UsersStats extends Omit<GroupsStats, 'groups' | 'members'> {
  /** Number of users with devices in this process. */
  users: number
  /** Number of devices in this process. */
  devices: number
}

/**
 * Sessions by the names of their users. Each session of a user is a device. A user may have several devices, in all
 * processes whose brokers are connected.
 */
export class Users {
  /**
   * Called when a user has no device left in any process: the last one was removed, was closed, or was silent for its
   * `ttl`. Called only for users to whom this object has added devices.
   */
  onGone: (name: string) => unknown = () => {}
  readonly #groups: Groups
  readonly #expiries = new WeakMap<WebSocket, Map<string, Expiry>>()

  /**
   * @throws {TypeError} when an option is unknown or has the wrong type.
   * @throws {RangeError} when the value of an option is not allowed.
   */
  constructor(options: GroupOptions = {}) {
    this.#groups = new Groups('u:', readGroupOptions(options), { onEmpty: (name) => void this.#notifyGone(name) })
  }

  /**
   * Adds a device to a user until the device is removed, is closed, or is silent for `ttl`. Adding it again replaces
   * its `ttl`. The promise resolves when the device also gets what other processes send. The promise never rejects.
   *
   * @throws {RangeError} synchronously, when the name has more than 256 characters, or `ttl` is not a positive integer.
   * @throws {TypeError} synchronously, when the name is not a string, or `ttl` is not a number.
   */
  add(name: string, session: WebSocket, { ttl }: UserOptions = {}): Promise<void> {
    checkName(name)
    checkTtl(ttl)
    const joining = this.#groups.join(name, session, '').then(() => {})
    this.#dropExpiry(name, session)
    if (ttl !== undefined && !session.is_closed()) this.#addExpiry(name, session, ttl)
    return joining
  }

  /** Removes a device from a user. */
  remove(name: string, session: WebSocket): void {
    this.#dropExpiry(name, session)
    this.#groups.get(name)?.leave(session)
  }

  /**
   * Sends a message to all devices of a user. Resolves to the number of devices: those in this process that accepted
   * the message, and those that other processes announce.
   *
   * @throws {TypeError} synchronously, when the name is not a string, or the message is neither a string nor a typed
   *   array, DataView or ArrayBuffer.
   * @throws {RangeError} synchronously, when the name has more than 256 characters.
   */
  send(name: string, message: Sendable): Promise<number> {
    checkName(name)
    const here = this.#groups.broadcast(name, { message })
    const presence = this.#groups.broker.presence(this.#groups.topicOf(name))
    return presence.then((elsewhere) => here + collectPresence(undefined, elsewhere).count)
  }

  /** Resolves to whether a user has a device in any process. */
  async has(name: string): Promise<boolean> {
    if (this.#groups.get(name) !== undefined) return true
    return (await this.#groups.broker.presence(this.#groups.topicOf(name))).length > 0
  }

  /** Resolves to the names of the users that have a device in any process, sorted. */
  async names(): Promise<string[]> {
    const prefix = this.#groups.topicOf('')
    const elsewhere = await this.#groups.broker.presenceKeys(prefix)
    return [...new Set([...this.#groups.names(), ...elsewhere.map((key) => key.slice(prefix.length))])].sort()
  }

  /** Returns statistics about the users with devices in this process, and about the broker. */
  stats(): UsersStats {
    const { groups, members, ...rest } = this.#groups.stats()
    return { users: groups, devices: members, ...rest }
  }

  async #notifyGone(name: string): Promise<void> {
    const elsewhere = await this.#groups.broker.presence(this.#groups.topicOf(name))
    if (elsewhere.length === 0 && this.#groups.get(name) === undefined) this.#groups.call(() => this.onGone(name))
  }

  #addExpiry(name: string, session: WebSocket, ttl: number): void {
    const expiries = this.#expiries.get(session) ?? new Map<string, Expiry>()
    this.#expiries.set(session, expiries)
    const expiry = new Expiry(ttl, () => this.remove(name, session))
    expiries.set(name, expiry)
    session.watch(expiry)
  }

  #dropExpiry(name: string, session: WebSocket): void {
    const expiry = this.#expiries.get(session)?.get(name)
    if (expiry === undefined) return
    this.#expiries.get(session)?.delete(name)
    session.unwatch(expiry)
    expiry.onEnd()
  }
}
