import type { Broker, HistoryOptions } from './broker/broker.ts'
import type { SlowOptions } from './delivery.ts'

/** What rooms and users may be told. */
export interface GroupOptions extends SlowOptions {
  /** What connects them to those of other processes. Default: a broker of this process alone. */
  broker?: Broker
  /** Takes what callbacks throw. Default: writes it to standard error. */
  onError?: (error: unknown) => void
}

/** What rooms may be told. */
export interface RoomsOptions extends GroupOptions {
  /**
   * Keeps the last messages of every room, so that a member can come back and get what it missed. Its messages then
   * travel in envelopes that carry an id; see `Room.join`. Default: no history.
   */
  history?: HistoryOptions | null
  /** Rooms with a member in this process; one more is a RangeError. Default 100,000. */
  maxRooms?: number
}

/** Checked options of a group. */
export interface GroupSettings {
  readonly delivery: Readonly<Required<SlowOptions>>
  readonly history: Readonly<HistoryOptions> | null
  readonly maxGroups: number
}

const policies: readonly unknown[] = ['wait', 'drop', 'close']

/** Fills in and checks the options. Throws a RangeError for a number or word that is not allowed. */
export function checkRoomsOptions(options: RoomsOptions): GroupSettings {
  const { slow = 'wait', slowBytes = 1024 * 1024, backlogBytes = 16 * 1024 * 1024 } = options
  const { history = null, maxRooms = 100_000 } = options
  if (!policies.includes(slow)) throw new RangeError(`option slow is ${String(slow)}; allowed: ${policies.join(', ')}`)
  checkCount('slowBytes', slowBytes)
  checkCount('backlogBytes', backlogBytes)
  checkCount('maxRooms', maxRooms)
  if (history !== null) {
    checkCount('history.size', history.size)
    checkCount('history.ttl', history.ttl)
  }
  return {
    delivery: { slow, slowBytes, backlogBytes },
    history: history === null ? null : { size: history.size, ttl: history.ttl },
    maxGroups: maxRooms,
  }
}

/** The longest name of a room or user, in UTF-16 units: names may come from peers. */
const LONGEST_NAME = 256

/** Throws a TypeError or RangeError for a name that is no text or too long. */
export function checkName(name: string): void {
  if (typeof name !== 'string') throw new TypeError(`a name of type ${typeof name}; a string is allowed`)
  if (name.length > LONGEST_NAME) {
    throw new RangeError(`a name of ${name.length} characters; at most ${LONGEST_NAME} are allowed`)
  }
}

/** Throws a RangeError for what is no whole number from 1. */
export function checkCount(name: string, value: number): void {
  if (Number.isSafeInteger(value) && value > 0) return
  throw new RangeError(`option ${name} is ${String(value)}; a whole number from 1 is allowed`)
}
