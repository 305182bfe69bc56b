import type {
  ClientData,
  ClientEnvironment,
  ClientEvents,
  ClientEventTarget,
  ClientOptions,
  CloseReport,
  SocketLike,
} from './browser-types.ts'

export type * from './browser-types.ts'

/** Thrown by `send` when the outbox has no room for the message; the message was not taken. */
export class OutboxFullError extends Error {
  readonly code = 'ERR_WS_OUTBOX_FULL'
  override readonly name = 'OutboxFullError'
}

type Handler<K extends keyof ClientEvents> = ((event: ClientEvents[K]) => void) | null

const CONNECTING = 0
const OPEN = 1
const CLOSING = 2
const CLOSED = 3

/** A connection that lasted this long, in milliseconds, begins anew with the shortest delay. */
const STABLE_AFTER = 10_000

const MAX_REASON_BYTES = 123

const DEFAULTS = {
  minDelay: 1000,
  maxDelay: 30_000,
  maxAttempts: Infinity,
  connectTimeout: 10_000,
  heartbeatInterval: 30_000,
  heartbeatTimeout: 35_000,
  maxOutboxBytes: 1024 * 1024,
  maxOutboxCount: 1000,
  // 1000 and 1005: the server has finished. 1008: it refuses. 4000–4999: the application's own word.
  shouldReconnect: ({ code }: CloseReport) => code !== 1000 && code !== 1005 && code !== 1008 && code < 4000,
  lastId: (_data: unknown): string | undefined => undefined,
  resumeUrl: addLastId,
} satisfies ClientOptions

/**
 * A `WebSocket` that comes back (RFC 6455 §7.2.3). It has the interface of the browser's, and:
 *
 * - After a loss it connects again, after a random time between `minDelay` and a bound that starts at twice that and
 *   doubles with each failure up to `maxDelay`; at once when the browser says `online`. `readyState` is CONNECTING
 *   meanwhile. Each loss is an event `reconnecting`, each connection an event `open`, and `close` is the end for good.
 * - `send` works from the start: what is sent without a connection waits in a bounded outbox. What was handed to a
 *   connection that then broke may or may not have arrived; it is not sent again.
 * - After `heartbeatInterval` of silence it sends the text `ping`, and after `heartbeatTimeout` it gives the
 *   connection up. The server answers `pong` (session option `heartbeat`), which the application does not see.
 * - With `lastId`, each new connection asks for what came after the last message that was received.
 *
 * @throws {TypeError} for a URL that is none, or where there is no WebSocket
 * @throws {RangeError} for a heartbeat whose timeout is not longer than its interval
 */
export class ReconnectingWebSocket extends (EventTarget as unknown as new () => ClientEventTarget) {
  static readonly CONNECTING = CONNECTING
  static readonly OPEN = OPEN
  static readonly CLOSING = CLOSING
  static readonly CLOSED = CLOSED
  readonly CONNECTING = CONNECTING
  readonly OPEN = OPEN
  readonly CLOSING = CLOSING
  readonly CLOSED = CLOSED

  /** The address without what `resumeUrl` adds to it. */
  readonly url: string
  onopen: Handler<'open'> = null
  onmessage: Handler<'message'> = null
  onreconnecting: Handler<'reconnecting'> = null
  onerror: Handler<'error'> = null
  onclose: Handler<'close'> = null

  readonly #protocols: string | string[]
  readonly #options: Required<Omit<ClientOptions, 'signal' | 'environment'>>
  readonly #signal: AbortSignal | undefined
  readonly #environment: ClientEnvironment
  /** The connection that counts; events of any other are ignored. */
  #socket: SocketLike | undefined
  #readyState = CONNECTING
  #binaryType = 'blob'
  /** The one thing waited for: an attempt's end, the next attempt, or a sign of life. */
  #timer: unknown
  #openedAt: number | undefined
  #attempt = 0
  #lastId: string | undefined
  #outbox: { data: ClientData; byteCount: number }[] = []
  #outboxBytes = 0

  constructor(url: string | URL, protocols: string | string[] = [], options: ClientOptions = {}) {
    super()
    const { signal, environment, ...rest } = options
    this.#options = { ...DEFAULTS, ...withoutUndefined(rest) }
    this.#environment = { ...surroundings(), ...environment }
    this.#protocols = protocols
    this.#signal = signal
    this.url = resolveUrl(url)
    const { heartbeatInterval, heartbeatTimeout } = this.#options
    if (heartbeatInterval > 0 && heartbeatTimeout <= heartbeatInterval) {
      throw new RangeError(`heartbeatTimeout is ${heartbeatTimeout}, allowed is more than ${heartbeatInterval}`)
    }
    if (this.#environment.WebSocket === undefined) {
      throw new TypeError('there is no WebSocket here: Node has one from version 22, `environment` takes another')
    }
    for (const type of ['open', 'message', 'reconnecting', 'error', 'close'] as const) {
      this.addEventListener(type, (event) => (this[`on${type}`] as Handler<typeof type>)?.(event as never))
    }
    if (signal?.aborted) this.close()
    else this.#connect()
    signal?.addEventListener('abort', this.#onAbort)
    this.#environment.network?.addEventListener('online', this.#onNetwork)
    this.#environment.network?.addEventListener('offline', this.#onNetwork)
  }

  /** CONNECTING also while it waits for the next attempt; CLOSED only for good. */
  get readyState(): number {
    return this.#readyState
  }

  /** Bytes that were not handed to the network yet, those in the outbox included. */
  get bufferedAmount(): number {
    return (this.#socket?.bufferedAmount ?? 0) + this.#outboxBytes
  }

  get protocol(): string {
    return this.#socket?.protocol ?? ''
  }

  get extensions(): string {
    return this.#socket?.extensions ?? ''
  }

  get binaryType(): string {
    return this.#binaryType
  }

  set binaryType(type: 'blob' | 'arraybuffer') {
    this.#binaryType = type
    if (this.#socket !== undefined) this.#socket.binaryType = type
  }

  /**
   * Sends now, or with the next connection; once closed it discards, as a `WebSocket` does.
   *
   * @throws {OutboxFullError} when there is no connection and no room to keep the message until there is one
   */
  send(data: ClientData): void {
    if (this.#readyState >= CLOSING) return
    if (this.#socket?.readyState === OPEN) return this.#socket.send(data)
    const { maxOutboxBytes, maxOutboxCount } = this.#options
    const byteCount = new Blob([data as never]).size
    if (this.#outboxBytes + byteCount > maxOutboxBytes || this.#outbox.length >= maxOutboxCount) {
      throw new OutboxFullError(
        `${this.#outbox.length} messages of ${this.#outboxBytes} bytes wait for a connection, allowed are ` +
          `${maxOutboxCount} of ${maxOutboxBytes}: no room for ${byteCount} more bytes`,
      )
    }
    this.#outbox.push({ data: copyOf(data), byteCount })
    this.#outboxBytes += byteCount
  }

  /**
   * Closes for good; what waits in the outbox is discarded.
   *
   * @param code 1000 (the default) or 3000–4999
   * @param reason at most 123 bytes of UTF-8
   */
  close(code = 1000, reason = ''): void {
    if (code !== 1000 && !(code >= 3000 && code <= 4999)) {
      throw new DOMException(`the close code is ${code}, allowed are 1000 and 3000 to 4999`, 'InvalidAccessError')
    }
    if (new Blob([reason]).size > MAX_REASON_BYTES) {
      throw new DOMException(`the reason is longer than ${MAX_REASON_BYTES} bytes`, 'SyntaxError')
    }
    if (this.#readyState >= CLOSING) return
    this.#readyState = CLOSING
    this.#emptyOutbox()
    this.#wait()
    if (this.#socket !== undefined) this.#socket.close(code, reason)
    else queueMicrotask(() => this.#end(reportLoss('')))
  }

  #connect(): void {
    const { WebSocket } = this.#environment
    const url = this.#lastId === undefined ? this.url : this.#options.resumeUrl(this.url, this.#lastId)
    const socket = new WebSocket(url, this.#protocols)
    socket.binaryType = this.#binaryType
    this.#socket = socket
    const on = <T>(type: string, handle: (event: T) => void) =>
      socket.addEventListener(type, (event) => {
        if (socket === this.#socket) handle(event)
      })
    on('open', () => this.#onOpen(socket))
    on('message', (event: MessageEvent) => this.#onMessage(event))
    on('close', (report: CloseReport) => this.#onLoss(report))
    // The close that follows says all there is to know; npm ws throws an error nobody listens to.
    on('error', () => {})
    this.#wait(this.#options.connectTimeout, () => this.#onLoss(reportLoss('no answer')))
  }

  #onOpen(socket: SocketLike): void {
    // Closed by the application while the answer was on its way.
    if (this.#readyState !== CONNECTING) return
    this.#readyState = OPEN
    this.#openedAt = this.#environment.now()
    this.#awaitLife()
    this.dispatchEvent(new Event('open'))
    const waiting = this.#outbox
    this.#emptyOutbox()
    for (const { data } of waiting) socket.send(data)
  }

  #onMessage({ data, origin }: MessageEvent): void {
    if (this.#readyState !== OPEN) return
    this.#awaitLife()
    if (data === 'pong' && this.#options.heartbeatInterval > 0) return
    this.dispatchEvent(new MessageEvent('message', { data, origin }))
    this.#lastId = this.#options.lastId(data) ?? this.#lastId
  }

  /** The connection is gone, or given up: comes back or ends. */
  #onLoss({ code, reason, wasClean }: CloseReport): void {
    const { minDelay, maxDelay, maxAttempts, shouldReconnect } = this.#options
    const report = { code, reason, wasClean }
    const lost = this.#socket
    this.#socket = undefined
    lost?.close()
    if (this.#openedAt !== undefined && this.#environment.now() - this.#openedAt >= STABLE_AFTER) this.#attempt = 0
    this.#openedAt = undefined
    if (this.#readyState === CLOSING || this.#attempt >= maxAttempts || !shouldReconnect(report)) {
      return this.#end(report)
    }
    this.#readyState = CONNECTING
    this.#attempt += 1
    const most = Math.min(maxDelay, minDelay * 2 ** this.#attempt)
    const delay = minDelay + this.#environment.random() * (most - minDelay)
    this.#wait(delay, () => this.#reconnect())
    this.dispatchEvent(Object.assign(new Event('reconnecting'), report, { attempt: this.#attempt, delay }))
  }

  /** An address that cannot be used is the end: no time mends it. */
  #reconnect(): void {
    try {
      this.#connect()
    } catch (error) {
      this.#end(reportLoss(String(error)))
    }
  }

  #end(report: CloseReport): void {
    const wasWanted = this.#readyState === CLOSING
    this.#readyState = CLOSED
    this.#wait()
    this.#emptyOutbox()
    this.#signal?.removeEventListener('abort', this.#onAbort)
    this.#environment.network?.removeEventListener('online', this.#onNetwork)
    this.#environment.network?.removeEventListener('offline', this.#onNetwork)
    if (!wasWanted && !report.wasClean) this.dispatchEvent(new Event('error'))
    this.dispatchEvent(Object.assign(new Event('close'), report))
  }

  /** Begins to wait for the next sign of life. */
  #awaitLife(): void {
    const { heartbeatInterval } = this.#options
    if (heartbeatInterval > 0) this.#wait(heartbeatInterval, () => this.#askForLife())
    else this.#wait()
  }

  /** The answer is timed from here, not from the last message: a page in the background may get here late. */
  #askForLife(): void {
    const { heartbeatInterval, heartbeatTimeout } = this.#options
    if (this.#socket?.bufferedAmount === 0) this.#socket.send('ping')
    this.#wait(heartbeatTimeout - heartbeatInterval, () => this.#onLoss(reportLoss('no sign of life')))
  }

  readonly #onAbort = (): void => this.close()

  readonly #onNetwork = ({ type }: Event): void => {
    const isOpen = this.#readyState === OPEN
    // What is sent from now on goes to the outbox instead of into the void.
    if (type === 'offline' && isOpen) return this.#onLoss(reportLoss('offline'))
    if (type !== 'online') return
    if (isOpen && this.#options.heartbeatInterval > 0) this.#askForLife()
    else if (this.#readyState === CONNECTING && this.#socket === undefined) this.#reconnect()
  }

  #emptyOutbox(): void {
    this.#outbox = []
    this.#outboxBytes = 0
  }

  /** Waits for this and nothing else; without arguments for nothing. */
  #wait(delay?: number, callback?: () => void): void {
    this.#environment.clearTimeout(this.#timer as never)
    this.#timer = undefined
    if (delay !== undefined && callback !== undefined) this.#timer = this.#environment.setTimeout(callback, delay)
  }
}

/** The id of a room's message with history, `{"id":"…","data":…}`; `undefined` for every other message. */
export function readEnvelopeId(data: unknown): string | undefined {
  if (typeof data !== 'string' || data[0] !== '{') return undefined
  try {
    const { id } = JSON.parse(data)
    return typeof id === 'string' ? id : undefined
  } catch {
    return undefined
  }
}

/** `url` with the query `last=<lastId>`. */
function addLastId(url: string, lastId: string): string {
  const address = new URL(url)
  address.searchParams.set('last', lastId)
  return address.href
}

function resolveUrl(url: string | URL): string {
  const { location } = globalThis as { location?: { href: string } }
  const address = new URL(url, location?.href)
  address.protocol = address.protocol.replace('http', 'ws')
  address.hash = ''
  return address.href
}

/** A loss that this side found out: no Close frame told of it. */
function reportLoss(reason: string): CloseReport {
  return { code: 1006, reason, wasClean: false }
}

/** The caller may change what it gave before it is sent. */
function copyOf(data: ClientData): ClientData {
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice()
    : data.slice(0)
}

/** An option that is given as `undefined` is one that is not given. */
function withoutUndefined<T extends object>(options: T): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}

function surroundings(): ClientEnvironment {
  const { WebSocket, addEventListener } = globalThis as unknown as {
    WebSocket: ClientEnvironment['WebSocket']
    addEventListener?: unknown
  }
  return {
    WebSocket,
    network: addEventListener === undefined ? undefined : (globalThis as unknown as EventTarget),
    setTimeout: (callback, delay) => setTimeout(callback, delay),
    clearTimeout: (timer) => clearTimeout(timer),
    now: () => performance.now(),
    random: Math.random,
  }
}
