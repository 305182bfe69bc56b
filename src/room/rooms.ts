import type { Gap } from './group.ts'
import { Groups, type GroupsStats } from './groups.ts'
import { checkName, type RoomsOptions, readRoomsOptions } from './options.ts'
import { Room } from './room.ts'

/** Statistics about rooms: current values, and counts since the `Rooms` object was created. */
export interface RoomsStats extends Omit<GroupsStats, 'groups'> {
  /** Number of rooms with members in this process. */
  rooms: number
}

/** The rooms of this process. A broker connects them to the rooms of the same name in other processes. */
export class Rooms {
  /**
   * Called when messages from other processes were missed in a room to which this object has added members. In a room
   * with history, each member is also sent `{"id":"…","gap":true}`.
   */
  onGap: (gap: Gap) => unknown = () => {}
  readonly #groups: Groups

  /**
   * @throws {TypeError} when an option is unknown or has the wrong type.
   * @throws {RangeError} when the value of an option is not allowed.
   */
  constructor(options: RoomsOptions = {}) {
    this.#groups = new Groups('r:', readRoomsOptions(options), { onGap: (gap) => this.onGap(gap) })
  }

  /**
   * Returns the room with this name.
   *
   * @throws {TypeError} when the name is not a string.
   * @throws {RangeError} when the name has more than 256 characters.
   */
  room(name: string): Room {
    checkName(name)
    return new Room(name, this.#groups)
  }

  /** Returns the names of the rooms with members in this process. */
  names(): string[] {
    return [...this.#groups.names()]
  }

  /** Returns statistics about the rooms in this process, and about the broker. */
  stats(): RoomsStats {
    const { groups, ...rest } = this.#groups.stats()
    return { rooms: groups, ...rest }
  }
}
