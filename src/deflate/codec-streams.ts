import type { InflateSink, MessageDeflater, MessageInflater } from '../core/message-codec.ts'
import type { MemoryBudget } from './budget.ts'
import { type DeflateSettings, deflateMemory } from './deflate.ts'
import { DeflateStream } from './deflate-stream.ts'
import { History } from './history.ts'
import { INFLATE_STREAM_MEMORY, InflateStream } from './inflate-stream.ts'
import { LARGEST_WINDOW } from './inflation.ts'

/** Makes what inflates and deflates the streamed messages of one codec, and counts their memory. */
export class CodecStreams {
  readonly #budget: MemoryBudget
  /** Bytes that the message which is inflated now uses. */
  memoryUsed = 0

  constructor(budget: MemoryBudget) {
    this.#budget = budget
  }

  /** @param received What the message may refer to, and what those after it may; null for nothing. */
  inflate(sink: InflateSink, received: History | null): MessageInflater {
    const own = received === null ? new History(LARGEST_WINDOW, this.#budget) : null
    this.#hold(INFLATE_STREAM_MEMORY)
    return new InflateStream(sink, received ?? own!, () => {
      own?.clear()
      this.#hold(-INFLATE_STREAM_MEMORY)
    })
  }

  /** Returns null when there is no memory for it. */
  deflate(settings: DeflateSettings, maxMemory: number): MessageDeflater | null {
    const cost = deflateMemory(settings, 2 ** settings.windowBits)
    if (!this.#budget.fits(cost, maxMemory)) return null
    this.#budget.hold(cost)
    return new DeflateStream(settings, () => this.#budget.hold(-cost))
  }

  #hold(bytes: number): void {
    this.memoryUsed += bytes
    this.#budget.hold(bytes)
  }
}
