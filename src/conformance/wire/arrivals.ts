import { TimeLimit } from './time-limit.ts'

/** How a wait for an arrival can go on or end. */
export interface ArrivalOptions {
  /** Called after each arrival that did not end the wait. May restart the time. */
  onArrival?(time: TimeLimit): void
  /** Called when the wait times out. */
  onTimeout?(): void
}

/** Notifies waiting code of arrivals: of bytes, connections or reported events. */
export class Arrivals {
  readonly #waiting = new Set<() => void>()

  /** Lets every wait check whether it is over. */
  notify(): void {
    for (const wake of this.#waiting) wake()
  }

  /**
   * Calls `check` now and after each arrival, until it returns a value. Resolves to that value, or to null on a
   * timeout, if there is one.
   */
  async wait<T>(
    milliseconds: number | undefined,
    check: () => T | undefined,
    { onArrival, onTimeout }: ArrivalOptions = {},
  ): Promise<T | null> {
    let found = check()
    if (found !== undefined) return found
    let wake = (): void => {}
    const notified = (): void => wake()
    const time = milliseconds === undefined ? null : new TimeLimit(milliseconds, notified)
    this.#waiting.add(notified)
    try {
      while (time?.hasPassed !== true) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
        found = check()
        if (found !== undefined) return found
        if (time !== null) onArrival?.(time)
      }
    } finally {
      this.#waiting.delete(notified)
      time?.stop()
    }
    onTimeout?.()
    return null
  }
}
