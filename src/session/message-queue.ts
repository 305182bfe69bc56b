import type { Data } from '../connection/host.ts'
import { integer } from '../options/option-rule.ts'
import { readOptions } from '../options/read-options.ts'

/** How many unread messages a session stores before it stops reading from its peer (RFC 6455 §10.4). */
export interface QueueOptions {
  /** Unread messages at which reading stops. Default 1024, at least 1. */
  queueHighCount?: number | undefined
  /** Unread messages at which reading resumes. Default a quarter of `queueHighCount`. */
  queueLowCount?: number | undefined
  /** Bytes of unread messages at which reading stops; a character of text counts two. Default 1 MiB, at least 1. */
  queueHighBytes?: number | undefined
  /** Bytes of unread messages at which reading resumes. Default a quarter of `queueHighBytes`. */
  queueLowBytes?: number | undefined
}

/** Checked marks of a queue, made once for many sessions. */
export type QueueMarks = Readonly<Record<keyof QueueOptions, number>>

const highRules = { queueHighCount: integer(1024), queueHighBytes: integer(1024 * 1024) }

/** The names of the queue options. */
export const queueMarkNames: readonly string[] = ['queueHighCount', 'queueLowCount', 'queueHighBytes', 'queueLowBytes']

/**
 * Fills in and checks the marks of a queue (RFC 6455 §10.4).
 *
 * @throws {TypeError} when a mark is not a number.
 * @throws {RangeError} when a mark is not allowed; a low mark must be below its high mark.
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

/** A caller that waits for a message. */
export abstract class Waiter {
  /** The neighbors in the list of waiters; only the queue changes them. */
  next: Waiter | null = null
  previous: Waiter | null = null

  /** Called once, with `null` when the queue has ended. */
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

/** Where the messages of a queue come from. */
export interface QueueSource {
  /** A high mark is reached. */
  pause(): void
  /** Both low marks are reached again. */
  resume(): void
}

/** The ring of a queue in which nothing has waited yet: an array of its own would cost each idle session 32 bytes. */
const NO_RING: (Data | undefined)[] = []

/** A ring of this length or less is retained when the queue runs empty. */
const SMALL_RING = 64

/**
 * The unread messages of one session in order of arrival, or else the callers that wait for one, first come, first
 * served. Every operation is O(1). The queue never rejects a message: it pauses its source once at its high marks and
 * resumes it once at its low marks (RFC 6455 §10.4).
 */
export class MessageQueue {
  readonly #marks: QueueMarks
  readonly #source: QueueSource
  /** A ring buffer whose length is a power of two, so that a bit mask wraps an index. */
  #ring: (Data | undefined)[] = NO_RING
  #first = 0
  #count = 0
  #bytes = 0
  #isFull = false
  #hasEnded = false
  #firstWaiter: Waiter | null = null
  #lastWaiter: Waiter | null = null

  constructor(marks: QueueMarks, source: QueueSource) {
    this.#marks = marks
    this.#source = source
  }

  /** Complete messages that are unread. */
  get count(): number {
    return this.#count
  }

  /** Bytes of these messages; a character of text counts two. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether a caller waits for a message. */
  get hasWaiters(): boolean {
    return this.#firstWaiter !== null
  }

  /** Whether `end` was called; messages may still be left. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Gives the message to the caller that waits longest, or stores it. */
  push(message: Data): void {
    const waiter = this.#firstWaiter
    if (waiter !== null) {
      this.removeWaiter(waiter)
      waiter.settle(message)
      return
    }
    if (this.#count === this.#ring.length) this.#grow()
    this.#ring[(this.#first + this.#count) & (this.#ring.length - 1)] = message
    this.#count++
    this.#bytes += sizeOf(message)
    if (this.#isFull) return
    if (this.#count < this.#marks.queueHighCount && this.#bytes < this.#marks.queueHighBytes) return
    this.#isFull = true
    this.#source.pause()
  }

  /** Removes and returns the oldest message; `undefined` without one. */
  shift(): Data | undefined {
    if (this.#count === 0) return undefined
    const message = this.#ring[this.#first]!
    this.#ring[this.#first] = undefined
    this.#first = (this.#first + 1) & (this.#ring.length - 1)
    this.#count--
    this.#bytes -= sizeOf(message)
    if (this.#count === 0 && this.#ring.length > SMALL_RING) this.#ring = NO_RING
    if (this.#isFull) this.#checkRoom()
    return message
  }

  /** Adds a waiter behind the others. Call it only while the queue is empty and has not ended. */
  addWaiter(waiter: Waiter): void {
    waiter.previous = this.#lastWaiter
    if (this.#lastWaiter === null) this.#firstWaiter = waiter
    else this.#lastWaiter.next = waiter
    this.#lastWaiter = waiter
  }

  /** Removes a waiter that is in the list; no message is lost. */
  removeWaiter(waiter: Waiter): void {
    const { next, previous } = waiter
    if (previous === null) this.#firstWaiter = next
    else previous.next = next
    if (next === null) this.#lastWaiter = previous
    else next.previous = previous
    waiter.next = null
    waiter.previous = null
  }

  /** No more messages arrive: waiters get `null`, stored messages can still be read. */
  end(): void {
    this.#hasEnded = true
    for (let waiter = this.#firstWaiter; waiter !== null; waiter = this.#firstWaiter) {
      this.removeWaiter(waiter)
      waiter.settle(null)
    }
  }

  #checkRoom(): void {
    if (this.#count > this.#marks.queueLowCount || this.#bytes > this.#marks.queueLowBytes) return
    this.#isFull = false
    this.#source.resume()
  }

  #grow(): void {
    const { length } = this.#ring
    const ring = new Array<Data | undefined>(length === 0 ? 4 : length * 2)
    for (let i = 0; i < length; i++) ring[i] = this.#ring[(this.#first + i) & (length - 1)]
    this.#ring = ring
    this.#first = 0
  }
}

function sizeOf(message: Data): number {
  return typeof message === 'string' ? message.length * 2 : message.length
}
