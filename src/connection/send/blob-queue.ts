import { isBlob } from './message-type.ts'
import { ownCopy, type Sendable, type SendOptions, WAITING_OVERHEAD } from './outgoing.ts'
import type { PreparedMessage } from './prepared-message.ts'

/** The callbacks of a blob queue. */
export interface BlobQueueSink {
  /** The turn of a message has come; a Blob is replaced by its bytes. */
  onBlobRead(data: Sendable | PreparedMessage, options: SendOptions | undefined): void
  /** The bytes of a Blob could not be read. */
  onBlobError(error: unknown): void
  /** Nothing waits any more. */
  onBlobsSent(): void
}

/** A message that waits, with its size in bytes and `WAITING_OVERHEAD`. */
interface Waiting {
  data: Sendable | PreparedMessage | Blob
  options: SendOptions | undefined
  size: number
}

/** Keeps the order of messages while the bytes of a Blob are read. Exists only as long as something waits. */
export class BlobQueue {
  readonly #sink: BlobQueueSink
  readonly #waiting: Waiting[] = []
  #waitingBytes = 0
  #isReading = false
  #isDropped = false

  constructor(sink: BlobQueueSink) {
    this.#sink = sink
  }

  /** Bytes of messages that wait, each with its `WAITING_OVERHEAD`. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  add(data: Sendable | PreparedMessage | Blob, options: SendOptions | undefined, length: number): void {
    const size = length + WAITING_OVERHEAD
    this.#waiting.push({ data: data instanceof Uint8Array ? ownCopy(data) : data, options, size })
    this.#waitingBytes += size
    if (!this.#isReading) this.#send()
  }

  /** Discards the messages that wait. */
  drop(): void {
    this.#isDropped = true
    this.#waiting.length = 0
    this.#waitingBytes = 0
  }

  #send(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (isBlob(next.data)) return this.#read(next.data)
      this.#finish(next.data)
    }
    this.#sink.onBlobsSent()
  }

  #read(blob: Blob): void {
    this.#isReading = true
    blob.arrayBuffer().then(
      (bytes) => {
        this.#isReading = false
        if (this.#isDropped) return
        this.#finish(bytes)
        this.#send()
      },
      (error: unknown) => {
        if (!this.#isDropped) this.#sink.onBlobError(error)
      },
    )
  }

  #finish(data: Sendable | PreparedMessage): void {
    const { options, size } = this.#waiting.shift()!
    this.#waitingBytes -= size
    this.#sink.onBlobRead(data, options)
  }
}
