import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ByteSource } from '../core/bytes.ts'
import { CloseCode } from '../core/close-code.ts'
import type { CloseInfo, ProtocolState } from '../core/closing-handshake.ts'
import { ProtocolError, WebSocketError } from '../core/errors.ts'
import { PauseReason } from '../core/input-gate.ts'
import { destroyStream } from '../transport/http2-stream.ts'
import type { ConnectionSetup, Data, PublicConnection } from './host.ts'
import { Parts } from './parts.ts'
import type { OnStream } from './receive/stream-delivery.ts'
import { flushEndOfTick } from './send/end-of-tick.ts'
import type { Source } from './send/message-type.ts'
import type { Sendable, SendOptions, SendResult } from './send/outgoing.ts'
import type { PreparedMessage } from './send/prepared-message.ts'

const noop = (): void => {}
const zero = (): number => 0

/** Reports the memory that a connection uses to its server at once; for the server's own account. */
export let accountMemory: (connection: Connection) => void

/**
 * One WebSocket connection on one stream (RFC 6455). Its callbacks are plain properties with one consumer each: set
 * them before the callback that hands the connection over returns. When one throws, or the promise that it returns is
 * rejected, `onError` of the server is called and the connection is closed with 1011.
 */
export class Connection implements PublicConnection {
  /** The agreed subprotocol, `''` without one (RFC 6455 §4.2.2). */
  readonly subprotocol: string
  /** The upgrade request. */
  readonly request: IncomingMessage
  /** Called with each message: text as a string, binary as a Buffer that belongs to the receiver. */
  onMessage: (data: Data, isBinary: boolean) => unknown = noop
  /**
   * When set, called instead of `onMessage`, with memory that is reused once it returns: text as its UTF-8 bytes, already
   * checked, so that an echo, a proxy or a parser pays for no copy. Copy what you retain. What you `send` is copied where
   * it must wait. `DWEBSOCKET_DEBUG_BORROWED=1` overwrites the bytes behind each call, which shows a view used too late.
   */
  onBorrowedMessage: ((bytes: Buffer, isBinary: boolean) => unknown) | null = null
  /** Called with each pong, solicited or not (RFC 6455 §5.5.3). */
  onPong: (payload: Buffer) => unknown = noop
  /** Called once, when the outcome is known. Nothing is received or sent after it. */
  onClose: (info: CloseInfo) => unknown = noop
  /** Returns how many bytes the application stores for this connection, such as a queue: they count as its memory. */
  queuedBytes: () => number = zero

  readonly #parts: Parts

  static {
    accountMemory = (connection) => connection.#parts.account()
  }

  constructor(stream: Duplex, setup: ConnectionSetup) {
    this.subprotocol = setup.subprotocol
    this.request = setup.request
    this.#parts = new Parts(this, stream, setup)
    this.#parts.start(setup.head)
  }

  /** `'closed'` once the outcome is known; the transport may live a little longer (RFC 6455 §7.1). */
  get state(): ProtocolState {
    return this.#parts.protocol.state
  }

  /** How the connection ended, null before it has. */
  get closeInfo(): CloseInfo | null {
    return this.#parts.closeInfo
  }

  /** Bytes that were sent and that the operating system has not accepted yet. */
  get bufferedAmount(): number {
    return this.#parts.bufferedAmount
  }

  /** Memory in bytes: input that waits, output that waits and what `queuedBytes` returns. */
  get memoryUsed(): number {
    return this.#parts.memoryUsed
  }

  /** The round trip of the last keepalive ping in milliseconds, null before the first. */
  get latency(): number | null {
    return this.#parts.watchdog.latency
  }

  /** Resolves when the transport has closed. */
  get gone(): Promise<void> {
    return this.#parts.gone
  }

  /**
   * Sends a message and returns what happened to it: `'sent'`; `'backpressure'` when it was accepted, but more than
   * `highWaterMark` bytes wait now, so wait for `drained()`; `'dropped'` when it would exceed `maxBufferedAmount`, with
   * `overflow: 'drop'`; `'closed'` when the connection is not open, or was closed because of that limit. Bytes over
   * 16 KiB are not copied: leave them unchanged until they are sent.
   *
   * @param options `compress: false` sends the message uncompressed, for secrets next to text that an attacker chooses
   *   (CRIME). `binary: false` sends bytes as text.
   * @param data A string, a typed array, DataView or ArrayBuffer, a Blob (messages after it wait until it is read), what
   *   `prepare` returned, or an async iterable, such as a `ReadableStream` or `Readable`, of strings or of bytes. That is
   *   sent as one message, a fragment for each part, as fast as the peer reads; `send` returns `'backpressure'`,
   *   `drained()` resolves after it, and messages sent meanwhile wait, or with `wait: false` are dropped. When it throws,
   *   the connection is closed with 1011; when it is not sent to its end, it is destroyed or asked to `return`.
   * @throws {TypeError} when `data` is something else, or bytes sent as text are not valid UTF-8.
   */
  send(data: Sendable | PreparedMessage | Blob | Source, options?: SendOptions): SendResult {
    return this.#parts.output.send(data, options)
  }

  /** Resolves when the operating system has accepted everything that was sent, or when the connection is closed. */
  drained(): Promise<void> {
    return this.#parts.output.drained()
  }

  /**
   * Sends a ping (RFC 6455 §5.5.2).
   *
   * @param payload At most 125 bytes. Default: empty.
   * @throws {TypeError} when `payload` is neither a string nor bytes.
   * @throws {RangeError} when it is longer.
   */
  ping(payload: string | ByteSource = ''): void {
    this.#parts.output.ping(payload)
  }

  /**
   * Begins the closing handshake (RFC 6455 §7.1.2); `onClose` is called with the outcome. Does nothing when the
   * connection is closing or closed.
   *
   * @param code Default 1000.
   * @param reason At most 123 bytes of UTF-8. Default: empty.
   * @param cause Is not sent; it becomes the `error` of `onClose`.
   * @throws {RangeError} when `code` is not 1000–1003, 1007–1014 or 3000–4999, or `reason` is longer.
   * @throws {TypeError} when `reason` is not text.
   */
  close(code: number = CloseCode.NORMAL, reason: string | Uint8Array = '', cause?: Error): void {
    // Send broadcasts queued in this tick first: their `send` has already returned.
    flushEndOfTick()
    this.#parts.protocol.close(code, reason, cause)
  }

  /** Closes the transport at once, without a Close frame. */
  terminate(error: Error = new WebSocketError('ERR_WS_TERMINATED', 'terminated by this side')): void {
    const { protocol, stream } = this.#parts
    protocol.receiveEnd(error, 'local')
    destroyStream(stream)
  }

  /** Fails the connection with a Close frame (RFC 6455 §7.1.7). */
  fail(closeCode: number, code: string, message: string): void {
    this.#parts.protocol.fail(new ProtocolError(closeCode, code, message))
  }

  /**
   * From now on messages are delivered in parts as they arrive, whatever their size, instead of `onMessage` (RFC 6455
   * §5.4): `onStream` is called when one begins. Call `pause` when parts arrive faster than they are used. A message that
   * has begun is streamed, too, so call this before `onConnection` returns to receive large ones. There is no way back;
   * another call replaces `onStream`.
   */
  streamMessages(onStream: OnStream): void {
    this.#parts.streamMessages(onStream)
  }

  /** Stops reading. Input that was read but not delivered waits; a closing handshake from this side goes on. */
  pause(): void {
    this.#parts.protocol.pause(PauseReason.READER)
  }

  /** Continues reading after `pause`. */
  resume(): void {
    this.#parts.protocol.resume(PauseReason.READER)
  }
}
