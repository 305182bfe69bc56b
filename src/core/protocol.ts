import { CloseCode } from './close-code.ts'
import { type CloseInfo, ClosingHandshake, type ClosingSink, type ProtocolState } from './closing-handshake.ts'
import type { ProtocolError } from './errors.ts'
import type { FlowSink, InputOptions } from './input-gate.ts'
import type { MessageSink } from './message-assembler.ts'
import type { Pending } from './pending.ts'
import type { StreamSink } from './stream-assembler.ts'

/** The callbacks of a protocol. A callback may call methods of the protocol. */
export interface ProtocolSink extends MessageSink, ClosingSink, FlowSink {}

/** The options of a protocol. */
export type ProtocolOptions = InputOptions

/**
 * One endpoint of a WebSocket connection without its transport (RFC 6455 §5–§8): it receives bytes and calls callbacks.
 * It passes the required replies (Pong and Close frames) to `onControlFrame`, and turns each violation into a Close
 * frame with the right code.
 *
 * Input goes one way: closing handshake → input gate → frame parser → message assembler → sink. Only control frames and
 * violations go back to the closing handshake.
 */
export class Protocol {
  readonly #closing: ClosingHandshake

  constructor(sink: ProtocolSink, options: ProtocolOptions) {
    this.#closing = new ClosingHandshake(sink, options)
  }

  /** The state (RFC 6455 §7.1). It is `'closed'` once it is known how the connection ended. */
  get state(): ProtocolState {
    return this.#closing.state
  }

  /** Memory in use, in bytes: the message in progress, the message in the codec, and stored input. */
  get memoryUsed(): number {
    return this.#closing.input.memoryUsed
  }

  /** Number of bytes that arrived during a pause and wait to be parsed. */
  get backlogBytes(): number {
    return this.#closing.input.backlogBytes
  }

  /** Returns whether `bytes` is input that is being parsed, so that more input may follow a message in it. */
  isParsing(bytes: Buffer): boolean {
    return this.#closing.input.isParsing(bytes)
  }

  /** The most urgent thing that the peer has begun and not finished; null when there is nothing. */
  get pending(): Pending {
    return this.#closing.input.pending
  }

  /**
   * Number of frame headers read, not counting those of messages that arrived whole. It changes with each frame that
   * may become `pending`. `releaseIdleMemory()` resets it to zero.
   */
  get frameCount(): number {
    return this.#closing.input.frameCount
  }

  /** Number of bytes of compressed payloads, each counted as at least 512. `releaseIdleMemory()` resets it to zero. */
  get compressedBytes(): number {
    return this.#closing.input.compressedBytes
  }

  get isPaused(): boolean {
    return this.#closing.input.isPaused
  }

  /** The current pause reasons, as a bit mask of `PauseReason`. */
  get pauseReasons(): number {
    return this.#closing.input.pauseReasons
  }

  /**
   * Releases the memory that reading needs, unless a frame or message is unfinished. Call it while the peer is silent.
   */
  releaseIdleMemory(): void {
    this.#closing.input.releaseIdleMemory()
  }

  /**
   * Receives `bytes[start, end)` from the transport and unmasks payloads in place. The caller may reuse the bytes after
   * the call.
   */
  receive(bytes: Buffer, start = 0, end = bytes.length): void {
    this.#closing.input.receive(bytes, start, end)
  }

  /**
   * Delivers messages to `sink` in parts from now on, including the message in progress, instead of calling
   * `onTextMessage` and `onBinaryMessage` (RFC 6455 §5.4). This cannot be undone. Call it once.
   *
   * @throws {TypeError} when the codec cannot decompress piece by piece.
   */
  streamTo(sink: StreamSink): void {
    this.#closing.input.streamTo(sink)
  }

  /**
   * Handles the end of the transport, which `initiator` has caused. `error` is the reason, if there is one. If the peer
   * has sent no Close frame, the close code is 1006 (RFC 6455 §7.1.5).
   */
  receiveEnd(error?: Error, initiator: CloseInfo['initiator'] = 'transport'): void {
    this.#closing.receiveEnd(error, initiator)
  }

  /**
   * Starts the closing handshake (RFC 6455 §7.1.2) with `code` (default 1000) and `reason` (default empty). `cause`
   * becomes `CloseInfo.error`. Does nothing when the connection is closing or closed.
   *
   * @throws {RangeError} when the code must not be sent, or the reason is longer than 123 bytes.
   * @throws {TypeError} when the reason is neither a string nor a Uint8Array, or is not valid UTF-8.
   */
  close(code: number = CloseCode.NORMAL, reason: string | Uint8Array = '', cause?: Error): void {
    this.#closing.close(code, reason, cause)
  }

  /**
   * Fails the connection (RFC 6455 §7.1.7): sends a Close frame with the close code and the message of the error, and
   * does not wait for the peer's Close frame.
   */
  fail(error: ProtocolError): void {
    this.#closing.fail(error)
  }

  /**
   * Pauses parsing for one or more reasons, a bit mask of `PauseReason`. Input that arrives meanwhile is stored without
   * a limit. While the connection is closing, only `CODEC` and `TURN` have an effect.
   */
  pause(reason: number): void {
    this.#closing.input.pause(reason)
  }

  /** Removes pause reasons. When none is left, parses the stored input and continues. */
  resume(reason: number): void {
    this.#closing.input.resume(reason)
  }
}
