import { CloseCode } from './close-code.ts'
import { type CloseInfo, ClosingHandshake, type ClosingSink, type ProtocolState } from './closing-handshake.ts'
import type { ProtocolError } from './errors.ts'
import type { FlowSink, InputGate, InputOptions } from './input-gate.ts'
import type { MessageSink } from './message-assembler.ts'
import type { Pending } from './pending.ts'
import type { StreamSink } from './stream-assembler.ts'

/** What a protocol calls. A callback may call back into the protocol. */
export interface ProtocolSink extends MessageSink, ClosingSink, FlowSink {}

/** What a protocol needs besides its sink. */
export type ProtocolOptions = InputOptions

/**
 * One end of a WebSocket connection without its transport (RFC 6455 §5–§8): bytes in, callbacks out. It answers what
 * must be answered (pong, Close) and turns every violation into a Close frame with the right code.
 *
 * Input goes one way: closing handshake → input gate → frame parser → message assembler → sink. Only control frames and
 * violations come back, to the closing handshake.
 */
export class Protocol {
  readonly #closing: ClosingHandshake
  readonly #input: InputGate

  constructor(sink: ProtocolSink, options: ProtocolOptions) {
    this.#closing = new ClosingHandshake(sink, options)
    this.#input = this.#closing.input
  }

  get state(): ProtocolState {
    return this.#closing.state
  }

  /** Bytes of memory in use: the message in progress, the one in the codec, and input that waits. */
  get memoryUsed(): number {
    return this.#input.memoryUsed
  }

  /** Bytes of input that arrived while paused and wait to be parsed. */
  get backlogBytes(): number {
    return this.#input.backlogBytes
  }

  /** What the peer has begun and not finished, the most urgent first; null between messages. */
  get pending(): Pending {
    return this.#input.pending
  }

  /**
   * Changes with each frame that may become `pending`: the number of headers read, without those of messages that arrived
   * whole. Counted again from zero after `releaseIdleMemory()`.
   */
  get frameCount(): number {
    return this.#input.frameCount
  }

  /** Bytes of compressed payloads received, at least 512 for each; counted again from zero after `releaseIdleMemory()`. */
  get compressedBytes(): number {
    return this.#input.compressedBytes
  }

  get isPaused(): boolean {
    return this.#input.isPaused
  }

  /** Every `PauseReason` that applies, as bits. */
  get pauseReasons(): number {
    return this.#input.pauseReasons
  }

  /** Releases the memory that reading needs, unless a frame or message is unfinished; for a peer that is silent. */
  releaseIdleMemory(): void {
    this.#input.releaseIdleMemory()
  }

  /** Receives bytes from the transport. They are unmasked in place; the caller may reuse them after the call. */
  receive(bytes: Buffer, start = 0, end = bytes.length): void {
    this.#input.receive(bytes, start, end)
  }

  /**
   * From now on messages are delivered to `sink` in parts, also the one in progress, instead of `onTextMessage` and
   * `onBinaryMessage` (§5.4). This cannot be undone. Call it once.
   *
   * @throws {TypeError} when the codec cannot stream.
   */
  streamTo(sink: StreamSink): void {
    this.#input.streamTo(sink)
  }

  /** The transport has ended, or was cut by `initiator` because of `error`: without Close frames both ways that is 1006 (§7.1.5). */
  receiveEnd(error?: Error, initiator: CloseInfo['initiator'] = 'transport'): void {
    this.#closing.receiveEnd(error, initiator)
  }

  /**
   * Begins the closing handshake (§7.1.2); `cause` becomes `CloseInfo.error`. Does nothing when it has begun.
   *
   * @throws {RangeError} when the code must not be sent, or the reason has more than 123 bytes.
   * @throws {TypeError} when the reason is not a string or a Uint8Array of UTF-8.
   */
  close(code: number = CloseCode.NORMAL, reason: string | Uint8Array = '', cause?: Error): void {
    this.#closing.close(code, reason, cause)
  }

  /** Fails the connection (§7.1.7): sends a Close frame with the error's code, then ends; `initiator` is local. */
  fail(error: ProtocolError): void {
    this.#closing.fail(error)
  }

  /** Stops parsing for a `PauseReason`, until it is resumed. Input that arrives meanwhile is stored, however much it is. */
  pause(reason: number): void {
    this.#input.pause(reason)
  }

  /** Removes reasons; when none is left, the stored input is parsed and reading continues. */
  resume(reason: number): void {
    this.#input.resume(reason)
  }
}
