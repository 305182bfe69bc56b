import { countSession } from '../connection/connection.ts'
import type { Data } from '../connection/host.ts'
import { integer } from '../options/option-rule.ts'
import { readOptions } from '../options/read-options.ts'
import { MessageRing } from './message-ring.ts'

/** Limits for unread messages, at which a session pauses reading from its peer (RFC 6455 §10.4). */
export interface QueueOptions {
  /** Number of unread messages at which reading is paused, at least 1. Default 1024. */
  queueHighCount?: number | undefined
  /**
   * Number of unread messages at which reading is resumed, if the unread bytes have also fallen to `queueLowBytes`.
   * Default: a quarter of `queueHighCount`.
   */
  queueLowCount?: number | undefined
  /**
   * Number of unread bytes at which reading is paused, at least 1. Each UTF-16 code unit of a text counts as two bytes.
   * Default 1 MiB.
   */
  queueHighBytes?: number | undefined
  /**
   * Number of unread bytes at which reading is resumed, if the unread messages have also fallen to `queueLowCount`.
   * Default: a quarter of `queueHighBytes`.
   */
  queueLowBytes?: number | undefined
}

/** The marks of a queue with defaults filled in and values checked. Many sessions share them. */
export type QueueMarks = Readonly<Record<keyof QueueOptions, number>>

const highRules = { queueHighCount: integer(1024), queueHighBytes: integer(1024 * 1024) }

/** The names of the queue options. */
export const queueMarkNames: readonly string[] = ['queueHighCount', 'queueLowCount', 'queueHighBytes', 'queueLowBytes']

/**
 * Fills in the defaults of the marks of a queue and checks them (RFC 6455 §10.4).
 *
 * @throws {TypeError} when a mark is not a number.
 * @throws {RangeError} when a mark is not allowed, or a low mark is not below its high mark.
 */
export function readQueueMarks(options: QueueOptions = {}): QueueMarks {
  const high = readOptions(highRules, options)
  const { queueHighCount, queueHighBytes } = high
  const lowRules = {
    queueLowCount: integer(Math.floor(queueHighCount / 4), 0, queueHighCount - 1),
    queueLowBytes: integer(Math.floor(queueHighBytes / 4), 0, queueHighBytes - 1),
  }
  return { ...high, ...readOptions(lowRules, options) }
}

/**
 * Returns the marks of a server, replaced by those that a view sets. When a view sets only a high mark, the low mark
 * becomes a quarter of it.
 */
export function overrideQueueMarks(server: QueueMarks, view: QueueOptions): QueueMarks {
  const { queueHighCount = server.queueHighCount, queueHighBytes = server.queueHighBytes } = view
  const lowCount = view.queueHighCount === undefined ? server.queueLowCount : Math.floor(queueHighCount / 4)
  const lowBytes = view.queueHighBytes === undefined ? server.queueLowBytes : Math.floor(queueHighBytes / 4)
  return {
    queueHighCount,
    queueLowCount: Math.min(view.queueLowCount ?? lowCount, queueHighCount - 1),
    queueHighBytes,
    queueLowBytes: Math.min(view.queueLowBytes ?? lowBytes, queueHighBytes - 1),
  }
}

/** A caller that waits for a message. */
export abstract class Waiter {
  /** The previous waiter in the list. Only the queue changes it. */
  before: Waiter | null = null
  /** The next waiter in the list. Only the queue changes it. */
  after: Waiter | null = null

  /** Called once with a message, or with null when the queue has ended. */
  abstract settle(message: Data | null): void
}

/** A caller that waits with a callback. */
export class CallbackWaiter extends Waiter {
  readonly #callback: (message: Data | null) => void

  constructor(callback: (message: Data | null) => void) {
    super()
    this.#callback = callback
  }

  settle(message: Data | null): void {
    this.#callback(message)
  }
}

/** The source of the messages of a queue. */
export interface QueueSource {
  /** Called when a high mark is reached. */
  pause(): void
  /** Called when both counts have fallen to their low marks. */
  resume(): void
}

/** The ring of all queues that have not stored a message. It stays empty. */
const UNUSED = new MessageRing()

/**
 * The unread messages of one session in order of arrival, or the callers that wait for one, first come, first served.
 * Every operation is O(1). The queue never rejects a message: it pauses its source at its high marks and resumes it at
 * its low marks (RFC 6455 §10.4). To save memory in idle sessions, objects that only messages need are created when the
 * first message has to wait. For the same reason there are no private methods, which would cost 8 bytes.
 */
export class MessageQueue {
  readonly #marks: QueueMarks
  readonly #source: QueueSource
  #ring = UNUSED
  #isFull = false
  #hasEnded = false
  #firstWaiter: Waiter | null = null
  #lastWaiter: Waiter | null = null

  constructor(marks: QueueMarks, source: QueueSource) {
    this.#marks = marks
    this.#source = source
  }

  /** Number of unread messages. */
  get count(): number {
    return this.#ring.count
  }

  /** Size of the unread messages in bytes. Each UTF-16 code unit of a text counts as two bytes. */
  get bytes(): number {
    return this.#ring.bytes
  }

  /** Whether a caller is waiting for a message. */
  get hasWaiters(): boolean {
    return this.#firstWaiter !== null
  }

  /** Whether `end` was called. Messages may still be left. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Passes the message to the caller that has waited longest, or stores it. */
  push(message: Data): void {
    const waiter = this.#firstWaiter
    if (waiter !== null) {
      this.removeWaiter(waiter)
      waiter.settle(message)
      return
    }
    if (this.#ring === UNUSED) {
      this.#ring = new MessageRing()
      countSession(this.#source, this)
    }
    const ring = this.#ring
    ring.push(message)
    if (this.#isFull) return
    if (ring.count < this.#marks.queueHighCount && ring.bytes < this.#marks.queueHighBytes) return
    this.#isFull = true
    this.#source.pause()
  }

  /** Removes and returns the oldest message; undefined when there is none. */
  shift(): Data | undefined {
    const ring = this.#ring
    if (ring.count === 0) return undefined
    const message = ring.shift()
    if (this.#isFull && ring.count <= this.#marks.queueLowCount && ring.bytes <= this.#marks.queueLowBytes) {
      this.#isFull = false
      this.#source.resume()
    }
    return message
  }

  /** Returns whether the queue has paused its source. From now on, the queue does not resume it. */
  releaseSource(): boolean {
    const hasPaused = this.#isFull
    this.#isFull = false
    return hasPaused
  }

  /** Adds a waiter to the end of the list. Call it only while the queue is empty and has not ended. */
  addWaiter(waiter: Waiter): void {
    waiter.before = this.#lastWaiter
    if (this.#lastWaiter === null) this.#firstWaiter = waiter
    else this.#lastWaiter.after = waiter
    this.#lastWaiter = waiter
  }

  /** Removes a waiter that is in the list. No message is lost. */
  removeWaiter(waiter: Waiter): void {
    const { before, after } = waiter
    if (before === null) this.#firstWaiter = after
    else before.after = after
    if (after === null) this.#lastWaiter = before
    else after.before = before
    waiter.before = null
    waiter.after = null
  }

  /** Ends the queue. Waiters get null, and stored messages can still be read. */
  end(): void {
    this.#hasEnded = true
    for (let waiter = this.#firstWaiter; waiter !== null; waiter = this.#firstWaiter) {
      this.removeWaiter(waiter)
      waiter.settle(null)
    }
  }
}
