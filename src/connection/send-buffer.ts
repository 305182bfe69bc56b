import type { Duplex } from 'node:stream'
import { Opcode } from '../core/opcode.ts'
import type { ConnectionLimits } from './limits.ts'
import type { Outbox } from './outbox.ts'
import type { Sender } from './sender.ts'

/** What a send buffer tells its connection. */
export interface SendBufferSink {
  /** More waits than `highWaterMark`: the peer is not to be read from until `onDrained`. */
  onOverMark(): void
  /** Nothing waits any more. */
  onDrained(): void
  /** A message would make more wait than `maxBufferedAmount`; `total` bytes in all. */
  onOverflow(total: number): void
}

/** What waits to be sent to one peer, and what follows when it is too much. */
export class SendBuffer {
  readonly #stream: Duplex
  readonly #outbox: Outbox
  readonly #sender: Sender
  readonly #limits: ConnectionLimits
  readonly #sink: SendBufferSink
  #drained: (() => void)[] | null = null
  #isOverMark = false
  #isAwaiting = false
  /** The newest pong that waits for a peer that does not read; older ones are replaced (RFC 6455 §5.5.3). */
  #pong: Uint8Array | null = null

  constructor(stream: Duplex, outbox: Outbox, sender: Sender, limits: ConnectionLimits, sink: SendBufferSink) {
    this.#stream = stream
    this.#outbox = outbox
    this.#sender = sender
    this.#limits = limits
    this.#sink = sink
  }

  /** Bytes that the operating system has not taken. */
  get bufferedAmount(): number {
    return this.#outbox.bufferedAmount + this.#sender.waitingBytes
  }

  /** Whether so many bytes surely stay below the high-water mark. */
  hasRoom(size: number): boolean {
    return this.#outbox.bufferedAtMost + this.#sender.waitingBytes + size <= this.#limits.highWaterMark
  }

  /** Whether a message may be added to what waits. One that finds nothing waiting always may. */
  admit(size: number): boolean {
    this.#outbox.flush()
    const waiting = this.bufferedAmount
    if (waiting === 0 || waiting + size <= this.#limits.maxBufferedAmount) return true
    this.#sink.onOverflow(waiting + size)
    return false
  }

  /** Hands over what waits; returns false, and says so, when the system leaves more than the high-water mark. */
  settle(): boolean {
    this.#outbox.flush()
    if (this.bufferedAmount <= this.#limits.highWaterMark) return true
    this.#isOverMark = true
    this.#sink.onOverMark()
    this.#awaitSent()
    return false
  }

  /** Sends a pong, or keeps it for when the peer reads again. */
  sendPong(payload: Uint8Array): void {
    if (this.#stream.writableLength === 0) return this.#outbox.sendBytes(Opcode.PONG, payload)
    this.#pong = payload
    this.#awaitSent()
  }

  /** Sends the pong that waits, if any: nothing may follow a Close frame (RFC 6455 §5.5.1). */
  sendWaitingPong(): void {
    if (this.#pong !== null) this.#outbox.sendBytes(Opcode.PONG, this.#pong)
    this.#pong = null
  }

  /** Resolves when nothing waits, or when the connection is closed. */
  drained(): Promise<void> {
    this.#outbox.flush()
    if (this.bufferedAmount === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#drained ??= []
      this.#drained.push(resolve)
      this.#awaitSent()
    })
  }

  /** The system took what was written, or the codec is done with a message. */
  onSent(): void {
    this.sendWaitingPong()
    this.#outbox.flush()
    if (this.bufferedAmount > 0) return this.#awaitSent()
    this.release()
    if (!this.#isOverMark) return
    this.#isOverMark = false
    this.#sink.onDrained()
  }

  /** Lets everybody go who waits for room. */
  release(): void {
    const drained = this.#drained
    this.#drained = null
    if (drained !== null) for (const resolve of drained) resolve()
  }

  /** A stream says 'drain' only above its own mark; below it, an empty write tells when those before it are out. */
  #awaitSent(): void {
    const { writable, writableLength, writableNeedDrain } = this.#stream
    // One at a time: each would lie in the stream's queue until a peer reads that never does.
    if (!writable || writableLength === 0 || writableNeedDrain || this.#isAwaiting) return
    this.#isAwaiting = true
    this.#stream.write('', () => {
      this.#isAwaiting = false
      this.onSent()
    })
  }
}
