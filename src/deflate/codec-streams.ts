import type { InflateSink, MessageDeflater, MessageInflater } from '../core/message-codec.ts'
import type { MemoryBudget } from './budget.ts'
import { type DeflateSettings, deflateMemory } from './deflate.ts'
import { DeflateStream } from './deflate-stream.ts'
import { History } from './history.ts'
import { INFLATE_STREAM_MEMORY, InflateStream } from './inflate-stream.ts'
import { LARGEST_WINDOW } from './inflation.ts'

/** Creates the inflater and deflater of streamed messages for one codec, and counts their memory. */
export class CodecStreams {
  readonly #budget: MemoryBudget
  /** Memory in use for the message that is being inflated, in bytes. */
  memoryUsed = 0

  constructor(budget: MemoryBudget) {
    this.#budget = budget
  }

  /**
   * @param received The bytes that this message may refer to, and to which it is appended; null without context
   *   takeover.
   */
  inflate(sink: InflateSink, received: History | null): MessageInflater {
    const own = received === null ? new History(LARGEST_WINDOW, this.#budget) : null
    this.#hold(INFLATE_STREAM_MEMORY)
    return new InflateStream(sink, received ?? own!, () => {
      own?.clear()
      this.#hold(-INFLATE_STREAM_MEMORY)
    })
  }

  /** Returns null when there is not enough memory. */
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
