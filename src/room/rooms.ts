import type { Gap } from './group.ts'
import { Groups, type GroupsStats } from './groups.ts'
import { checkName, type RoomsOptions } from './options.ts'
import { Room } from './room.ts'

/** What rooms counted; sizes in bytes. */
export interface RoomsStats extends Omit<GroupsStats, 'groups'> {
  /** Rooms with a member in this process. */
  rooms: number
}

/** The rooms of this process, joined with those of the same names in others by the broker. */
export class Rooms {
  /** Messages of other processes were missed; members of a room with history are told by themselves. */
  onGap: (gap: Gap) => void = () => {}
  readonly #groups: Groups

  /** @throws {RangeError} for a number or word that is not allowed */
  constructor(options: RoomsOptions = {}) {
    this.#groups = new Groups('r:', options)
    this.#groups.onMissed = (gap) => this.onGap(gap)
  }

  /** The room of this name. @throws {RangeError} for a name over 256 characters */
  room(name: string): Room {
    checkName(name)
    return new Room(name, this.#groups)
  }

  /** Names of the rooms with a member in this process. */
  names(): string[] {
    return [...this.#groups.names()]
  }

  stats(): RoomsStats {
    const { groups, ...rest } = this.#groups.stats()
    return { rooms: groups, ...rest }
  }
}
