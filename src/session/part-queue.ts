import type { Data } from '../connection/host.ts'
import type { StreamHandler } from '../connection/receive/stream-delivery.ts'

type Result = IteratorResult<Data, undefined>

const DONE: Result = Object.freeze({ value: undefined, done: true })

/** Memory in bytes that a part needs in addition to its data, so that a peer gains nothing by sending single bytes. */
const OVERHEAD = 128

/** The unread parts of one message. */
export class PartQueue implements StreamHandler {
  /** Called with the change in the number of waiting bytes. */
  readonly #onWaiting: (change: number) => void
  /** Called when the message has arrived; see `complete`. */
  readonly #onMessage: () => unknown
  #parts: Data[] = []
  #isComplete = false
  #isSkipped = false
  #error: Error | null = null
  #waiting: { resolve: (result: Result) => void; reject: (error: Error) => void }[] = []

  constructor(onWaiting: (change: number) => void, onMessage: () => unknown) {
    this.#onWaiting = onWaiting
    this.#onMessage = onMessage
  }

  onPart(part: Data): void {
    if (this.#isSkipped) return
    const reader = this.#waiting.shift()
    if (reader !== undefined) return reader.resolve({ value: part, done: false })
    this.#parts.push(part)
    this.#onWaiting(sizeOf(part))
  }

  onEnd(): unknown {
    this.complete()
    return this.#onMessage()
  }

  /** Ends a message that was received whole. Its arrival has been reported. */
  complete(): void {
    this.#isComplete = true
    for (const { resolve } of this.#waiting.splice(0)) resolve(DONE)
  }

  onAbort(error: Error): void {
    this.#error = error
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }

  /** Resolves to the next part when it has arrived. */
  next(): Promise<Result> {
    const part = this.#parts.shift()
    if (part !== undefined) {
      this.#onWaiting(-sizeOf(part))
      return Promise.resolve({ value: part, done: false })
    }
    if (this.#isComplete || this.#isSkipped) return Promise.resolve(DONE)
    if (this.#error !== null) return Promise.reject(this.#error)
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }))
  }

  skip(): void {
    if (this.#isSkipped) return
    this.#isSkipped = true
    const parts = this.#parts
    this.#parts = []
    for (const part of parts) this.#onWaiting(-sizeOf(part))
    for (const { resolve } of this.#waiting.splice(0)) resolve(DONE)
  }
}

function sizeOf(part: Data): number {
  return OVERHEAD + (typeof part === 'string' ? part.length * 2 : part.length)
}
