import type { Sendable } from '../connection/send/outgoing.ts'
import type { SessionWatcher, WebSocket } from '../session/websocket.ts'
import { Groups, type GroupsStats } from './groups.ts'
import { checkCount, checkName, type GroupOptions } from './options.ts'
import { collectPresence } from './presence.ts'

/** How a device is added. */
export interface UserOptions {
  /** Milliseconds without a message from the device after which it no longer counts. Default: as long as it is open. */
  ttl?: number
}

/** What users counted; sizes in bytes. */
export interface UsersStats extends Omit<GroupsStats, 'groups' | 'members'> {
  /** Users with a device in this process. */
  users: number
  /** Devices in this process. */
  devices: number
}

/** Sessions by the name of their user, who may have several: the devices of one person, over all processes. */
export class Users {
  /** A user has lost the last device, by leaving, closing or silence; other processes have none of it either. */
  onGone: (name: string) => void = () => {}
  readonly #groups: Groups
  readonly #expiries = new WeakMap<WebSocket, Map<string, Expiry>>()

  /** @throws {RangeError} for a number or word that is not allowed */
  constructor(options: GroupOptions = {}) {
    this.#groups = new Groups('u:', { ...options, history: null })
    this.#groups.onGone = (name) => void this.#tellGone(name)
  }

  /**
   * Adds a device to a user until it is removed, closed, or silent for `ttl`; adding it again sets its `ttl` anew.
   * Resolves when what other processes send reaches it; never rejects.
   *
   * @throws {RangeError} synchronously, for a name over 256 characters or a `ttl` that is no whole number from 1
   */
  add(name: string, session: WebSocket, { ttl }: UserOptions = {}): Promise<void> {
    checkName(name)
    if (ttl !== undefined) checkCount('ttl', ttl)
    const joining = this.#groups.join(name, session, '').then(() => {})
    this.#dropExpiry(name, session)
    if (ttl !== undefined && !session.is_closed()) this.#addExpiry(name, session, ttl)
    return joining
  }

  /** Takes a device from a user. */
  remove(name: string, session: WebSocket): void {
    this.#dropExpiry(name, session)
    this.#groups.get(name)?.leave(session)
  }

  /**
   * Sends a message to every device of a user. Resolves to how many took it: those of this process that are open and
   * keep up, and those that other processes say they have.
   *
   * @throws {TypeError} synchronously, for a message that is no string, Uint8Array or ArrayBuffer
   */
  send(name: string, message: Sendable): Promise<number> {
    checkName(name)
    const here = this.#groups.broadcast(name, message)
    const presence = this.#groups.broker.presence(this.#groups.topicOf(name))
    return presence.then((elsewhere) => here + collectPresence(undefined, elsewhere).count)
  }

  /** Whether a user has a device, in any process. */
  async has(name: string): Promise<boolean> {
    if (this.#groups.get(name) !== undefined) return true
    return (await this.#groups.broker.presence(this.#groups.topicOf(name))).length > 0
  }

  /** The users that have a device, in any process, in order. */
  async names(): Promise<string[]> {
    const beginning = this.#groups.topicOf('')
    const elsewhere = await this.#groups.broker.presenceKeys(beginning)
    return [...new Set([...this.#groups.names(), ...elsewhere.map((key) => key.slice(beginning.length))])].sort()
  }

  stats(): UsersStats {
    const { groups, members, ...rest } = this.#groups.stats()
    return { users: groups, devices: members, ...rest }
  }

  async #tellGone(name: string): Promise<void> {
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

/** Waits for silence: a message costs it a look at the clock, not a timer. */
class Expiry implements SessionWatcher {
  readonly #ttl: number
  readonly #onExpired: () => void
  #heardAt = performance.now()
  #timer: NodeJS.Timeout

  constructor(ttl: number, onExpired: () => void) {
    this.#ttl = ttl
    this.#onExpired = onExpired
    this.#timer = this.#wait(ttl)
  }

  onMessage(): void {
    this.#heardAt = performance.now()
  }

  onEnd(): void {
    clearTimeout(this.#timer)
  }

  #wait(delay: number): NodeJS.Timeout {
    // A timer may be a little early; a delay beyond what it can hold is looked at again when it fires.
    return setTimeout(() => this.#look(), Math.min(Math.ceil(delay), 2 ** 31 - 1)).unref()
  }

  #look(): void {
    const left = this.#heardAt + this.#ttl - performance.now()
    if (left <= 0) this.#onExpired()
    else this.#timer = this.#wait(left)
  }
}
