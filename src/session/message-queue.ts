import type { Data } from '../connection/host.ts'

/** How many messages a session keeps unread before it stops reading from its peer (RFC 6455 §10.4). */
export interface QueueOptions {
  /** Unread messages at which reading stops. Default 1024, at least 1. */
  queueHighCount?: number
  /** Unread messages at which reading goes on. Default a quarter of `queueHighCount`. */
  queueLowCount?: number
  /** Bytes of unread messages at which reading stops; a character of text counts two. Default 1 MiB, at least 1. */
  queueHighBytes?: number
  /** Bytes of unread messages at which reading goes on. Default a quarter of `queueHighBytes`. */
  queueLowBytes?: number
}

/** Checked marks of a queue, made once for many sessions. */
export type QueueMarks = Readonly<Required<QueueOptions>>

/** Fills in and checks the marks of a queue; a mark out of its range throws a RangeError (RFC 6455 §10.4). */
export function checkQueueMarks(options: QueueOptions = {}): QueueMarks {
  const { queueHighCount = 1024, queueHighBytes = 1024 * 1024 } = options
  const { queueLowCount = Math.floor(queueHighCount / 4), queueLowBytes = Math.floor(queueHighBytes / 4) } = options
  checkMark('queueHighCount', queueHighCount, 1, Number.MAX_SAFE_INTEGER)
  checkMark('queueLowCount', queueLowCount, 0, queueHighCount - 1)
  checkMark('queueHighBytes', queueHighBytes, 1, Number.MAX_SAFE_INTEGER)
  checkMark('queueLowBytes', queueLowBytes, 0, queueHighBytes - 1)
  return { queueHighCount, queueLowCount, queueHighBytes, queueLowBytes }
}

function checkMark(name: string, value: number, least: number, most: number): void {
  if (Number.isSafeInteger(value) && value >= least && value <= most) return
  throw new RangeError(`${name} is ${String(value)}, an integer from ${least} to ${most} is allowed`)
}

/** One who waits for a message: `settle` is called once, with `null` when the queue has ended. */
export class Waiter {
  readonly settle: (message: Data | null) => void
  /** The neighbours in the line; only the queue touches them. */
  next: Waiter | null = null
  previous: Waiter | null = null

  constructor(settle: (message: Data | null) => void) {
    this.settle = settle
  }
}

/** Told when the queue fills and when it has room again. */
export interface QueueSink {
  onFull(): void
  onRoom(): void
}

/** A ring this large or smaller is kept when the queue runs empty. */
const SMALL_RING = 64

/**
 * The unread messages of one session in order of arrival, or else those who wait for one, first come first served.
 * Every step is O(1). The queue does not refuse a message: at its high marks it calls `onFull` once, and at its low
 * marks `onRoom` once (RFC 6455 §10.4).
 */
export class MessageQueue {
  readonly #marks: QueueMarks
  readonly #sink: QueueSink
  /** A ring whose length is a power of two, so that an index wraps by a mask. */
  #ring: (Data | undefined)[] = []
  #head = 0
  #count = 0
  #bytes = 0
  #isFull = false
  #hasEnded = false
  #firstWaiter: Waiter | null = null
  #lastWaiter: Waiter | null = null

  constructor(marks: QueueMarks, sink: QueueSink) {
    this.#marks = marks
    this.#sink = sink
  }

  /** Complete messages that nobody has taken. */
  get count(): number {
    return this.#count
  }

  /** Bytes of these messages; a character of text counts two. */
  get bytes(): number {
    return this.#bytes
  }

  /** Whether `end` was called; messages may still be left. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Hands the message to who waits longest, or keeps it. */
  push(message: Data): void {
    const waiter = this.#firstWaiter
    if (waiter !== null) {
      this.removeWaiter(waiter)
      waiter.settle(message)
      return
    }
    if (this.#count === this.#ring.length) this.#grow()
    this.#ring[(this.#head + this.#count) & (this.#ring.length - 1)] = message
    this.#count += 1
    this.#bytes += sizeOf(message)
    if (this.#isFull) return
    if (this.#count < this.#marks.queueHighCount && this.#bytes < this.#marks.queueHighBytes) return
    this.#isFull = true
    this.#sink.onFull()
  }

  /** Takes the oldest message; `undefined` when there is none. */
  shift(): Data | undefined {
    if (this.#count === 0) return undefined
    const message = this.#ring[this.#head]!
    this.#ring[this.#head] = undefined
    this.#head = (this.#head + 1) & (this.#ring.length - 1)
    this.#count -= 1
    this.#bytes -= sizeOf(message)
    if (this.#count === 0 && this.#ring.length > SMALL_RING) this.#ring = []
    if (this.#isFull) this.#checkRoom()
    return message
  }

  /** Puts one who waits at the end of the line; the caller has seen that the queue is empty and has not ended. */
  addWaiter(waiter: Waiter): void {
    waiter.previous = this.#lastWaiter
    if (this.#lastWaiter === null) this.#firstWaiter = waiter
    else this.#lastWaiter.next = waiter
    this.#lastWaiter = waiter
  }

  /** Takes one out of the line who still stands in it; no message is lost by it. */
  removeWaiter(waiter: Waiter): void {
    const { next, previous } = waiter
    if (previous === null) this.#firstWaiter = next
    else previous.next = next
    if (next === null) this.#lastWaiter = previous
    else next.previous = previous
    waiter.next = null
    waiter.previous = null
  }

  /** No message comes any more: who waits gets `null`, what is kept can still be taken. */
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
    this.#sink.onRoom()
  }

  #grow(): void {
    const { length } = this.#ring
    const ring = new Array<Data | undefined>(length === 0 ? 4 : length * 2)
    for (let i = 0; i < length; i++) ring[i] = this.#ring[(this.#head + i) & (length - 1)]
    this.#ring = ring
    this.#head = 0
  }
}

function sizeOf(message: Data): number {
  return typeof message === 'string' ? message.length * 2 : message.byteLength
}
