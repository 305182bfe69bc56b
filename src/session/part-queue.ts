import type { Data } from '../connection/host.ts'
import type { StreamHandler } from '../connection/receive/stream-delivery.ts'

type Result = IteratorResult<Data, undefined>

const DONE: Result = Object.freeze({ value: undefined, done: true })

/** What the parts of a message need of their session. */
export interface PartOwner {
  /** So many more bytes wait; negative when they are read. */
  onWaiting(change: number): void
  /** Closes the connection with 1008. */
  cancel(reason: string): void
  /**
   * Closes the connection with 1009.
   *
   * @throws {WebSocketError} Always.
   */
  refuse(maxSize: number): never
}

/** The unread parts of one message, between the connection and its reader. */
export class PartQueue implements StreamHandler {
  readonly #owner: PartOwner
  #parts: Data[] = []
  #isComplete = false
  #isSkipped = false
  #error: Error | null = null
  #waiting: { resolve: (result: Result) => void; reject: (error: Error) => void }[] = []

  constructor(owner: PartOwner) {
    this.#owner = owner
  }

  onPart(part: Data): void {
    if (this.#isSkipped) return
    const reader = this.#waiting.shift()
    if (reader !== undefined) return reader.resolve({ value: part, done: false })
    this.#parts.push(part)
    this.#owner.onWaiting(sizeOf(part))
  }

  onEnd(): void {
    this.#isComplete = true
    for (const { resolve } of this.#waiting.splice(0)) resolve(DONE)
  }

  onAbort(error: Error): void {
    this.#error = error
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }

  /** The next part, when it has arrived. */
  next(): Promise<Result> {
    const part = this.#parts.shift()
    if (part !== undefined) {
      this.#owner.onWaiting(-sizeOf(part))
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
    for (const part of parts) this.#owner.onWaiting(-sizeOf(part))
    for (const { resolve } of this.#waiting.splice(0)) resolve(DONE)
  }

  cancel(reason: string): void {
    this.#owner.cancel(reason)
    this.skip()
  }

  refuse(maxSize: number): never {
    this.#owner.refuse(maxSize)
  }
}

function sizeOf(part: Data): number {
  return typeof part === 'string' ? part.length * 2 : part.length
}
