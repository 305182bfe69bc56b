import type { WireEvent } from '../result.ts'

/** How many bytes of one event are recorded. */
const KEPT_BYTES = 256

/** The wire log of one case, over all of its connections. It retains only the first and the last of many events. */
export class WireLog {
  #began = performance.now()
  #first: WireEvent[] = []
  #last: WireEvent[] = []
  #dropped = 0
  #onEvent: ((event: WireEvent) => void) | undefined

  constructor(onEvent?: (event: WireEvent) => void) {
    this.#onEvent = onEvent
  }

  out(kind: WireEvent['kind'], text: string, ...bytes: Uint8Array[]): void {
    this.#add('out', kind, text, bytes)
  }

  in(kind: WireEvent['kind'], text: string, ...bytes: Uint8Array[]): void {
    this.#add('in', kind, text, bytes)
  }

  /** Returns the events. Where some were omitted, one line states how many. */
  events(): WireEvent[] {
    if (this.#dropped === 0) return [...this.#first, ...this.#last]
    const gap: WireEvent = { t: this.#last[0].t, dir: 'in', kind: 'bytes', text: `${this.#dropped} events omitted` }
    return [...this.#first, gap, ...this.#last]
  }

  #add(dir: WireEvent['dir'], kind: WireEvent['kind'], text: string, bytes: Uint8Array[]): void {
    const event: WireEvent = { t: Math.round((performance.now() - this.#began) * 10) / 10, dir, kind, text: cut(text) }
    let size = 0
    for (const part of bytes) size += part.length
    if (size > 0) {
      event.hex = hexOf(bytes)
      if (size > KEPT_BYTES) event.size = size
    }
    this.#onEvent?.(event)
    if (this.#first.length < 40) this.#first.push(event)
    else {
      this.#last.push(event)
      if (this.#last.length > 40) {
        this.#last.shift()
        this.#dropped++
      }
    }
  }
}

function hexOf(parts: Uint8Array[]): string {
  let left = KEPT_BYTES
  return parts
    .map((part) => {
      const head = part.subarray(0, left)
      left -= head.length
      return Buffer.from(head.buffer, head.byteOffset, head.byteLength).toString('hex')
    })
    .join('')
}

function cut(text: string): string {
  return text.length > 2048 ? `${text.slice(0, 2048)}… (${text.length} characters)` : text
}
