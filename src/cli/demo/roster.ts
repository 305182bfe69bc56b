import { type Broker, Rooms, type WebSocket } from '../../index.ts'

/** Milliseconds in which comings and goings are told together. */
const TELL_DELAY = 50
/** Milliseconds until the members of a dead process are missed; only where there are several. */
const LOOK_INTERVAL = 5_000
/** The most people that are told by name: the list goes to everybody. */
const MAX_NAMED = 100

/** Who is in which place: everybody there is told the list whenever somebody comes or goes. */
export class Roster {
  readonly #rooms: Rooms
  readonly #prefix: string
  readonly #isShared: boolean
  readonly #changed = new Set<string>()
  #timer: NodeJS.Timeout | null = null
  #dueAt = 0

  /** The places of this `prefix` are the same in all processes that share `broker`. */
  constructor(prefix: string, broker: Broker | undefined) {
    this.#rooms = new Rooms({ broker })
    this.#prefix = prefix
    this.#isShared = broker?.isShared ?? false
  }

  /** Lists `person`, anything that JSON can say in 256 characters, in `place` until `session` is closed. */
  enter(place: string, session: WebSocket, person: unknown): void {
    void this.#rooms.room(this.#prefix + place).join(session, { as: JSON.stringify(person) })
    this.#tellSoon(place)
    session.watch({ onEnd: () => this.#tellSoon(place) })
  }

  #tellSoon(place: string, delay = TELL_DELAY): void {
    this.#changed.add(place)
    const dueAt = performance.now() + delay
    if (this.#timer !== null) {
      if (this.#dueAt <= dueAt) return
      clearTimeout(this.#timer)
    }
    this.#dueAt = dueAt
    this.#timer = setTimeout(() => this.#tellAll(), delay)
    this.#timer.unref()
  }

  #tellAll(): void {
    const places = [...this.#changed]
    this.#changed.clear()
    this.#timer = null
    for (const place of places) void this.#tell(place)
  }

  async #tell(place: string): Promise<void> {
    const room = this.#rooms.room(this.#prefix + place)
    const { count, names } = await room.members()
    const people = names.slice(0, MAX_NAMED).map((name) => JSON.parse(name))
    room.broadcast(JSON.stringify({ count, people }))
    if (this.#isShared && room.size > 0) this.#tellSoon(place, LOOK_INTERVAL)
  }
}
