import { type Broker, Rooms, type WebSocket } from '../../index.ts'

/** Milliseconds during which arrivals and departures are collected into one report. */
const REPORT_DELAY = 50
/** Milliseconds between checks for members of a dead process; only with several processes. */
const CHECK_INTERVAL = 5_000
/** The largest number of people that are listed by name, because everyone receives the list. */
const MAX_NAMED = 100

/** The people in each place. Everyone there receives the list whenever it changes. */
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

  /** Lists `person`, any JSON value of up to 256 characters, in `place` until `session` is closed. */
  enter(place: string, session: WebSocket, person: unknown): void {
    void this.#rooms.room(this.#prefix + place).join(session, { as: JSON.stringify(person) })
    this.#reportSoon(place)
    session.watch({ onEnd: () => this.#reportSoon(place) })
  }

  #reportSoon(place: string, delay = REPORT_DELAY): void {
    this.#changed.add(place)
    const dueAt = performance.now() + delay
    if (this.#timer !== null) {
      if (this.#dueAt <= dueAt) return
      clearTimeout(this.#timer)
    }
    this.#dueAt = dueAt
    this.#timer = setTimeout(() => this.#reportAll(), delay)
    this.#timer.unref()
  }

  #reportAll(): void {
    const places = [...this.#changed]
    this.#changed.clear()
    this.#timer = null
    for (const place of places) void this.#report(place)
  }

  async #report(place: string): Promise<void> {
    const room = this.#rooms.room(this.#prefix + place)
    const { count, names } = await room.members()
    const people = names.slice(0, MAX_NAMED).map((name) => JSON.parse(name))
    room.broadcast(JSON.stringify({ count, people }))
    if (this.#isShared && room.size > 0) this.#reportSoon(place, CHECK_INTERVAL)
  }
}
