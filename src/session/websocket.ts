import { type Connection, countSession } from '../connection/connection.ts'
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
import { awaitRoom, type Room } from './send-room.ts'
import { openStreams } from './streamed-queue.ts'
import { checkWaitOptions, type WaitOptions, waitInLine } from './wait.ts'
import { notify, type SessionWatcher } from './watcher.ts'

/** Options of a session, in addition to the limits of its connection. */
export interface SessionOptions extends QueueOptions {
  /** Whether to reply to the text `ping` with the text `pong`, and to hide both texts from the view. Default false. */
  heartbeat?: boolean | undefined
}

/** Session options with defaults filled in and values checked. Many sessions share them. */
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
 * Reads the options of a session (RFC 6455 §10.4).
 *
 * @throws {TypeError} when an option has the wrong type.
 * @throws {RangeError} when a mark is not allowed.
 */
export function readSessionOptions(options: SessionOptions = {}): SessionSettings {
  return { marks: readQueueMarks(options), ...readOptions(sessionRules, options) }
}

/** Returns the queue of a session, which `stream()` replaces. */
let queueOf: (session: WebSocket) => MessageQueue

/**
 * The session of one connection, with the member names of Python's `dwebsocket`. Messages are stored in a bounded queue
 * until they are read. Stored messages can still be read after the connection has closed (RFC 6455 §7.1).
 */
export class WebSocket {
  /** The connection of the session. The session sets its `onMessage` and `onClose`. */
  readonly connection: Connection
  #queue: MessageQueue
  /** Created when messages are received in parts. */
  #streams: IncomingStreams | null = null
  readonly #drainingSource: Draining | null
  readonly #heartbeat: boolean
  #draining: AbortController | null = null
  #room: Room | null = null
  #watchers: Set<SessionWatcher> | null = null
  /** The promise that the first call of `close` returned, with the function that resolves it. */
  #closing: { promise: Promise<CloseInfo>; resolve: (info: CloseInfo) => void } | null = null

  static {
    queueOf = (session) => session.#queue
  }

  /** Sets the callbacks of `connection`. Views get their session from `request.websocket` instead. */
  constructor(connection: Connection, settings: SessionSettings = readSessionOptions(), draining?: Draining) {
    this.connection = connection
    this.#queue = new MessageQueue(settings.marks, connection)
    this.#heartbeat = settings.heartbeat
    this.#drainingSource = draining ?? null
    connection.onMessage = (message) => WebSocket.#receive(this, message)
    connection.onClose = (info) => WebSocket.#end(this, info)
    if (connection.closeInfo !== null) WebSocket.#end(this, connection.closeInfo)
  }

  /** The negotiated subprotocol; `''` when there is none (RFC 6455 §1.9). */
  get subprotocol(): string {
    return this.connection.subprotocol
  }

  /** A signal that is aborted when the server begins to stop. The view should then finish its work and return. */
  get draining(): AbortSignal {
    if (this.#draining === null) {
      this.#draining = new AbortController()
      if (this.connection.closeInfo === null) this.#drainingSource?.add(this.#draining)
    }
    return this.#draining.signal
  }

  /**
   * Resolves to the oldest message, text as a `string` and binary as a `Buffer` (RFC 6455 §6.2). Resolves to null when
   * the connection is closed and the queue is empty, or after `timeout` milliseconds; `is_closed()` tells which. Calls
   * are served in order. Rejects with the reason of an aborted `signal`, or with a TypeError after a call of `stream`.
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

  /** Returns the oldest message, or `fallback` (default null) when there is none. Never waits and never throws. */
  read(): Data | null
  read<T>(fallback: T): Data | T
  read(fallback: unknown = null): unknown {
    return this.#queue.shift() ?? fallback
  }

  /**
   * Resolves to the oldest message as soon as it begins to arrive, so that it can be read in parts, up to a size of
   * `maxStreamSize`; null when the connection is closed. After the first call, all messages are received in parts,
   * including one that has already begun, and `wait` and iteration reject with a TypeError. Call `stream` before the
   * first `await` of a view, because a message that arrives earlier is limited to `maxMessageSize`.
   *
   * @throws {TypeError} synchronously, while a call of `wait` is pending.
   */
  stream(): Promise<MessageStream | null> {
    if (this.#streams === null) {
      if (this.#queue.hasWaiters) throw new TypeError('stream() was called while wait() was pending')
      const { streams, queue } = openStreams(this.connection, this.#queue, () => notify(this.#watchers, 'onMessage'))
      this.#streams = streams
      this.#queue = queue
      countSession(this.connection, streams)
    }
    return this.#streams.take()
  }

  /** Returns the number of complete messages in the queue. */
  count_messages(): number {
    return this.#queue.count
  }

  /** Returns whether a complete message is in the queue. */
  has_messages(): boolean {
    return this.#queue.count > 0
  }

  /**
   * Sends a `string` as text, bytes as binary (RFC 6455 §6.1). The returned promise need not be awaited. It resolves
   * when more can be sent: to `true`, or to `false` if this message was dropped or the connection is closed.
   *
   * @param message A string, a typed array, DataView or ArrayBuffer, a Blob, or a result of `prepare`. An async
   *   iterable, `ReadableStream` or `Readable` of strings or bytes is sent as one message while it is being produced;
   *   the promise then resolves when all of it has been sent. When it throws, the connection is closed with 1011.
   * @param options `compress: false` sends this message uncompressed. `binary: false` sends bytes as text. With
   *   `wait: false`, the message is dropped while an iterable is being sent, and the promise resolves to `false`.
   * @throws {TypeError} synchronously, when the message is of any other type, or bytes sent as text are not UTF-8.
   */
  send(message: Sendable | PreparedMessage | Blob | Source, options?: SendOptions): Promise<boolean> {
    const result = this.connection.send(message, options)
    if (result === 'sent') return SENT
    if (result === 'closed' || (result === 'dropped' && options?.wait === false)) return NOT_SENT
    this.#room ??= awaitRoom(this.connection, () => {
      this.#room = null
    })
    return result === 'dropped' ? this.#room.dropped : this.#room.accepted
  }

  /**
   * Starts the closing handshake unless it has started, and resolves when the connection is closed (RFC 6455 §7.1.2). A
   * full queue does not delay it. Stored messages can still be read; messages that arrive later are dropped.
   *
   * @param code 1000–1003, 1007–1014 or 3000–4999. Default 1000.
   * @param reason At most 123 bytes of UTF-8. Default `''`.
   * @throws {TypeError} synchronously, when the reason is not a string.
   * @throws {RangeError} synchronously, when the code or reason must not be sent.
   */
  close(code = 1000, reason = ''): Promise<CloseInfo> {
    this.connection.close(code, reason)
    if (this.#closing === null) {
      const { closeInfo } = this.connection
      let resolve = (_info: CloseInfo): void => {}
      const promise =
        closeInfo === null ? new Promise<CloseInfo>((done) => (resolve = done)) : Promise.resolve(closeInfo)
      this.#closing = { promise, resolve }
    }
    return this.#closing.promise
  }

  /** Returns whether the connection is closing or closed (RFC 6455 §7.1.3). Stored messages can still be read. */
  is_closed(): boolean {
    return this.connection.state !== 'open'
  }

  /** Iterates over messages until the connection closes. Leaving the loop does not close the connection. */
  [Symbol.asyncIterator](): AsyncIterableIterator<Data> {
    return new MessageIterator(this)
  }

  /**
   * Calls `watcher.onMessage` for each message and `watcher.onEnd` when the connection closes, until `unwatch` is
   * called. If the connection has already closed, calls `onEnd` at once.
   */
  watch(watcher: SessionWatcher): void {
    if (this.connection.closeInfo !== null) return watchResult(watcher.onEnd(), (error) => console.error(error))
    this.#watchers ??= new Set()
    this.#watchers.add(watcher)
  }

  /** Removes a watcher that `watch` has added. */
  unwatch(watcher: SessionWatcher): void {
    this.#watchers?.delete(watcher)
  }

  // Static, because private methods would cost each session 8 bytes.

  /** Returns a promise that rejects when a watcher fails, as the connection expects from its callback. */
  static #receive(session: WebSocket, message: Data): Promise<unknown> | undefined {
    const failures = session.#watchers === null ? undefined : notify(session.#watchers, 'onMessage')
    if (!session.#heartbeat || (message !== 'ping' && message !== 'pong')) session.#queue.push(message)
    else if (message === 'ping') session.connection.send('pong')
    return failures
  }

  static #end(session: WebSocket, info: CloseInfo): Promise<unknown> | undefined {
    if (session.#draining !== null) session.#drainingSource?.remove(session.#draining)
    session.#queue.end()
    session.#streams?.end()
    session.#closing?.resolve(info)
    const watchers = session.#watchers
    session.#watchers = null
    return notify(watchers, 'onEnd')
  }
}

/**
 * A reader of a session. The readers of one session share its messages, so each message is returned by one of them. The
 * iterator is its own waiter, because a second object would add to the memory of each idle session.
 */
class MessageIterator extends Waiter implements AsyncIterableIterator<Data> {
  readonly #session: WebSocket
  /** Resolves the pending call of `next`. */
  #resolve: ((result: IteratorResult<Data, undefined>) => void) | null = null
  /** Serves further calls of `next` while one is pending. */
  #other: MessageIterator | null = null

  constructor(session: WebSocket) {
    super()
    this.#session = session
  }

  next(): Promise<IteratorResult<Data, undefined>> {
    const queue = queueOf(this.#session)
    const message = queue.shift()
    if (message !== undefined) return Promise.resolve({ value: message, done: false })
    if (queue.hasEnded) return DONE
    let reader: MessageIterator = this
    while (reader.#resolve !== null) reader = reader.#other ??= new MessageIterator(this.#session)
    return new Promise((resolve) => {
      queue.addWaiter(reader)
      reader.#resolve = resolve
    })
  }

  /** Ends the pending calls of `next`, so that none of them removes a message that another reader can have. */
  return(value?: unknown): Promise<IteratorReturnResult<unknown>> {
    for (let reader: MessageIterator | null = this; reader !== null; reader = reader.#other) {
      if (reader.#resolve === null) continue
      queueOf(this.#session).removeWaiter(reader)
      reader.settle(null)
    }
    this.#other = null
    return Promise.resolve({ value, done: true })
  }

  settle(message: Data | null): void {
    const resolve = this.#resolve
    this.#resolve = null
    resolve?.(message === null ? { value: undefined, done: true } : { value: message, done: false })
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}
