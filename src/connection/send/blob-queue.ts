import { bytesOf } from '../../core/bytes.ts'
import { discardSource, ignoreErrorEvents, isBlob, isSource, type Source } from './message-type.ts'
import { checkText, ownCopy, type Sendable, type SendOptions, WAITING_OVERHEAD } from './outgoing.ts'
import type { PreparedMessage } from './prepared-message.ts'
import { SourceSender, type SourceSetup } from './source-sender.ts'

/** The callbacks of a blob queue. */
export interface BlobQueueSink {
  /** Called when a message can be sent. A Blob is replaced by its bytes. */
  onBlobRead(data: Sendable | PreparedMessage, options: SendOptions | undefined): void
  /** Returns how to send the next source. */
  setUpSource(options: SendOptions | undefined): SourceSetup
  /** Called when a Blob could not be read, or a source has failed. */
  onBlobError(error: unknown): void
  /** Called when nothing is waiting anymore. */
  onBlobsSent(): void
}

/** A waiting message, and its size in bytes including `WAITING_OVERHEAD`. */
interface Waiting {
  data: Sendable | PreparedMessage | Blob | Source
  options: SendOptions | undefined
  size: number
}

/** Keeps messages in order while a Blob is read or a source is sent. Exists only while something is waiting. */
export class BlobQueue {
  readonly #sink: BlobQueueSink
  readonly #waiting: Waiting[] = []
  #waitingBytes = 0
  #isReading = false
  /** Sends the source at the front of the queue. */
  #sender: SourceSender | null = null
  #isDropped = false

  constructor(sink: BlobQueueSink) {
    this.#sink = sink
  }

  /** Size in bytes of waiting messages, each including `WAITING_OVERHEAD`. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Like `waitingBytes`, but 0 while a source is being sent, because a source may itself wait for the peer. */
  get blockedBytes(): number {
    return this.#sender === null ? this.#waitingBytes : 0
  }

  /** Whether a source is being sent or is waiting. */
  get hasSource(): boolean {
    return this.#waiting.some(({ data }) => isSource(data))
  }

  add(data: Sendable | PreparedMessage | Blob | Source, options: SendOptions | undefined, length: number): void {
    if (isSource(data)) ignoreErrorEvents(data)
    const size = length + WAITING_OVERHEAD
    const bytes = bytesOf(data)
    this.#waiting.push({ data: bytes === null ? data : ownCopy(bytes), options, size })
    this.#waitingBytes += size
    if (!this.#isReading) this.#send()
  }

  /** Discards waiting messages. */
  drop(): void {
    this.#isDropped = true
    // The first item is the source being sent.
    if (this.#sender !== null) this.#waiting.shift()
    this.#sender?.stop()
    this.#discard(this.#waiting.splice(0))
  }

  /**
   * Discards waiting sources and everything after them, because the connection is closing and a source may have no end.
   * Returns whether something remains to be sent.
   */
  cutSources(): boolean {
    const index = this.#waiting.findIndex(({ data }) => isSource(data))
    if (index === 0) this.drop()
    else if (index > 0) this.#discard(this.#waiting.splice(index))
    return this.#waiting.length > 0
  }

  #discard(items: readonly Waiting[]): void {
    for (const { data, size } of items) {
      this.#waitingBytes -= size
      if (isSource(data)) discardSource(data)
    }
  }

  #send(): void {
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if (isBlob(next.data)) return this.#read(next.data, next.options?.binary === false)
      if (isSource(next.data)) return this.#stream(next.data, next)
      this.#finish(next.data)
    }
    this.#sink.onBlobsSent()
  }

  #read(blob: Blob, isText: boolean): void {
    this.#isReading = true
    const reading = blob.arrayBuffer().then((bytes) => {
      if (isText) checkText(bytes)
      return bytes
    })
    reading.then(
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

  /** Sends a source, which counts its own memory and so no longer counts as waiting. */
  #stream(source: Source, item: Waiting): void {
    this.#isReading = true
    this.#waitingBytes -= item.size
    item.size = 0
    try {
      this.#sender = new SourceSender(source, this.#sink.setUpSource(item.options))
    } catch (error) {
      return this.#sink.onBlobError(error)
    }
    this.#sender.send().then(
      () => {
        this.#isReading = false
        this.#sender = null
        if (this.#isDropped) return
        this.#waiting.shift()
        this.#send()
      },
      (error: unknown) => this.#sink.onBlobError(error),
    )
  }

  #finish(data: Sendable | PreparedMessage): void {
    const { options, size } = this.#waiting.shift()!
    this.#waitingBytes -= size
    this.#sink.onBlobRead(data, options)
  }
}
