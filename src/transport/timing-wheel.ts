import { runInRootContext } from '../user-code/root-context.ts'

/** An entry of a wheel, in one slot at a time. Only the wheel writes its fields. */
export interface TimerEntry {
  onTimer(now: number): void
  timerNext: TimerEntry | null
  timerPrevious: TimerEntry | null
  /** The slot it is in, -1 when not scheduled. */
  timerSlot: number
  /** When it is due, on the clock of `now()`. */
  timerDue: number
}

/** Milliseconds of one slot: how late an entry may be. */
const TICK = 50
const SLOT_COUNT = 1024

/** Whole milliseconds on a monotonic clock: small integers need no memory outside their object. */
export const now = (): number => Math.floor(performance.now())

/**
 * One timer for all connections: entries are linked into the slot of their due time, scheduling or canceling one costs a
 * few pointer writes, and the process has one interval, which runs only while something is scheduled.
 */
export class TimingWheel {
  readonly #slots: (TimerEntry | null)[] = new Array(SLOT_COUNT).fill(null)
  #count = 0
  #interval: NodeJS.Timeout | null = null
  /** The tick up to which slots were emptied. */
  #tick = 0

  /** The time of the last tick, at most a tick old while anything is scheduled: reading it costs nothing. */
  time = now()

  /** Entries that are scheduled. */
  get size(): number {
    return this.#count
  }

  /** Schedules `entry` in `delay` milliseconds, at most one tick late; an earlier schedule of it is replaced. */
  schedule(entry: TimerEntry, delay: number): void {
    this.cancel(entry)
    if (this.#interval === null) this.#start()
    entry.timerDue = now() + Math.ceil(delay)
    const tick = Math.max(Math.ceil(entry.timerDue / TICK), this.#tick + 1)
    this.#insert(entry, tick % SLOT_COUNT)
  }

  cancel(entry: TimerEntry): void {
    if (entry.timerSlot === -1) return
    if (entry.timerPrevious !== null) entry.timerPrevious.timerNext = entry.timerNext
    else this.#slots[entry.timerSlot] = entry.timerNext
    if (entry.timerNext !== null) entry.timerNext.timerPrevious = entry.timerPrevious
    entry.timerNext = null
    entry.timerPrevious = null
    entry.timerSlot = -1
    this.#count--
    if (this.#count === 0) this.#stop()
  }

  #insert(entry: TimerEntry, slot: number): void {
    const head = this.#slots[slot]
    entry.timerNext = head
    if (head !== null) head.timerPrevious = entry
    this.#slots[slot] = entry
    entry.timerSlot = slot
    this.#count++
  }

  #start(): void {
    this.time = now()
    this.#tick = Math.floor(this.time / TICK)
    this.#interval = runInRootContext(() => setInterval(() => this.#advance(), TICK))
    this.#interval.unref()
  }

  #stop(): void {
    if (this.#interval !== null) clearInterval(this.#interval)
    this.#interval = null
  }

  #advance(): void {
    const time = now()
    this.time = time
    const target = Math.floor(time / TICK)
    const first = Math.max(this.#tick + 1, target - SLOT_COUNT + 1)
    this.#tick = target
    for (let tick = first; tick <= target; tick++) this.#fire(tick % SLOT_COUNT, time)
  }

  /** Due entries of a slot fire; those of a later round of the wheel stay. */
  #fire(slot: number, time: number): void {
    let entry = this.#slots[slot]
    const due: TimerEntry[] = []
    for (; entry !== null; entry = entry.timerNext) if (entry.timerDue <= time) due.push(entry)
    for (const each of due) {
      if (each.timerSlot !== slot || each.timerDue > time) continue
      this.cancel(each)
      each.onTimer(time)
    }
  }
}

/** The wheel of this process. */
export const wheel = new TimingWheel()
