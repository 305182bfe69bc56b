import { integer } from '../../options/option-rule.ts'
import { readOptions } from '../../options/read-options.ts'
import type { HistoryOptions, Outgoing, Publication } from './broker.ts'

/** How much may wait to be published; the oldest messages are dropped first. */
export interface PublishLimits {
  /** Messages. Default 10,000. */
  maxWaitingMessages?: number | undefined
  /** Bytes. Default 16 MiB. */
  maxWaitingBytes?: number | undefined
}

const rules = { maxWaitingMessages: integer(10_000), maxWaitingBytes: integer(16 * 1024 * 1024) }

/** The most that goes out together. */
const BATCH_MESSAGES = 500
const BATCH_BYTES = 1024 * 1024
/** Milliseconds before the first retry; the delay doubles up to the last. */
const FIRST_RETRY = 100
const LAST_RETRY = 5_000

interface WaitingMessage extends Outgoing {
  skipped: number
}

/**
 * Sends messages in order, one batch at a time; a batch that fails is sent again until it is accepted. The queue is
 * bounded: the oldest messages are dropped, and the next message of their topic carries their number.
 */
export class Publisher {
  readonly #send: (batch: readonly Outgoing[]) => Promise<void>
  readonly #limits: Readonly<Required<PublishLimits>>
  #waiting: WaitingMessage[] = []
  #waitingBytes = 0
  #batch: WaitingMessage[] = []
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

  /**
   * @param send Resolves when a batch is accepted, and rejects when it has to be sent again.
   * @throws {TypeError} when a limit is not a number.
   * @throws {RangeError} when a limit is not allowed.
   */
  constructor(limits: PublishLimits, send: (batch: readonly Outgoing[]) => Promise<void>) {
    this.#limits = readOptions(rules, limits)
    this.#send = send
  }

  /** Messages that are not accepted yet. */
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
    while (this.#isOverLimit) this.#dropOldest()
    if (this.#isScheduled) return
    this.#isScheduled = true
    // Messages of one tick share a batch.
    process.nextTick(() => {
      this.#isScheduled = false
      if (this.#retryTimer === null) void this.#run()
    })
  }

  /** Sends at once instead of waiting for the next retry: the other side is back. */
  retry(): void {
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer)
    this.#retryTimer = null
    this.#retryDelay = FIRST_RETRY
    void this.#run()
  }

  /** Resolves when everything published before is accepted, or when an attempt fails. */
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
    this.#settle()
  }

  get #isOverLimit(): boolean {
    const { maxWaitingMessages, maxWaitingBytes } = this.#limits
    return this.#waiting.length > maxWaitingMessages || this.#waitingBytes > maxWaitingBytes
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
      this.#settle()
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

  #settle(): void {
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
