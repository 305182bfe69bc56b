import type { Duplex } from 'node:stream'
import { Opcode } from '../../core/opcode.ts'
import type { Outbox } from './outbox.ts'

/** The callback of `Backpressure`, and the conditions that it waits for. */
export interface BackpressureSink {
  /** Whether neither bytes nor messages are waiting. */
  readonly isDrained: boolean
  /** Number of bytes that wait for anything but a source. */
  readonly blockedBytes: number
  /** Called after `begin` when bytes wait only for a source, and when nothing is waiting anymore. */
  onUnblocked(): void
}

/** Handles backpressure of one slow peer. It is created on demand and released when idle. */
export class Backpressure {
  readonly #stream: Duplex
  readonly #outbox: Outbox
  readonly #sink: BackpressureSink
  #drained: (() => void)[] | null = null
  #isOverMark = false
  #isAwaiting = false
  /** The newest pong for a peer that does not read. It replaces older ones (RFC 6455 §5.5.3). */
  #pong: Uint8Array | null = null

  constructor(stream: Duplex, outbox: Outbox, sink: BackpressureSink) {
    this.#stream = stream
    this.#outbox = outbox
    this.#sink = sink
  }

  /** Whether this object has no state and may be released. */
  get isIdle(): boolean {
    return this.#drained === null && !this.#isOverMark && !this.#isAwaiting && this.#pong === null
  }

  /** Called when more than `highWaterMark` bytes are waiting. `onUnblocked` is called when they are sent. */
  begin(): void {
    this.#isOverMark = true
    this.#awaitSent()
  }

  /** Stores a pong until the peer reads again. */
  holdPong(payload: Uint8Array): void {
    this.#pong = payload
    this.#awaitSent()
  }

  /** Sends the waiting pong, if there is one, because nothing may follow a Close frame (RFC 6455 §5.5.1). */
  sendWaitingPong(): void {
    if (this.#pong !== null) this.#outbox.sendBytes(Opcode.PONG, this.#pong)
    this.#pong = null
  }

  /** Resolves when nothing is waiting, or after `release`. */
  drained(): Promise<void> {
    return new Promise((resolve) => {
      this.#drained ??= []
      this.#drained.push(resolve)
      this.#awaitSent()
    })
  }

  /** Called when the system has accepted what was written, or the codec has finished a message. */
  onSent(): void {
    this.sendWaitingPong()
    this.#outbox.flush()
    const { isDrained, blockedBytes } = this.#sink
    if (blockedBytes > 0) return this.#awaitSent()
    if (isDrained) this.release()
    if (!this.#isOverMark) return
    this.#isOverMark = !isDrained
    this.#sink.onUnblocked()
  }

  /** Resolves all promises of `drained`. */
  release(): void {
    const drained = this.#drained
    this.#drained = null
    if (drained !== null) for (const resolve of drained) resolve()
  }

  /**
   * A stream emits 'drain' only after its own high-water mark was reached. Otherwise, the callback of an empty write
   * shows when earlier writes are complete.
   */
  #awaitSent(): void {
    const { writable, writableLength, writableNeedDrain } = this.#stream
    // One empty write at a time, because each stays in the queue of the stream while the peer does not read.
    if (!writable || writableLength === 0 || writableNeedDrain || this.#isAwaiting) return
    this.#isAwaiting = true
    this.#stream.write('', () => {
      this.#isAwaiting = false
      this.onSent()
    })
  }
}
