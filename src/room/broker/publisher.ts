import type { HistoryOptions, Publication } from './broker.ts'

/** A message on its way to the broker's other side. */
export interface Outgoing extends Publication {
  readonly topic: string
  readonly history: HistoryOptions | null
  /** Messages of this topic that were dropped before it: they are counted, so that others see the gap. */
  skipped: number
}

/** How much may wait to be published. */
export interface PublishLimits {
  /** Default 10,000. */
  maxWaitingMessages?: number
  /** Default 16 MiB. */
  maxWaitingBytes?: number
}

/** What goes out together at most. */
const BATCH_MESSAGES = 500
const BATCH_BYTES = 1024 * 1024
const FIRST_RETRY = 100
const LAST_RETRY = 5_000

/**
 * Sends messages in order, one batch at a time; a batch that fails is sent again until it is taken. What waits is
 * bounded: the oldest messages go, and the next one of their topic says how many.
 */
export class Publisher {
  readonly #send: (batch: readonly Outgoing[]) => Promise<void>
  readonly #maxMessages: number
  readonly #maxBytes: number
  #waiting: Outgoing[] = []
  #waitingBytes = 0
  #batch: Outgoing[] = []
  #batchBytes = 0
  #isSending = false
  #isScheduled = false
  #retryTimer: NodeJS.Timeout | null = null
  #retryDelay = FIRST_RETRY
  #settled: (() => void)[] = []
  readonly #skipped = new Map<string, number>()
  publishedCount = 0
  droppedCount = 0
  lastError: string | null = null

  /** `send` resolves when a batch is taken, and rejects when it is to be sent again. */
  constructor(
    { maxWaitingMessages = 10_000, maxWaitingBytes = 16 * 1024 * 1024 }: PublishLimits,
    send: (batch: readonly Outgoing[]) => Promise<void>,
  ) {
    this.#maxMessages = maxWaitingMessages
    this.#maxBytes = maxWaitingBytes
    this.#send = send
  }

  /** Messages that are not taken yet. */
  get count(): number {
    return this.#waiting.length + this.#batch.length
  }

  get bytes(): number {
    return this.#waitingBytes + this.#batchBytes
  }

  publish(topic: string, publication: Publication, history: HistoryOptions | null): void {
    const skipped = this.#skipped.get(topic) ?? 0
    this.#skipped.delete(topic)
    this.#waiting.push({ ...publication, topic, history, skipped })
    this.#waitingBytes += publication.payload.length
    while (this.#waiting.length > this.#maxMessages || this.#waitingBytes > this.#maxBytes) this.#dropOldest()
    if (this.#isScheduled) return
    this.#isScheduled = true
    // What is published in one tick goes together.
    process.nextTick(() => {
      this.#isScheduled = false
      if (this.#retryTimer === null) void this.#run()
    })
  }

  /** Tries again at once: the other side is back. */
  retry(): void {
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer)
    this.#retryTimer = null
    this.#retryDelay = FIRST_RETRY
    void this.#run()
  }

  /** Resolves when what was published before is taken, or cannot be taken now. */
  settled(): Promise<void> {
    if (this.count === 0 || this.#retryTimer !== null) return Promise.resolve()
    return new Promise((resolve) => this.#settled.push(resolve))
  }

  stop(): void {
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer)
    this.#retryTimer = null
    this.#waiting = []
    this.#batch = []
    this.#waitingBytes = 0
    this.#batchBytes = 0
    this.#letGo()
  }

  async #run(): Promise<void> {
    if (this.#isSending) return
    this.#isSending = true
    try {
      while (this.count > 0) {
        if (this.#batch.length === 0) this.#takeBatch()
        await this.#send(this.#batch)
        this.publishedCount += this.#batch.length
        this.#batch = []
        this.#batchBytes = 0
        this.#retryDelay = FIRST_RETRY
      }
    } catch (error) {
      this.lastError = String(error)
      this.#retryLater()
    } finally {
      this.#isSending = false
      this.#letGo()
    }
  }

  #retryLater(): void {
    this.#retryTimer ??= setTimeout(() => {
      this.#retryTimer = null
      void this.#run()
    }, this.#retryDelay)
    this.#retryTimer.unref()
    this.#retryDelay = Math.min(this.#retryDelay * 2, LAST_RETRY)
  }

  #letGo(): void {
    for (const resolve of this.#settled.splice(0)) resolve()
  }

  #takeBatch(): void {
    let count = 0
    let bytes = 0
    while (count < this.#waiting.length && count < BATCH_MESSAGES && (count === 0 || bytes < BATCH_BYTES)) {
      bytes += this.#waiting[count].payload.length
      count += 1
    }
    this.#batch = this.#waiting.splice(0, count)
    this.#batchBytes = bytes
    this.#waitingBytes -= bytes
  }

  #dropOldest(): void {
    const { topic, payload, skipped } = this.#waiting.shift()!
    this.#waitingBytes -= payload.length
    this.droppedCount += 1
    const next = this.#waiting.find((other) => other.topic === topic)
    if (next === undefined) this.#skipped.set(topic, (this.#skipped.get(topic) ?? 0) + skipped + 1)
    else next.skipped += skipped + 1
  }
}
