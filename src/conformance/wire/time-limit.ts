import { readingTurn } from './poll.ts'

/** The largest part of a wait that passes while the event loop is blocked, in milliseconds. */
const SLICE = 250

/**
 * The end of a wait. It is counted in slices, and input that has arrived is read before it passes: a tester that was
 * blocked, suspended or starved must not consider the target silent.
 */
export class TimeLimit {
  readonly #onPassed: () => void
  #timer: NodeJS.Timeout | null = null
  #began = 0
  #slice = 0
  #left = 0
  /** The milliseconds of the slices before the current one. */
  #before = 0
  #hasPassed = false

  /** Begins to count. `onPassed` is called after this number of milliseconds. */
  constructor(milliseconds: number, onPassed: () => void = () => {}) {
    this.#onPassed = onPassed
    this.restart(milliseconds)
  }

  /** Whether the time has passed. */
  get hasPassed(): boolean {
    return this.#hasPassed
  }

  /** The milliseconds counted since the creation, over all restarts. */
  get spent(): number {
    return this.#before + Math.min(this.#slice, performance.now() - this.#began)
  }

  /** Begins again with this number of milliseconds. */
  restart(milliseconds: number): void {
    this.#before = this.spent
    this.stop()
    this.#hasPassed = false
    this.#left = milliseconds
    this.#countSlice()
  }

  /** Ends the count. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }

  #countSlice(): void {
    this.#slice = Math.min(SLICE, Math.max(0, this.#left))
    this.#began = performance.now()
    const timer = setTimeout(() => {
      this.#left -= this.#slice
      if (this.#left <= 0) void readingTurn().then(() => this.#pass(timer))
      else {
        this.#before += this.#slice
        this.#countSlice()
      }
    }, this.#slice)
    this.#timer = timer
  }

  #pass(timer: NodeJS.Timeout): void {
    if (this.#timer !== timer) return
    this.#timer = null
    this.#hasPassed = true
    this.#onPassed()
  }
}

/** Resolves like `work`, or to null when the time has passed before. */
export async function within<T>(work: Promise<T>, milliseconds: number): Promise<T | null> {
  let limit: TimeLimit | undefined
  const late = new Promise<null>((resolve) => {
    limit = new TimeLimit(milliseconds, () => resolve(null))
  })
  try {
    return await Promise.race([work, late])
  } finally {
    limit?.stop()
  }
}
