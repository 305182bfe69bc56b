import { runInRootContext } from '../user-code/root-context.ts'

/** An entry of a timing wheel. Only the wheel writes its fields. */
export interface TimerEntry {
  onTimer(now: number): void
  timerNext: TimerEntry | null
  timerPrevious: TimerEntry | null
  /** The slot of the entry; -1 when it is not scheduled. */
  timerSlot: number
  /** When the entry is due, on the clock of `now()`. */
  timerDue: number
}

/** Duration of a slot in milliseconds. An entry may be late by that much. */
const TICK = 50
const SLOT_COUNT = 1024

/** Returns a monotonic time in whole milliseconds, because V8 stores small integers without extra memory. */
export const now = (): number => Math.floor(performance.now())

/**
 * One timer for all connections. Each slot has a linked list of entries, so that scheduling or canceling one costs a
 * few pointer writes. The process has a single interval, which runs only while something is scheduled.
 */
export class TimingWheel {
  readonly #slots: (TimerEntry | null)[] = new Array(SLOT_COUNT).fill(null)
  #count = 0
  #interval: NodeJS.Timeout | null = null
  /** The last tick whose slots were processed. */
  #tick = 0

  /**
   * The time of the last tick, which can be read without cost. While anything is scheduled, it is at most one tick old,
   * except directly after the event loop was blocked.
   */
  time = now()

  /** Number of scheduled entries. */
  get size(): number {
    return this.#count
  }

  /** Schedules `entry` in `delay` milliseconds, at most one tick late. Replaces its earlier schedule. */
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
    // After a blocked event loop, timers run before the input that has arrived. It may be what an entry waits for, such
    // as a pong, and is read before `setImmediate` runs its callback.
    this.#interval = runInRootContext(() => setInterval(() => setImmediate(() => this.#advance()), TICK))
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

  /** Fires the due entries of a slot. Those of a later round of the wheel stay. */
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

/** The timing wheel of this process. */
export const wheel = new TimingWheel()
