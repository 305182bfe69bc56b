import type { Connection } from '../connection/connection.ts'
import type { Data } from '../connection/host.ts'
import type { Source } from '../connection/send/message-type.ts'
import type { Sendable, SendOptions } from '../connection/send/outgoing.ts'
import type { PreparedMessage } from '../connection/send/prepared-message.ts'
import type { CloseInfo } from '../core/closing-handshake.ts'
import { flag } from '../options/option-rule.ts'
import { readOptions } from '../options/read-options.ts'
import { watchResult } from '../user-code/user-code.ts'
import type { Draining } from './draining.ts'
import type { IncomingStreams } from './incoming-streams.ts'
import {
  CallbackWaiter,
  MessageQueue,
  type QueueMarks,
  type QueueOptions,
  readQueueMarks,
  Waiter,
} from './message-queue.ts'
import type { MessageStream } from './message-stream.ts'
import { openStreams } from './streamed-queue.ts'
import { checkWaitOptions, type WaitOptions, waitInLine } from './wait.ts'
import { notify, type SessionWatcher } from './watcher.ts'

/** Options of a session, besides the limits of its connection. */
export interface SessionOptions extends QueueOptions {
  /** Answers the text `ping` with the text `pong` and hides both from the view. Default false. */
  heartbeat?: boolean | undefined
}

/** Session options, checked once for many sessions. */
export interface SessionSettings {
  readonly marks: QueueMarks
  readonly heartbeat: boolean
}

const sessionRules = { heartbeat: flag(false) }

/** Shared by all calls that do not have to wait, so that sending and reading allocate no promise. */
const SENT = Promise.resolve(true)
const NOT_SENT = Promise.resolve(false)
const NO_MESSAGE = Promise.resolve(null)
const DONE: Promise<IteratorResult<Data, undefined>> = Promise.resolve(Object.freeze({ value: undefined, done: true }))

/**
 * @throws {TypeError} when an option has the wrong type.
 * @throws {RangeError} when a mark is not allowed (RFC 6455 §10.4).
 */
export function readSessionOptions(options: SessionOptions = {}): SessionSettings {
  return { marks: readQueueMarks(options), ...readOptions(sessionRules, options) }
}

/**
 * The session of one connection, with the names of Python's `dwebsocket`: messages are stored in a bounded queue until
 * they are read, and messages received before a Close can be read after it (RFC 6455 §5.4, §7.1).
 */
export class WebSocket {
  /** The connection below; its `onMessage` and `onClose` belong to the session. */
  readonly connection: Connection
  #queue: MessageQueue
  /** Exists once the messages are received in parts. */
  #streams: IncomingStreams | null = null
  readonly #drainingSource: Draining | null
  readonly #heartbeat: boolean
  #draining: AbortController | null = null
  #roomPromise: Promise<boolean> | null = null
  #watchers: Set<SessionWatcher> | null = null
  #closePromise: Promise<CloseInfo> | null = null
  #resolveClose: ((info: CloseInfo) => void) | null = null

  /** Sets the callbacks of `connection`. Views get their session from `request.websocket` instead. */
  constructor(connection: Connection, settings: SessionSettings = readSessionOptions(), draining?: Draining) {
    this.connection = connection
    this.#queue = new MessageQueue(settings.marks, connection)
    this.#heartbeat = settings.heartbeat
    this.#drainingSource = draining ?? null
    connection.onMessage = (message) => this.#receive(message)
    connection.onClose = (info) => this.#end(info)
    connection.queuedBytes = () => this.#queue.bytes
    if (connection.closeInfo !== null) this.#end(connection.closeInfo)
  }

  /** The subprotocol that was agreed on, `''` without one (RFC 6455 §1.9). */
  get subprotocol(): string {
    return this.connection.subprotocol
  }

  /** Aborted when the server begins to stop: finish your work, then return or close (RFC 6455 §7.4.1, 1001). */
  get draining(): AbortSignal {
    if (this.#draining === null) {
      this.#draining = new AbortController()
      if (this.connection.closeInfo === null) this.#drainingSource?.add(this.#draining)
    }
    return this.#draining.signal
  }

  /**
   * The oldest message: text as a `string`, binary as a `Buffer`. Resolves to `null` when the connection is closed
   * and the queue is empty, or after `timeout` milliseconds; `is_closed()` tells them apart. Several callers are
   * served first come, first served. Rejects only with the reason of an aborted `signal` (RFC 6455 §6.2).
   *
   * @throws {TypeError} synchronously, when an option is unknown or has the wrong type.
   * @throws {RangeError} synchronously, when `timeout` is not allowed.
   */
  wait(options?: WaitOptions): Promise<Data | null> {
    if (options !== undefined) {
      checkWaitOptions(options)
      if (options.signal?.aborted) return Promise.reject(options.signal.reason)
    }
    const message = this.#queue.shift()
    if (message !== undefined) return Promise.resolve(message)
    if (this.#queue.hasEnded) return NO_MESSAGE
    if (options !== undefined) return waitInLine(this.#queue, options)
    return new Promise((resolve) => this.#queue.addWaiter(new CallbackWaiter(resolve)))
  }

  /** The oldest message if there is one, else `fallback` (default `null`); never throws (RFC 6455 §6.2). */
  read(): Data | null
  read<T>(fallback: T): Data | T
  read(fallback: unknown = null): unknown {
    return this.#queue.shift() ?? fallback
  }

  /**
   * The oldest message as soon as it begins, to be read in parts while it arrives, whatever its size; `null` when the
   * connection is closed. From the first call on every message is received like this, also one that has begun, and `wait`
   * and iteration reject with a TypeError. Call it before the first `await` of a view to receive large messages.
   *
   * @throws {TypeError} synchronously, when a caller of `wait` still waits.
   */
  stream(): Promise<MessageStream | null> {
    if (this.#streams === null) {
      if (this.#queue.hasWaiters) throw new TypeError('stream() while wait() waits for a whole message')
      const { streams, queue } = openStreams(this.connection, this.#queue)
      this.#streams = streams
      this.#queue = queue
      this.connection.queuedBytes = () => streams.bytes
    }
    return this.#streams.take()
  }

  /** How many complete messages are in the queue. */
  count_messages(): number {
    return this.#queue.count
  }

  /** Whether a complete message is in the queue. */
  has_messages(): boolean {
    return this.#queue.count > 0
  }

  /**
   * Sends a `string` as text, bytes as binary (RFC 6455 §6.1). The promise needs no `await`: it resolves to `true`
   * once there is room to send more and to `false` when the connection is closed; it never rejects.
   *
   * @param message A string, a typed array, DataView or ArrayBuffer, a Blob, what `prepare` returned, or an async iterable,
   *   `ReadableStream` or `Readable` of strings or bytes, which is sent as one message while it is made; the promise then
   *   resolves when all of it is sent. When it throws, the connection is closed with 1011.
   * @param options `compress: false` sends this message as it is; with `wait: false` the promise resolves to `false`, and
   *   the message is dropped, while a source is being sent.
   * @throws {TypeError} synchronously, for anything else
   */
  send(message: Sendable | PreparedMessage | Blob | Source, options?: SendOptions): Promise<boolean> {
    const result = this.connection.send(message, options)
    if (result === 'sent') return SENT
    if (result === 'closed' || (result === 'dropped' && options?.wait === false)) return NOT_SENT
    this.#roomPromise ??= this.connection.drained().then(() => {
      this.#roomPromise = null
      return this.connection.state === 'open'
    })
    return this.#roomPromise
  }

  /**
   * Begins the closing handshake unless it has begun; resolves once the connection is closed (RFC 6455 §7.1.2).
   * A full queue does not delay it: stored messages can still be read, messages that arrive from then on are dropped.
   *
   * @param code 3000–4999, or another code that may be sent. Default 1000.
   * @param reason At most 123 bytes of UTF-8. Default `''`.
   * @throws {TypeError} synchronously, when the reason is not a string.
   * @throws {RangeError} synchronously, when the code or reason must not be sent.
   */
  close(code = 1000, reason = ''): Promise<CloseInfo> {
    this.connection.close(code, reason)
    if (this.#closePromise === null) {
      this.#closePromise = new Promise((resolve) => {
        const { closeInfo } = this.connection
        if (closeInfo === null) this.#resolveClose = resolve
        else resolve(closeInfo)
      })
    }
    return this.#closePromise
  }

  /** Whether either side has closed the connection; received messages may still be read (RFC 6455 §7.1.3). */
  is_closed(): boolean {
    return this.connection.state !== 'open'
  }

  /** Every message until the connection closes; leaving the loop leaves the connection open (RFC 6455 §6.2). */
  [Symbol.asyncIterator](): AsyncIterableIterator<Data> {
    return new MessageIterator(this.#queue)
  }

  /** Calls `watcher` on messages and at the end, until `unwatch`; immediately when the end was before. */
  watch(watcher: SessionWatcher): void {
    if (this.connection.closeInfo !== null) return watchResult(watcher.onEnd(), (error) => console.error(error))
    this.#watchers ??= new Set()
    this.#watchers.add(watcher)
  }

  unwatch(watcher: SessionWatcher): void {
    this.#watchers?.delete(watcher)
  }

  /** Returns what watchers reject with, as the connection's callback. */
  #receive(message: Data): Promise<unknown> | undefined {
    const failures = this.#watchers === null ? undefined : notify(this.#watchers, 'onMessage')
    if (!this.#heartbeat || (message !== 'ping' && message !== 'pong')) this.#queue.push(message)
    else if (message === 'ping') this.connection.send('pong')
    return failures
  }

  #end(info: CloseInfo): Promise<unknown> | undefined {
    if (this.#draining !== null) this.#drainingSource?.remove(this.#draining)
    this.#queue.end()
    this.#streams?.end()
    this.#resolveClose?.(info)
    const watchers = this.#watchers
    this.#watchers = null
    return watchers === null ? undefined : notify(watchers, 'onEnd')
  }
}

/** One reader of a queue. The readers of one session share its messages: each message goes to one of them. */
class MessageIterator implements AsyncIterableIterator<Data> {
  readonly #queue: MessageQueue

  constructor(queue: MessageQueue) {
    this.#queue = queue
  }

  next(): Promise<IteratorResult<Data, undefined>> {
    const message = this.#queue.shift()
    if (message !== undefined) return Promise.resolve({ value: message, done: false })
    if (this.#queue.hasEnded) return DONE
    return new Promise((resolve) => this.#queue.addWaiter(new IteratorWaiter(resolve)))
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

/** A reader that waits: a closure of its own would cost each idle session as much again. */
class IteratorWaiter extends Waiter {
  readonly #resolve: (result: IteratorResult<Data, undefined>) => void

  constructor(resolve: (result: IteratorResult<Data, undefined>) => void) {
    super()
    this.#resolve = resolve
  }

  settle(message: Data | null): void {
    this.#resolve(message === null ? { value: undefined, done: true } : { value: message, done: false })
  }
}
