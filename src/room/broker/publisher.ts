import { integer, milliseconds } from '../../options/option-rule.ts'
import { readOptions } from '../../options/read-options.ts'
import type { HistoryOptions, Outgoing, Publication } from './broker.ts'
import { answerWithin } from './deadline.ts'
import { makeToken } from './history.ts'
import { ENTRY_OVERHEAD, sizeOf } from './size.ts'
import { StoreMemory } from './store-memory.ts'

/** Options of a broker that publishes to other processes. */
export interface PublisherOptions {
  /** Maximum number of messages that wait to be published. The oldest ones are dropped first. Default 10,000. */
  maxWaitingMessages?: number | undefined
  /**
   * Maximum size in bytes of the messages that wait to be published. The oldest ones are dropped first. Default 16 MiB.
   */
  maxWaitingBytes?: number | undefined
  /**
   * Time limit in milliseconds for each response from the primary process or from Redis, which is then considered
   * unavailable. Default 2,000.
   */
  timeout?: number | undefined
}

/** The rules of `PublisherOptions`. */
export const publisherRules = {
  maxWaitingMessages: integer(10_000),
  maxWaitingBytes: integer(16 * 1024 * 1024),
  timeout: milliseconds(2_000),
}

/** Maximum size of a batch. */
const BATCH_MESSAGES = 500
const BATCH_BYTES = 1024 * 1024
/** Delay in milliseconds before the first retry. It doubles up to `LAST_RETRY`. */
const FIRST_RETRY = 100
const LAST_RETRY = 5_000

/** Maximum number of topics whose dropped messages are counted. */
const MAX_SKIPPED_TOPICS = 10_000

/** @param renewal When not null, the numbers of all topics must restart, once for each new value. */
type Send = (batch: readonly Outgoing[], renewal: string | null) => Promise<void>

interface WaitingMessage extends Outgoing {
  /** Set when the message is added to a batch. */
  skipped: number
  /** Size in bytes. */
  readonly size: number
}

/**
 * Sends messages in order, one batch at a time. A batch that fails is sent again until it is accepted. The queue is
 * bounded: the oldest messages are dropped, and the next message of the same topic says how many were dropped. When
 * messages of too many topics were dropped, all topics get a new epoch instead, so that each subscriber detects a
 * possible gap.
 */
export class Publisher {
  readonly #send: Send
  readonly #options: Readonly<Required<PublisherOptions>>
  #waiting: WaitingMessage[] = []
  readonly #memory = new StoreMemory((bytes) => {
    while (this.#memory.used > bytes && this.#waiting.length > 0) this.#dropOldest()
    if (this.#memory.used > bytes) this.#renewAll()
  })
  #waitingBytes = 0
  #batch: WaitingMessage[] = []
  #batchBytes = 0
  #isSending = false
  #isScheduled = false
  #retryTimer: NodeJS.Timeout | null = null
  #retryDelay = FIRST_RETRY
  /** Pending calls of `settled`, in order, with the number of messages that were published before each. */
  #settled: { readonly after: number; readonly resolve: (isAccepted: boolean) => void }[] = []
  /** Number of calls of `publish`. */
  #totalCount = 0
  #isFailing = false
  /** Number of dropped messages per topic. */
  readonly #skipped = new Map<string, number>()
  #renewal: string | null = null
  /** The renewal that precedes the batch. */
  #batchRenewal: string | null = null
  publishedCount = 0
  droppedCount = 0
  lastError: string | null = null

  /**
   * @param send Resolves when a batch is accepted, and rejects when it must be sent again.
   * @throws {TypeError} when an option is not a number.
   * @throws {RangeError} when the value of an option is not allowed.
   */
  constructor(options: PublisherOptions, send: Send) {
    this.#options = readOptions(publisherRules, options)
    this.#send = send
  }

  /** Number of messages that have not been accepted. */
  get count(): number {
    return this.#waiting.length + this.#batch.length
  }

  /** Whether the last attempt failed. The next one follows within five seconds. */
  get isFailing(): boolean {
    return this.#isFailing
  }

  /** Memory in bytes of the messages that have not been accepted, and of the counts of dropped messages. */
  get bytes(): number {
    return this.#memory.used
  }

  publish(topic: string, publication: Publication, history: HistoryOptions | null): void {
    this.#totalCount += 1
    const size = sizeOf(publication.payload)
    this.#waiting.push({ ...publication, topic, history, skipped: 0, size })
    this.#waitingBytes += size
    this.#memory.change(size)
    while (this.#isOverLimit) this.#dropOldest()
    if (this.#isScheduled) return
    this.#isScheduled = true
    // Messages of one tick are sent in one batch.
    process.nextTick(() => {
      this.#isScheduled = false
      if (this.#retryTimer === null) void this.#run()
    })
  }

  /** Sends at once instead of waiting for the next retry, because the other side is back. */
  retry(): void {
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer)
    this.#retryTimer = null
    this.#retryDelay = FIRST_RETRY
    void this.#run()
  }

  /**
   * Resolves to true when everything published before this call has been accepted, and to false when that fails or
   * takes too long.
   */
  settled(): Promise<boolean> {
    if (this.count === 0 || this.#retryTimer !== null) return Promise.resolve(this.count === 0)
    const settled = new Promise<boolean>((resolve) => this.#settled.push({ after: this.#totalCount, resolve }))
    return answerWithin(settled, this.#options.timeout, 'the other side').catch(() => false)
  }

  stop(): void {
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer)
    this.#retryTimer = null
    this.#waiting = []
    this.#batch = []
    this.#skipped.clear()
    this.#memory.change(-this.#memory.used)
    this.#waitingBytes = 0
    this.#batchBytes = 0
    this.#settle(false)
  }

  get #isOverLimit(): boolean {
    const { maxWaitingMessages, maxWaitingBytes } = this.#options
    return this.#waiting.length > maxWaitingMessages || this.#waitingBytes > maxWaitingBytes
  }

  async #run(): Promise<void> {
    if (this.#isSending) return
    this.#isSending = true
    try {
      while (this.count > 0) {
        if (this.#batch.length === 0) this.#takeBatch()
        await this.#send(this.#batch, this.#batchRenewal)
        this.publishedCount += this.#batch.length
        this.#batch = []
        this.#memory.change(-this.#batchBytes)
        this.#batchBytes = 0
        this.#retryDelay = FIRST_RETRY
        this.#isFailing = false
        this.#settle(true, this.#totalCount - this.count)
      }
    } catch (error) {
      this.lastError = String(error)
      this.#isFailing = true
      this.#retryLater()
      this.#settle(false)
    } finally {
      this.#isSending = false
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

  /** Resolves the pending calls of `settled` for the first `count` messages. */
  #settle(isAccepted: boolean, count = Number.POSITIVE_INFINITY): void {
    while (this.#settled.length > 0 && this.#settled[0].after <= count) this.#settled.shift()!.resolve(isAccepted)
  }

  #takeBatch(): void {
    let count = 0
    let bytes = 0
    while (count < this.#waiting.length && count < BATCH_MESSAGES && (count === 0 || bytes < BATCH_BYTES)) {
      bytes += this.#waiting[count].size
      count += 1
    }
    this.#batch = this.#waiting.splice(0, count)
    this.#batchRenewal = this.#renewal
    this.#renewal = null
    for (const message of this.#batch) message.skipped = this.#takeSkipped(message.topic)
    this.#batchBytes = bytes
    this.#waitingBytes -= bytes
  }

  #dropOldest(): void {
    const { topic, size } = this.#waiting.shift()!
    this.#waitingBytes -= size
    this.droppedCount += 1
    const skipped = this.#skipped.get(topic)
    this.#skipped.set(topic, (skipped ?? 0) + 1)
    // Both changes are combined, because their sum is never positive. A positive change could drop more messages.
    this.#memory.change((skipped === undefined ? ENTRY_OVERHEAD : 0) - size)
    if (this.#skipped.size > MAX_SKIPPED_TOPICS) this.#renewAll()
  }

  /** Returns how many messages of a topic were dropped before the first that waits. */
  #takeSkipped(topic: string): number {
    const skipped = this.#skipped.get(topic)
    if (skipped === undefined) return 0
    this.#skipped.delete(topic)
    this.#memory.change(-ENTRY_OVERHEAD)
    return skipped
  }

  /** Replaces the numbers of dropped messages with one mark for all topics. */
  #renewAll(): void {
    if (this.#skipped.size === 0) return
    this.#memory.change(-ENTRY_OVERHEAD * this.#skipped.size)
    this.#skipped.clear()
    this.#renewal = makeToken()
  }
}
