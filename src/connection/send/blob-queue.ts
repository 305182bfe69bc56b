import { discardSource, isBlob, isSource, type Source } from './message-type.ts'
import { ownCopy, type Sendable, type SendOptions, WAITING_OVERHEAD } from './outgoing.ts'
import type { PreparedMessage } from './prepared-message.ts'
import { SourceSender, type SourceSetup } from './source-sender.ts'

/** The callbacks of a blob queue. */
export interface BlobQueueSink {
  /** The turn of a message has come; a Blob is replaced by its bytes. */
  onBlobRead(data: Sendable | PreparedMessage, options: SendOptions | undefined): void
  /** Returns how to send a source whose turn has come. */
  setUpSource(options: SendOptions | undefined): SourceSetup
  /** The bytes of a Blob could not be read, or a source has failed. */
  onBlobError(error: unknown): void
  /** Nothing waits any more. */
  onBlobsSent(): void
}

/** A message that waits, with its size in bytes and `WAITING_OVERHEAD`. */
interface Waiting {
  data: Sendable | PreparedMessage | Blob | Source
  options: SendOptions | undefined
  size: number
}

/** Keeps the order of messages while the bytes of a Blob are read, or a source is sent. Exists only as long as something waits. */
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

  /** Bytes of messages that wait, each with its `WAITING_OVERHEAD`. */
  get waitingBytes(): number {
    return this.#waitingBytes
  }

  /** Whether a source is being sent or waits. */
  get hasSource(): boolean {
    return this.#waiting.some(({ data }) => isSource(data))
  }

  add(data: Sendable | PreparedMessage | Blob | Source, options: SendOptions | undefined, length: number): void {
    const size = length + WAITING_OVERHEAD
    this.#waiting.push({ data: data instanceof Uint8Array ? ownCopy(data) : data, options, size })
    this.#waitingBytes += size
    if (!this.#isReading) this.#send()
  }

  /** Discards the messages that wait. */
  drop(): void {
    this.#isDropped = true
    // The first item is the source that is being sent.
    if (this.#sender !== null) this.#waiting.shift()
    this.#sender?.stop()
    this.#discard(this.#waiting.splice(0))
  }

  /**
   * Discards the sources that wait and what waits behind them, as the connection is closing: a source may have no end.
   * Returns whether something is still to be sent.
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
      if (isBlob(next.data)) return this.#read(next.data)
      if (isSource(next.data)) return this.#stream(next.data, next)
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

  /** What a source has in memory is its own: it no longer counts as waiting. */
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
