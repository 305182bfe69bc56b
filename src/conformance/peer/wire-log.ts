import type { WireEvent } from '../result.ts'

/** How many bytes of one event are recorded. */
const KEPT_BYTES = 256

/** What is retained of an event until it is read. Most events are never read, because their cases pass. */
interface LoggedEvent {
  time: number
  dir: WireEvent['dir']
  kind: WireEvent['kind']
  text: string | (() => string)
  /** A copy of the first bytes. */
  head: Buffer
  /** How many bytes the event had. */
  size: number
}

/** The wire log of one case, over all of its connections. It retains only the first and the last of many events. */
export class WireLog {
  #began = performance.now()
  #first: LoggedEvent[] = []
  #last: LoggedEvent[] = []
  #dropped = 0
  #onEvent: ((event: WireEvent) => void) | undefined

  constructor(onEvent?: (event: WireEvent) => void) {
    this.#onEvent = onEvent
  }

  /** A text that takes time to format can be given as a function, which must not retain the payload. */
  out(kind: WireEvent['kind'], text: LoggedEvent['text'], ...bytes: Uint8Array[]): void {
    this.#add('out', kind, text, bytes)
  }

  /** Like `out`, for what was received. */
  in(kind: WireEvent['kind'], text: LoggedEvent['text'], ...bytes: Uint8Array[]): void {
    this.#add('in', kind, text, bytes)
  }

  /** Returns the events. Where some were omitted, one line states how many. */
  events(): WireEvent[] {
    const first = this.#first.map((event) => this.#format(event))
    const last = this.#last.map((event) => this.#format(event))
    if (this.#dropped === 0) return [...first, ...last]
    const gap: WireEvent = { t: last[0].t, dir: 'in', kind: 'bytes', text: `${this.#dropped} events omitted` }
    return [...first, gap, ...last]
  }

  #add(dir: WireEvent['dir'], kind: WireEvent['kind'], text: LoggedEvent['text'], bytes: Uint8Array[]): void {
    const event: LoggedEvent = { time: performance.now(), dir, kind, text, ...headOf(bytes) }
    this.#onEvent?.(this.#format(event))
    if (this.#first.length < 40) this.#first.push(event)
    else {
      this.#last.push(event)
      if (this.#last.length > 40) {
        this.#last.shift()
        this.#dropped++
      }
    }
  }

  #format({ time, dir, kind, text, head, size }: LoggedEvent): WireEvent {
    return {
      t: Math.round((time - this.#began) * 10) / 10,
      dir,
      kind,
      text: cut(typeof text === 'string' ? text : text()),
      ...(size > 0 && { hex: head.toString('hex') }),
      ...(size > KEPT_BYTES && { size }),
    }
  }
}

function headOf(parts: Uint8Array[]): Pick<LoggedEvent, 'head' | 'size'> {
  let size = 0
  for (const part of parts) size += part.length
  const head = Buffer.allocUnsafe(Math.min(size, KEPT_BYTES))
  let copied = 0
  for (const part of parts) {
    if (copied === head.length) break
    const piece = part.length > head.length - copied ? part.subarray(0, head.length - copied) : part
    head.set(piece, copied)
    copied += piece.length
  }
  return { head, size }
}

function cut(text: string): string {
  return text.length > 2048 ? `${text.slice(0, 2048)}… (${text.length} characters)` : text
}
