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

/** Makes a connection report its memory to its server at once. Used by the server's own memory limit. */
export let accountMemory: (connection: Connection) => void

/**
 * One WebSocket connection on a stream (RFC 6455). Its callbacks are plain properties, with one function each. Set them
 * before the callback that receives the connection returns. When a callback throws, or returns a promise that is
 * rejected, `onError` of the server is called and the connection is closed with 1011.
 */
export class Connection implements PublicConnection {
  /** The negotiated subprotocol; `''` when there is none (RFC 6455 §4.2.2). */
  readonly subprotocol: string
  /** The upgrade request. */
  readonly request: IncomingMessage
  /** Called with each message: text as a string, binary as a Buffer that belongs to the receiver. */
  onMessage: (data: Data, isBinary: boolean) => unknown = noop
  /**
   * When set, called instead of `onMessage`, with memory that is reused after it returns. A text is passed as its
   * checked UTF-8 bytes, so that an echo, a proxy or a parser needs no copy. Copy what you keep. What you `send` is
   * copied if it has to wait. `DWEBSOCKET_DEBUG_BORROWED=1` overwrites the bytes after each call, to find views that
   * are used too late. Default null.
   */
  onBorrowedMessage: ((bytes: Buffer, isBinary: boolean) => unknown) | null = null
  /** Called with each pong, solicited or not (RFC 6455 §5.5.3). */
  onPong: (payload: Buffer) => unknown = noop
  /** Called once, when the outcome is known. Nothing is received or sent afterwards. */
  onClose: (info: CloseInfo) => unknown = noop
  /**
   * Returns the number of bytes that the application stores for this connection. They count toward its memory. Default:
   * 0.
   */
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

  /** The state: `'closed'` once the outcome is known, although the transport may still be open (RFC 6455 §7.1). */
  get state(): ProtocolState {
    return this.#parts.protocol.state
  }

  /** How the connection ended; null while it is open or closing. */
  get closeInfo(): CloseInfo | null {
    return this.#parts.closeInfo
  }

  /** Number of bytes that were sent but not yet accepted by the operating system. */
  get bufferedAmount(): number {
    return this.#parts.bufferedAmount
  }

  /** Memory in bytes: unparsed input, unsent output, and the result of `queuedBytes`. */
  get memoryUsed(): number {
    return this.#parts.memoryUsed
  }

  /** The round-trip time of the last keepalive ping in milliseconds; null before the first pong. */
  get latency(): number | null {
    return this.#parts.watchdog.latency
  }

  /** Resolves when the transport has closed. */
  get gone(): Promise<void> {
    return this.#parts.gone
  }

  /**
   * Sends a message and returns what happened to it. `'sent'`: it was accepted. `'backpressure'`: it was accepted, but
   * more than `highWaterMark` bytes are waiting, so wait for `drained()`. `'dropped'`: it would have exceeded
   * `maxBufferedAmount`, with `overflow: 'drop'`. `'closed'`: the connection is not open, or was closed because of that
   * limit. A buffer of more than 16 KiB is not copied and must not change until it is sent.
   *
   * @param options `compress: false` sends the message uncompressed, for secrets next to text that an attacker chooses
   *   (CRIME). `binary: false` sends bytes as text.
   * @param data A string, a typed array, DataView or ArrayBuffer, a Blob (later messages wait until it is read), or a
   *   result of `prepare`. An async iterable of strings or bytes, such as a `ReadableStream` or `Readable`, is sent as
   *   one message, with a fragment for each part, as fast as the peer reads. `send` then returns `'backpressure'`,
   *   `drained()` resolves after the message, and messages sent meanwhile wait, or are dropped with `wait: false`. When
   *   the iterable throws, the connection is closed with 1011. When it is not sent completely, it is destroyed or its
   *   `return` is called.
   * @throws {TypeError} when `data` is of any other type, or bytes sent as text are not valid UTF-8.
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
   * @throws {RangeError} when `payload` has more than 125 bytes.
   */
  ping(payload: string | ByteSource = ''): void {
    this.#parts.output.ping(payload)
  }

  /**
   * Starts the closing handshake (RFC 6455 §7.1.2). `onClose` is called with the outcome. Does nothing when the
   * connection is closing or closed.
   *
   * @param code Close code. Default 1000.
   * @param reason Close reason, at most 123 bytes of UTF-8. Default: empty.
   * @param cause The `error` of the `CloseInfo` that `onClose` is called with. It is not sent. Default: none.
   * @throws {RangeError} when `code` is not 1000–1003, 1007–1014 or 3000–4999, or `reason` has more than 123 bytes.
   * @throws {TypeError} when `reason` is neither a string nor a Uint8Array of valid UTF-8.
   */
  close(code: number = CloseCode.NORMAL, reason: string | Uint8Array = '', cause?: Error): void {
    // Broadcasts queued in this tick are sent first, because their `send` has already returned.
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
   * Delivers messages in parts as they arrive, whatever their size, instead of calling `onMessage` (RFC 6455 §5.4).
   * `onStream` is called when a message begins. Call `pause` when parts arrive faster than they are used. To receive
   * large messages, call this before `onConnection` returns. A message in progress is streamed as well. This cannot be
   * undone; another call replaces `onStream`.
   */
  streamMessages(onStream: OnStream): void {
    this.#parts.streamMessages(onStream)
  }

  /**
   * Stops reading. Input that was read but not delivered waits. A closing handshake that this side has started
   * continues.
   */
  pause(): void {
    this.#parts.protocol.pause(PauseReason.READER)
  }

  /** Continues reading after `pause`. */
  resume(): void {
    this.#parts.protocol.resume(PauseReason.READER)
  }
}
