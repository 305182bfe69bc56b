import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { ByteSource } from '../core/bytes.ts'
import { CloseCode } from '../core/close-code.ts'
import type { CloseInfo, ProtocolState } from '../core/closing-handshake.ts'
import { ProtocolError, WebSocketError } from '../core/errors.ts'
import { PauseReason } from '../core/input-gate.ts'
import { destroyStream } from '../transport/http2-stream.ts'
import type { ConnectionSetup, Data, PublicConnection, SessionMemory } from './host.ts'
import { Parts } from './parts.ts'
import type { OnStream } from './receive/stream-delivery.ts'
import { flushEndOfTick } from './send/end-of-tick.ts'
import type { Source } from './send/message-type.ts'
import type { Sendable, SendOptions, SendResult } from './send/outgoing.ts'
import type { PreparedMessage } from './send/prepared-message.ts'

const noop = (): void => {}

/** Makes a connection report its memory to its server at once. Used by the memory limit of the server. */
export let accountMemory: (connection: Connection) => void

/** Adds the bytes of a session to the memory of its connection, in place of those that were added before. */
export let countSession: (connection: object, session: SessionMemory) => void

/**
 * One WebSocket connection on a stream (RFC 6455). Its callbacks are plain properties, with one function each. Set them
 * before the callback that receives the connection returns, or directly after `await connect(…)`. When a callback
 * throws or returns a promise that rejects, `onError` of the server or of `connect` is called, and the connection is
 * closed with 1011.
 */
export class Connection implements PublicConnection {
  /** The negotiated subprotocol; `''` when there is none (RFC 6455 §4.2.2). */
  readonly subprotocol: string
  /** The upgrade request. On a connection from `connect`, it is the server's response. */
  readonly request: IncomingMessage
  /** Called with each message: text as a string, binary as a Buffer that the callback may keep and change. */
  onMessage: (data: Data, isBinary: boolean) => unknown = noop
  /**
   * When set, called instead of `onMessage`, with memory that is reused after the callback returns. A text message is
   * passed as validated UTF-8 bytes, so that an echo server, a proxy or a parser needs no copy. Copy what you keep; an
   * async function returns at its first `await`. What you pass to `send` is copied if it has to wait. In tests, set
   * `DWEBSOCKET_DEBUG_BORROWED=1` in the environment: the bytes are then overwritten after each call, which reveals
   * views that are used too late. Default null.
   */
  onBorrowedMessage: ((bytes: Buffer, isBinary: boolean) => unknown) | null = null
  /** Called with each pong, solicited or not, that does not answer a keepalive ping (RFC 6455 §5.5.3). */
  onPong: (payload: Buffer) => unknown = noop
  /**
   * Called once, when it is known how the connection ended. After that, no message is delivered, and `send` returns
   * `'closed'`.
   */
  onClose: (info: CloseInfo) => unknown = noop
  readonly #parts: Parts

  static {
    accountMemory = (connection) => connection.#parts.account()
    // Tests use sessions whose connection is another object.
    countSession = (connection, session) => {
      if (#parts in connection) connection.#parts.countSession(session)
    }
  }

  constructor(stream: Duplex, setup: ConnectionSetup) {
    this.subprotocol = setup.subprotocol
    this.request = setup.request
    this.#parts = new Parts(this, stream, setup)
    this.#parts.start(setup.head)
  }

  /**
   * Set this to a function that returns the number of bytes that the application stores for this connection. They count
   * toward `memoryUsed`. Default: a function that returns 0.
   */
  get queuedBytes(): () => number {
    return this.#parts.queuedBytes
  }

  set queuedBytes(queuedBytes: () => number) {
    this.#parts.queuedBytes = queuedBytes
  }

  /**
   * The state (RFC 6455 §7.1). It is `'closed'` once it is known how the connection ended, although the transport may
   * still be open.
   */
  get state(): ProtocolState {
    return this.#parts.protocol.state
  }

  /** How the connection ended; null while it is open or closing. */
  get closeInfo(): CloseInfo | null {
    return this.#parts.closeInfo
  }

  /** Number of bytes that wait to be sent, until the operating system accepts them. */
  get bufferedAmount(): number {
    return this.#parts.bufferedAmount
  }

  /**
   * Memory in bytes: received data that has not been delivered or that the view has not read, unsent output, and the
   * result of `queuedBytes`.
   *
   * @throws {TypeError} when `queuedBytes` does not return a number. Errors that `queuedBytes` throws are passed on.
   */
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
   * Sends a message and returns what happened to it:
   *
   * - `'sent'`: it was accepted.
   * - `'backpressure'`: it was accepted, but more than `highWaterMark` bytes are waiting, so wait for `drained()`.
   * - `'dropped'`: it would have exceeded `maxBufferedAmount` (`overflow: 'drop'`) or had to wait (`wait: false`).
   * - `'closed'`: the connection is not open, or was closed because the message exceeded `maxBufferedAmount`.
   *
   * A buffer of more than 16 KiB is not copied, so do not change it until `drained()` resolves.
   *
   * @param data A string, a typed array, DataView or ArrayBuffer, a Blob (later messages wait until it is read), or a
   *   result of `prepare`. An async iterable of strings or bytes, such as a `ReadableStream` or `Readable`, is sent as
   *   one fragmented message, as fast as the peer reads (RFC 6455 §5.4). `send` then returns `'backpressure'`, and
   *   `drained()` resolves after the message. Messages sent meanwhile wait, or are dropped with `wait: false`. When the
   *   iterable is not sent completely, it is destroyed or its `return` is called. When the iterable throws or a Blob
   *   cannot be read, the connection is closed with 1011.
   * @param options `compress: false` sends the message uncompressed. Use it when a message contains a secret next to
   *   text that an attacker chooses (CRIME). `binary: false` sends bytes as text.
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
   * Sends a ping (RFC 6455 §5.5.2). `onPong` is called with the answer. Does nothing unless the connection is open.
   *
   * @param payload At most 125 bytes. Default: empty.
   * @throws {TypeError} when `payload` is neither a string nor bytes.
   * @throws {RangeError} when `payload` has more than 125 bytes.
   */
  ping(payload: string | ByteSource = ''): void {
    this.#parts.output.ping(payload)
  }

  /**
   * Starts the closing handshake (RFC 6455 §7.1.2). `onClose` is called when it is known how the connection ended. Does
   * nothing when the connection is closing or closed.
   *
   * @param code Close code. Default 1000.
   * @param reason Close reason, at most 123 bytes of UTF-8. Default: empty.
   * @param cause Becomes the `error` of the `CloseInfo` that `onClose` is called with. It is not sent. Default: none.
   * @throws {RangeError} when `code` is not 1000–1003, 1007–1014 or 3000–4999, or `reason` has more than 123 bytes.
   * @throws {TypeError} when `reason` is neither a string nor a Uint8Array of valid UTF-8.
   */
  close(code: number = CloseCode.NORMAL, reason: string | Uint8Array = '', cause?: Error): void {
    // Broadcasts queued in this tick are sent first, because their `send` has already returned.
    flushEndOfTick()
    this.#parts.protocol.close(code, reason, cause)
  }

  /**
   * Closes the transport at once, without a Close frame. `onClose` is called with code 1006.
   *
   * @param error Becomes the `error` of the `CloseInfo`. Default: a WebSocketError `ERR_WS_TERMINATED`.
   */
  terminate(error: Error = new WebSocketError('ERR_WS_TERMINATED', 'terminated by this side')): void {
    const { protocol, stream } = this.#parts
    protocol.receiveEnd(error, 'local')
    destroyStream(stream)
  }

  /**
   * Fails the connection (RFC 6455 §7.1.7): sends a Close frame and does not wait for the peer's Close frame. The
   * `error` of the `CloseInfo` is a ProtocolError with these three values.
   *
   * @param closeCode Close code.
   * @param code Error code, such as `'ERR_WS_RATE'`. It is not sent.
   * @param message Error message. It is also the close reason, truncated to 123 bytes.
   * @throws {RangeError} when the connection is open and `closeCode` is not one that `close` accepts.
   */
  fail(closeCode: number, code: string, message: string): void {
    this.#parts.protocol.fail(new ProtocolError(closeCode, code, message))
  }

  /**
   * Delivers messages of any size in parts as they arrive, instead of calling `onMessage` (RFC 6455 §5.4).
   * `maxStreamSize` then applies instead of `maxMessageSize`. `onStream` is called when a message begins. Call `pause`
   * when parts arrive faster than they are used. To receive large messages, call `streamMessages` before `onConnection`
   * returns. A message in progress is delivered in parts as well. This cannot be undone; another call replaces
   * `onStream`.
   */
  streamMessages(onStream: OnStream): void {
    this.#parts.streamMessages(onStream)
  }

  /**
   * Stops reading. Input that has been read but not delivered waits for `resume`. A closing handshake that this side
   * has started continues.
   */
  pause(): void {
    this.#parts.protocol.pause(PauseReason.READER)
  }

  /** Continues reading after `pause`. */
  resume(): void {
    this.#parts.protocol.resume(PauseReason.READER)
  }
}
