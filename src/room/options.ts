import { callback, choice, integer, type OptionRule, objectWith, orNull } from '../options/option-rule.ts'
import { checkOption, checkOptionNames, readOptions } from '../options/read-options.ts'
import type { Broker, HistoryOptions } from './broker/broker.ts'

/** Options for members that read too slowly. */
export interface SlowOptions {
  /**
   * What happens to a member when a message would raise its unsent data above `slowBytes`. `wait`: its messages wait in
   * a backlog that all slow members of the room share. `drop`: it misses messages until it has caught up. `close`: its
   * connection is closed with 1013. Other members are never delayed. Default `wait`.
   */
  slow?: 'wait' | 'drop' | 'close' | undefined
  /** Maximum number of bytes that wait to be sent to one member; see `slow`. Default 1 MiB. */
  slowBytes?: number | undefined
  /**
   * Maximum size in bytes of the backlog of a room, and of the messages that wait while the history is being read for a
   * member that resumes. Above it, the oldest messages are dropped, and the members that still need them miss them.
   * Default 16 MiB.
   */
  backlogBytes?: number | undefined
}

/** Options of users, which are also options of rooms. */
export interface GroupOptions extends SlowOptions {
  /** Connects this process to other processes. Default: a new `MemoryBroker`, for this process alone. */
  broker?: Broker | undefined
  /** Called with each error that a callback throws or rejects with. Default: writes the error to standard error. */
  onError?: ((error: unknown) => void) | undefined
}

/** Options of rooms. */
export interface RoomsOptions extends GroupOptions {
  /**
   * Stores the last messages of each room, so that a member can reconnect and get the messages that it missed. Each
   * message is then sent in an envelope with an id; see `Room.join`. Default null: no history.
   */
  history?: HistoryOptions | null | undefined
  /**
   * Maximum number of rooms with members in this process. When there are this many, joining another room throws a
   * RangeError. Default 100,000.
   */
  maxRooms?: number | undefined
}

/** The options of a group with defaults filled in and values checked. */
export interface GroupSettings {
  readonly delivery: Readonly<Required<SlowOptions>>
  readonly history: Readonly<HistoryOptions> | null
  readonly maxGroups: number
  readonly broker: Broker | null
  readonly onError: (error: unknown) => void
}

const deliveryRules = {
  slow: choice('wait', 'drop', 'close'),
  slowBytes: integer(1024 * 1024),
  backlogBytes: integer(16 * 1024 * 1024),
}

const groupRules = {
  ...deliveryRules,
  broker: orNull(objectWith<Broker | null>(null, 'a broker', ['subscribe', 'publish', 'read', 'announce', 'presence'])),
  onError: callback<(error: unknown) => void>(console.error),
}

const roomsRules = {
  ...groupRules,
  history: objectOrNull<HistoryOptions>('{ size, ttl }, or null'),
  maxRooms: integer(100_000),
}

const count = integer(1)

/**
 * Reads the options of users.
 *
 * @throws {TypeError} when an option is unknown or has the wrong type.
 * @throws {RangeError} when the value of an option is not allowed.
 */
export function readGroupOptions(options: GroupOptions): GroupSettings {
  checkOptionNames(options, Object.keys(groupRules))
  const { broker, onError } = readOptions(groupRules, options)
  return {
    delivery: readOptions(deliveryRules, options),
    history: null,
    // A user exists only while it has a session, and `maxConnections` limits those.
    maxGroups: Number.POSITIVE_INFINITY,
    broker,
    onError,
  }
}

/**
 * Reads the options of rooms.
 *
 * @throws {TypeError} when an option is unknown or has the wrong type.
 * @throws {RangeError} when the value of an option is not allowed.
 */
export function readRoomsOptions(options: RoomsOptions): GroupSettings {
  checkOptionNames(options, Object.keys(roomsRules))
  const { broker, onError, history, maxRooms } = readOptions(roomsRules, options)
  return {
    delivery: readOptions(deliveryRules, options),
    history: history === null ? null : readHistoryOptions(history),
    maxGroups: maxRooms,
    broker,
    onError,
  }
}

function readHistoryOptions(history: HistoryOptions): HistoryOptions {
  checkOptionNames(history, ['size', 'ttl'], 'history.')
  return {
    size: checkOption('history.size', history.size, count),
    ttl: checkOption('history.ttl', history.ttl, count),
  }
}

function objectOrNull<T extends object>(allowed: string): OptionRule<T | null> {
  return { fallback: null, type: 'object', allowed, accepts: () => true }
}

/** Maximum length of the name of a room or user, in UTF-16 code units. Names may come from peers. */
const LONGEST_NAME = 256

/**
 * Checks the name of a room or user.
 *
 * @throws {TypeError} when the name is not a string.
 * @throws {RangeError} when the name is too long.
 */
export function checkName(name: string): void {
  if (typeof name !== 'string') throw new TypeError(`name is of type ${typeof name}; allowed: a string`)
  if (name.length <= LONGEST_NAME) return
  throw new RangeError(`name has ${name.length} characters; allowed: at most ${LONGEST_NAME}`)
}

/**
 * Checks an optional time in milliseconds.
 *
 * @throws {TypeError} when the time is not a number.
 * @throws {RangeError} when the time is not a positive integer.
 */
export function checkTtl(ttl: number | undefined): void {
  if (ttl !== undefined) checkOption('ttl', ttl, count)
}
