/** An event of the client's API as its driver reports it: one JSON line on standard output, or a POST of the page. */
export interface DriverEvent {
  event: string
  code?: number
  reason?: string
  message?: string
}

/** The events of one connection, as its driver reported them. */
export class EventLog {
  readonly #events: DriverEvent[] = []
  #wake: (() => void)[] = []

  push(event: DriverEvent): void {
    this.#events.push(event)
    for (const wake of this.#wake.splice(0)) wake()
  }

  find(name: string): DriverEvent | undefined {
    return this.#events.find(({ event }) => event === name)
  }

  /** The first event of that name, reported already or within the time; null when there is none. */
  async waitFor(name: string, timeout: number): Promise<DriverEvent | null> {
    const deadline = performance.now() + timeout
    for (;;) {
      const found = this.find(name)
      if (found !== undefined) return found
      const left = deadline - performance.now()
      if (left <= 0) return null
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left)
        this.#wake.push(() => {
          clearTimeout(timer)
          resolve()
        })
      })
    }
  }
}

/** Reads a line of a driver as an event; null when it is something else. */
export function parseEvent(line: string): DriverEvent | null {
  if (!line.startsWith('{')) return null
  try {
    const value = JSON.parse(line) as DriverEvent
    return typeof value.event === 'string' ? value : null
  } catch {
    return null
  }
}
