import type { Duplex } from 'node:stream'
import { Opcode } from '../../core/opcode.ts'
import type { ConnectionLimits } from '../limits.ts'
import type { Outbox } from './outbox.ts'

/** The connection of a send buffer: what waits there, and what it is told. */
export interface SendBufferHost {
  /** Bytes that the operating system has not taken. */
  readonly bufferedAmount: number
  /** More waits than `highWaterMark`: the peer is not to be read from until `onDrained`. */
  onOverMark(): void
  /** Nothing waits any more. */
  onDrained(): void
  /** A message would make more wait than `maxBufferedAmount`; `total` bytes in all. */
  onOverflow(total: number): void
}

/** What follows when much waits to be sent to one peer; exists while that matters. */
export class SendBuffer {
  readonly #stream: Duplex
  readonly #outbox: Outbox
  readonly #limits: ConnectionLimits
  readonly #host: SendBufferHost
  #drained: (() => void)[] | null = null
  #isOverMark = false
  #isAwaiting = false
  /** The newest pong that waits for a peer that does not read; older ones are replaced (RFC 6455 §5.5.3). */
  #pong: Uint8Array | null = null

  constructor(stream: Duplex, outbox: Outbox, limits: ConnectionLimits, host: SendBufferHost) {
    this.#stream = stream
    this.#outbox = outbox
    this.#limits = limits
    this.#host = host
  }

  /** Whether it has nothing to do: another one in its place would do as well. */
  get isIdle(): boolean {
    return this.#drained === null && !this.#isOverMark && !this.#isAwaiting && this.#pong === null
  }

  /** Whether a message may be added to what waits. One that finds nothing waiting always may. */
  admit(size: number): boolean {
    this.#outbox.flush()
    const waiting = this.#host.bufferedAmount
    if (waiting === 0 || waiting + size <= this.#limits.maxBufferedAmount) return true
    this.#host.onOverflow(waiting + size)
    return false
  }

  /** Hands over what waits; returns false, and says so, when the system leaves more than the high-water mark. */
  settle(): boolean {
    this.#outbox.flush()
    if (this.#host.bufferedAmount <= this.#limits.highWaterMark) return true
    this.#isOverMark = true
    this.#host.onOverMark()
    this.#awaitSent()
    return false
  }

  /** Keeps a pong for when the peer reads again. */
  keepPong(payload: Uint8Array): void {
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
    if (this.#host.bufferedAmount === 0) return Promise.resolve()
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
    if (this.#host.bufferedAmount > 0) return this.#awaitSent()
    this.release()
    if (!this.#isOverMark) return
    this.#isOverMark = false
    this.#host.onDrained()
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
