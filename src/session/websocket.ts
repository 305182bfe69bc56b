import type { Connection } from '../connection/connection.ts'
import type { Data } from '../connection/host.ts'
import type { Sendable, SendOptions } from '../connection/send/outgoing.ts'
import type { PreparedMessage } from '../connection/send/prepared-message.ts'
import type { CloseInfo } from '../core/closing-handshake.ts'
import type { Draining } from './draining.ts'
import { checkQueueMarks, MessageQueue, type QueueMarks, type QueueOptions, Waiter } from './message-queue.ts'

/** What a session may be told, besides the limits of its connection. */
export interface SessionOptions extends QueueOptions {
  /** Answers the text `ping` with the text `pong` and keeps both from the view. Default false. */
  heartbeat?: boolean
}

/** Who is told what a session does, without being its reader. */
export interface SessionWatcher {
  /** The peer has sent a message. */
  onMessage?(): void
  /** The connection is closed. */
  onEnd(): void
}

/** Session options, checked once for many sessions. */
export interface SessionSettings {
  readonly marks: QueueMarks
  readonly heartbeat: boolean
}

/** How long `wait` waits. */
export interface WaitOptions {
  /** Milliseconds until `wait` gives up with `null`, from 0 to 2147483647. No limit unless given. */
  timeout?: number
  /** Aborting it rejects the wait with its reason; no message is lost. */
  signal?: AbortSignal
}

/** The longest delay that a timer of Node keeps; a longer one would fire at once. */
const LONGEST_TIMEOUT = 2 ** 31 - 1

/** Shared by every call that need not wait, so that sending and reading allocate no promise for it. */
const SENT = Promise.resolve(true)
const NOT_SENT = Promise.resolve(false)
const NO_MESSAGE = Promise.resolve(null)
const DONE: Promise<IteratorResult<Data, undefined>> = Promise.resolve(Object.freeze({ value: undefined, done: true }))

/** Checks session options; a mark out of its range throws a RangeError (RFC 6455 §10.4). */
export function checkSessionOptions(options: SessionOptions = {}): SessionSettings {
  return { marks: checkQueueMarks(options), heartbeat: options.heartbeat ?? false }
}

/**
 * The session of one connection, with the names of Python's `dwebsocket`: messages are kept in a bounded queue until
 * somebody reads them, and what was received before a Close is still read after it (RFC 6455 §5.4, §7.1).
 */
export class WebSocket {
  /** The connection below; its `onMessage` and `onClose` belong to the session. */
  readonly connection: Connection
  readonly #queue: MessageQueue
  readonly #drainingSource: Draining | null
  readonly #heartbeat: boolean
  #draining: AbortController | null = null
  #roomPromise: Promise<boolean> | null = null
  #watchers: Set<SessionWatcher> | null = null
  #closeInfo: CloseInfo | null = null
  #closePromise: Promise<CloseInfo> | null = null
  #resolveClose: ((info: CloseInfo) => void) | null = null

  /** Takes over the callbacks of `connection`; views get their session from `request.websocket` instead. */
  constructor(connection: Connection, settings: SessionSettings = checkSessionOptions(), draining?: Draining) {
    this.connection = connection
    this.#queue = new MessageQueue(settings.marks, {
      onFull: () => connection.pause(),
      onRoom: () => connection.resume(),
    })
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

  /** Aborted when the server is about to stop: finish what you do, then return or close (RFC 6455 §7.4.1, 1001). */
  get draining(): AbortSignal {
    if (this.#draining === null) {
      this.#draining = new AbortController()
      if (this.#closeInfo === null) this.#drainingSource?.add(this.#draining)
    }
    return this.#draining.signal
  }

  /**
   * The oldest message: text as a `string`, binary as a `Buffer`. Resolves to `null` when the connection is closed
   * and the queue is empty, or after `timeout` milliseconds; `is_closed()` tells which. Several waiters are served
   * first come, first served. Rejects only with the reason of an aborted `signal` (RFC 6455 §6.2).
   *
   * @throws {TypeError} synchronously, for a `timeout` that is no number or a `signal` that is no AbortSignal
   * @throws {RangeError} synchronously, for a `timeout` outside 0–2147483647
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
    return new Promise((resolve) => this.#queue.addWaiter(new Waiter(resolve)))
  }

  /** A queued message at once, else `fallback` (default `null`); never throws (RFC 6455 §6.2). */
  read(): Data | null
  read<T>(fallback: T): Data | T
  read(fallback: unknown = null): unknown {
    return this.#queue.shift() ?? fallback
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
   * @param message a string, a Uint8Array, an ArrayBuffer, or what `prepare` made of one
   * @param options `compress: false` sends this message as it is
   * @throws {TypeError} synchronously, for anything else
   */
  send(message: Sendable | PreparedMessage, options?: SendOptions): Promise<boolean> {
    const result = this.connection.send(message, options)
    if (result === 'sent') return SENT
    if (result === 'closed') return NOT_SENT
    this.#roomPromise ??= this.connection.drained().then(() => {
      this.#roomPromise = null
      return this.connection.state === 'open'
    })
    return this.#roomPromise
  }

  /**
   * Begins the closing handshake unless it has begun; resolves once the connection is closed (RFC 6455 §7.1.2).
   * A full queue does not hold it up: what it holds can still be read, messages that arrive from then on are dropped.
   *
   * @param code 1000 by default, or 3000–4999, or another code that may be sent
   * @param reason at most 123 bytes of UTF-8
   * @throws {TypeError | RangeError} synchronously, for a code or reason that may not be sent
   */
  close(code = 1000, reason = ''): Promise<CloseInfo> {
    this.connection.close(code, reason)
    if (this.#closePromise === null) {
      this.#closePromise = new Promise((resolve) => {
        if (this.#closeInfo === null) this.#resolveClose = resolve
        else resolve(this.#closeInfo)
      })
    }
    return this.#closePromise
  }

  /** Whether either side has closed the connection; received messages may still be read (RFC 6455 §7.1.3). */
  is_closed(): boolean {
    return this.connection.state !== 'open'
  }

  /** Every message until the connection closes; leaving the loop leaves the connection open (RFC 6455 §6.2). */
  [Symbol.asyncIterator](): AsyncIterableIterator<Data, undefined> {
    return new MessageIterator(this.#queue)
  }

  /** Tells `watcher` of messages and of the end, until `unwatch`; of the end at once when it was before. */
  watch(watcher: SessionWatcher): void {
    if (this.#closeInfo !== null) return watcher.onEnd()
    this.#watchers ??= new Set()
    this.#watchers.add(watcher)
  }

  unwatch(watcher: SessionWatcher): void {
    this.#watchers?.delete(watcher)
  }

  #receive(message: Data): void {
    if (this.#watchers !== null) for (const watcher of this.#watchers) watcher.onMessage?.()
    if (this.#heartbeat && (message === 'ping' || message === 'pong')) {
      if (message === 'ping') this.connection.send('pong')
      return
    }
    this.#queue.push(message)
  }

  #end(info: CloseInfo): void {
    this.#closeInfo = info
    if (this.#draining !== null) this.#drainingSource?.remove(this.#draining)
    this.#queue.end()
    this.#resolveClose?.(info)
    const watchers = this.#watchers
    this.#watchers = null
    if (watchers !== null) for (const watcher of watchers) watcher.onEnd()
  }
}

/** One reader of the queue; those of one session share its messages, each message goes to one of them. */
class MessageIterator implements AsyncIterableIterator<Data, undefined> {
  readonly #queue: MessageQueue

  constructor(queue: MessageQueue) {
    this.#queue = queue
  }

  next(): Promise<IteratorResult<Data, undefined>> {
    const message = this.#queue.shift()
    if (message !== undefined) return Promise.resolve({ value: message, done: false })
    if (this.#queue.hasEnded) return DONE
    return new Promise((resolve) => this.#queue.addWaiter(new Waiter((next) => resolve(resultOf(next)))))
  }

  [Symbol.asyncIterator](): this {
    return this
  }
}

function resultOf(message: Data | null): IteratorResult<Data, undefined> {
  return message === null ? { value: undefined, done: true } : { value: message, done: false }
}

function checkWaitOptions({ timeout, signal }: WaitOptions): void {
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new TypeError(`signal is ${typeof signal}, an AbortSignal is allowed`)
  }
  if (timeout === undefined) return
  if (typeof timeout !== 'number') throw new TypeError(`timeout is ${typeof timeout}, a number is allowed`)
  if (timeout >= 0 && timeout <= LONGEST_TIMEOUT) return
  throw new RangeError(`timeout is ${timeout}, 0 to ${LONGEST_TIMEOUT} milliseconds are allowed`)
}

/** Waits with a bound: whichever comes first — message, end, timeout, abort — leaves no trace of the others. */
function waitInLine(queue: MessageQueue, { timeout, signal }: WaitOptions): Promise<Data | null> {
  return new Promise((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined
    const waiter = new Waiter((message) => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', abort)
      resolve(message)
    })
    const abort = (): void => {
      clearTimeout(timer)
      queue.removeWaiter(waiter)
      reject(signal?.reason)
    }
    queue.addWaiter(waiter)
    signal?.addEventListener('abort', abort, { once: true })
    if (timeout === undefined) return
    timer = setTimeout(() => {
      queue.removeWaiter(waiter)
      waiter.settle(null)
    }, timeout)
  })
}
