import { Arrivals } from '../wire/index.ts'

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
  readonly #arrivals = new Arrivals()

  push(event: DriverEvent): void {
    this.#events.push(event)
    this.#arrivals.notify()
  }

  find(name: string): DriverEvent | undefined {
    return this.#events.find(({ event }) => event === name)
  }

  /** Waits for the first event with this name. Resolves to null on a timeout. */
  waitFor(name: string, timeout: number, onTimeout?: () => void): Promise<DriverEvent | null> {
    return this.#arrivals.wait(timeout, () => this.find(name), { onTimeout })
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
