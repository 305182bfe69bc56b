/** An event of the API of a client. A driver reports it as a JSON line on standard output, a page by POST. */
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

  /** Waits for the first event with this name. Resolves to null on a timeout. */
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

/** Parses a line of a driver. Returns null when it is not an event. */
export function parseEvent(line: string): DriverEvent | null {
  if (!line.startsWith('{')) return null
  try {
    const value = JSON.parse(line) as DriverEvent
    return typeof value.event === 'string' ? value : null
  } catch {
    return null
  }
}
