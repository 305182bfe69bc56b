import { optionMessage } from '../../options/read-options.ts'
import { Address } from './address.ts'
import { Backoff } from './backoff.ts'
import { ClientEventTarget, listen, makeEvent } from './client-event-target.ts'
import { readEnvironment } from './environment.ts'
import { Heartbeat } from './heartbeat.ts'
import { abnormalClosure, Link, type LinkListener, type LinkSettings } from './link.ts'
import { type ClientSettings, readClientOptions } from './options.ts'
import { byteLengthOf, Outbox } from './outbox.ts'
import { Timer } from './timer.ts'
import type { ClientData, ClientOptions, CloseReport, UrlSource } from './types.ts'

const CONNECTING = 0
const OPEN = 1
const CLOSING = 2
const CLOSED = 3

const MAX_REASON_BYTES = 123

/**
 * A `WebSocket` that reconnects (RFC 6455 §7.2.3). It has the interface of the browser's `WebSocket`, and in addition:
 *
 * - It reconnects after a loss. The delay is random, between `minDelay` and a bound that starts at twice `minDelay` and
 *   doubles with each failure up to `maxDelay`. The browser's event `online` ends the delay. During the delay,
 *   `readyState` is CONNECTING. Each loss emits `reconnecting` if another attempt follows; otherwise it emits `close`,
 *   which is final. Each connection emits `open`.
 * - `send` can be called at any time: while there is no connection, messages wait in a bounded outbox. A message that
 *   was passed to a connection that then failed may or may not have arrived, and is not sent again.
 * - With `heartbeatInterval`, it sends the text `ping` after that time without a message. It abandons the connection
 *   after `heartbeatTimeout` without a message. A view with the option `heartbeat` responds with the text `pong`, which
 *   is not delivered to the application.
 * - With `lastId`, each new connection requests the messages after the last one received.
 *
 * @throws {TypeError} when the URL is invalid, an option is unknown or has the wrong type, or there is no WebSocket.
 * @throws {RangeError} when the value of an option is not allowed.
 * @throws what the constructor of the `WebSocket` throws, for example for an invalid subprotocol.
 */
export class ReconnectingWebSocket extends ClientEventTarget {
  static readonly CONNECTING = CONNECTING
  static readonly OPEN = OPEN
  static readonly CLOSING = CLOSING
  static readonly CLOSED = CLOSED
  readonly CONNECTING = CONNECTING
  readonly OPEN = OPEN
  readonly CLOSING = CLOSING
  readonly CLOSED = CLOSED

  readonly #settings: ClientSettings
  readonly #address: Address
  readonly #outbox: Outbox
  readonly #backoff: Backoff
  readonly #heartbeat: Heartbeat
  readonly #retryTimer: Timer
  readonly #linkSettings: LinkSettings
  readonly #linkListener: LinkListener = {
    onOpen: () => this.#onOpen(),
    onMessage: (event) => this.#onMessage(event),
    onLoss: (report) => this.#onLoss(report),
  }
  #stopListening: readonly (() => void)[] = []
  /** The current connection or attempt; undefined between two attempts and after the end. */
  #link: Link | undefined
  #readyState = CONNECTING
  /** The loss about which `shouldReconnect` decides or which was final, until the client is closed or reconnected. */
  #loss: CloseReport | undefined

  constructor(url: UrlSource, protocols?: string | string[], options?: ClientOptions)
  constructor(url: UrlSource, options?: ClientOptions)
  constructor(url: UrlSource, protocols: string | string[] | ClientOptions = [], options?: ClientOptions) {
    super()
    if (typeof protocols !== 'string' && !Array.isArray(protocols)) {
      if (options !== undefined) {
        throw new TypeError(optionMessage('protocols', protocols, 'a string, an array of strings'))
      }
      options = protocols
      protocols = []
    }
    const settings = readClientOptions(options)
    const environment = readEnvironment(options?.environment)
    this.#settings = settings
    this.#address = new Address(url, settings)
    this.#outbox = new Outbox(settings)
    this.#backoff = new Backoff(settings, environment)
    this.#heartbeat = new Heartbeat(settings, new Timer(environment))
    this.#retryTimer = new Timer(environment)
    this.#linkSettings = { ...settings, environment, protocols, binaryType: 'blob' }
    if (settings.signal?.aborted) this.close()
    else this.#connect()
    this.#listen()
  }

  /**
   * The URL without what `resumeUrl` adds. When a function returns the URL, this is the URL of the latest attempt, and
   * `''` before the first one.
   */
  get url(): string {
    return this.#address.url
  }

  /**
   * The state. It is also CONNECTING between two attempts. After `close` or a final loss, it is CLOSED until
   * `reconnect()`.
   */
  get readyState(): number {
    return this.#readyState
  }

  /** Number of bytes that have not been passed to the network yet, including those in the outbox. */
  get bufferedAmount(): number {
    return (this.#link?.bufferedAmount ?? 0) + this.#outbox.byteCount
  }

  get protocol(): string {
    return this.#link?.protocol ?? ''
  }

  get extensions(): string {
    return this.#link?.extensions ?? ''
  }

  get binaryType(): 'blob' | 'arraybuffer' {
    return this.#linkSettings.binaryType
  }

  set binaryType(type: 'blob' | 'arraybuffer') {
    this.#linkSettings.binaryType = type
    this.#link?.applyBinaryType()
  }

  /**
   * Sends a message now or with the next connection. After `close` or a final loss, the message is discarded, as by a
   * `WebSocket`.
   *
   * @throws {OutboxFullError} when there is no connection and the message does not fit into the outbox.
   */
  send(data: ClientData): void {
    if (this.#readyState >= CLOSING) return
    if (this.#link?.isOpen) this.#link.send(data)
    else this.#outbox.add(data)
  }

  /**
   * Closes the socket for good and discards messages in the outbox.
   *
   * @param code 1000 (the default) or 3000–4999.
   * @param reason At most 123 bytes of UTF-8. Default: empty.
   * @throws {DOMException} `InvalidAccessError` when the code is not allowed, `SyntaxError` when the reason is too
   *   long.
   */
  close(code = 1000, reason = ''): void {
    if (code !== 1000 && !(code >= 3000 && code <= 4999)) {
      throw domException(`close code is ${code}; allowed: 1000, 3000 to 4999`, 'InvalidAccessError')
    }
    if (byteLengthOf(reason) > MAX_REASON_BYTES) {
      throw domException(`close reason is longer than ${MAX_REASON_BYTES} bytes`, 'SyntaxError')
    }
    if (this.#readyState >= CLOSING) return
    this.#readyState = CLOSING
    this.#outbox.empty()
    this.#stopTimers()
    if (this.#link !== undefined) this.#link.close(code, reason)
    else queueMicrotask(() => this.#readyState === CLOSING && this.#end(abnormalClosure('')))
  }

  /**
   * Replaces the connection at once, for example to use a new token, and restarts the delays. It also works after
   * `close` or a final loss, but not after `signal` was aborted.
   */
  reconnect(): void {
    if (this.#settings.signal?.aborted) return
    const wasOpen = this.#readyState === OPEN
    if (this.#readyState === CLOSED) this.#listen()
    this.#link?.abandon()
    this.#link = undefined
    this.#stopTimers()
    this.#backoff.reset()
    this.#readyState = CONNECTING
    if (wasOpen)
      this.dispatchEvent(
        makeEvent('reconnecting', { code: 1000, reason: 'reconnect', wasClean: true, attempt: 1, delay: 0 }),
      )
    // A listener may have closed the client or reconnected it.
    if (this.#isDelayed) this.#tryAgain()
  }

  /** Whether the next attempt is certain but has not begun. */
  get #isDelayed(): boolean {
    return this.#readyState === CONNECTING && (this.#link ?? this.#loss) === undefined
  }

  #listen(): void {
    this.#stopListening = [
      listen(this.#settings.signal, { abort: () => this.close() }),
      listen(this.#linkSettings.environment.network, {
        online: () => this.#onOnline(),
        offline: () => this.#onOffline(),
      }),
    ]
  }

  #connect(): void {
    this.#link = new Link(this.#address.next(), this.#linkSettings, this.#linkListener)
  }

  /** Connects again, unless the URL is invalid, which is final because waiting would not help. */
  #tryAgain(): void {
    this.#retryTimer.stop()
    try {
      this.#connect()
    } catch (error) {
      this.#end(abnormalClosure(String(error)))
    }
  }

  #onOpen(): void {
    // The application may have closed the socket before the server's response arrived.
    const link = this.#link as Link
    if (this.#readyState !== CONNECTING) return
    this.#readyState = OPEN
    this.#backoff.onOpen()
    this.#heartbeat.start(link)
    this.dispatchEvent(makeEvent('open'))
    if (link === this.#link) for (const data of this.#outbox.empty()) link.send(data)
  }

  #onMessage({ data, origin }: MessageEvent): void {
    if (this.#readyState !== OPEN) return
    this.#heartbeat.onMessage()
    if (data === 'pong' && this.#heartbeat.isOn) return
    let isHidden = false
    try {
      // The id is stored first, because a listener may reconnect.
      isHidden = this.#address.onMessage(data)
    } finally {
      if (!isHidden) this.dispatchEvent(makeEvent('message', { data, origin }))
    }
  }

  #onLoss(report: CloseReport): void {
    this.#link = undefined
    this.#stopTimers()
    this.#backoff.onLoss()
    if (this.#readyState === CLOSING || this.#backoff.isExhausted) return this.#end(report)
    this.#readyState = CONNECTING
    this.#loss = report
    // A callback or listener may close or reconnect the client. The decision then has no effect.
    const onDecision = (isWanted: unknown, end = report): void => {
      if (this.#loss !== report) return
      if (!isWanted) return this.#end(end)
      this.#loss = undefined
      const retry = this.#backoff.next()
      this.#retryTimer.start(retry.delay, () => this.#tryAgain())
      this.dispatchEvent(makeEvent('reconnecting', { ...report, ...retry }))
    }
    const onError = (error: unknown): void => onDecision(false, abnormalClosure(String(error)))
    try {
      const isWanted: unknown = this.#settings.shouldReconnect(report)
      if (typeof isWanted === 'boolean') onDecision(isWanted)
      else Promise.resolve(isWanted).then(onDecision, onError)
    } catch (error) {
      onError(error)
    }
  }

  /** Abandons the connection, so that messages sent from now on wait in the outbox. */
  #onOffline(): void {
    if (this.#readyState === OPEN) this.#link?.fail('offline')
  }

  #onOnline(): void {
    if (this.#readyState === OPEN) this.#heartbeat.ask()
    else if (this.#isDelayed) this.#tryAgain()
  }

  #end(report: CloseReport): void {
    const wasRequested = this.#readyState === CLOSING
    this.#readyState = CLOSED
    this.#stopTimers()
    this.#loss = report
    this.#outbox.empty()
    for (const stop of this.#stopListening) stop()
    if (!wasRequested && !report.wasClean) this.dispatchEvent(makeEvent('error'))
    // A listener of `error` may have reconnected.
    if (this.#loss === report) this.dispatchEvent(makeEvent('close', report))
  }

  #stopTimers(): void {
    this.#loss = undefined
    this.#retryTimer.stop()
    this.#heartbeat.stop()
  }
}

/** Creates the exception that a `WebSocket` throws; an `Error` with that name on platforms without DOMException. */
function domException(message: string, name: string): Error {
  if (typeof DOMException === 'function') return new DOMException(message, name)
  return Object.assign(new Error(message), { name })
}
