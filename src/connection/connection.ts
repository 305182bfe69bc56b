import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { CloseCode } from '../core/close-code.ts'
import type { CloseInfo, ProtocolState } from '../core/closing-handshake.ts'
import { ProtocolError, WebSocketError } from '../core/errors.ts'
import { PauseReason } from '../core/input-gate.ts'
import { Opcode } from '../core/opcode.ts'
import { Protocol } from '../core/protocol.ts'
import { fastEngine } from '../fast/engine.ts'
import { messageRun } from '../fast/message-run.ts'
import { decodeText } from '../fast/utf8-decoder.ts'
import { ownStream, takenBytes } from '../transport/stream-owner.ts'
import { channels } from './diagnostics.ts'
import type { ConnectionHost, ConnectionSetup, RequestSource } from './host.ts'
import type { ConnectionLimits } from './limits.ts'
import { MessageSlab } from './receive/message-slab.ts'
import { RateGuard } from './receive/rate-limiter.ts'
import { SendBuffer } from './send/backpressure.ts'
import { Sender } from './send/compressed-sender.ts'
import { flushDeferred } from './send/end-of-tick.ts'
import { Outbox } from './send/outbox.ts'
import { type Sendable, type SendOptions, sendPlain, sizeBound, unsendable } from './send/outgoing.ts'
import type { PreparedMessage } from './send/prepared-message.ts'
import type { Vitals } from './watch/snapshot.ts'
import { Clock } from './watch/watchdog.ts'

/** What arrives: text as a string, binary as a Buffer. */
export type Data = string | Buffer

/** Copies binary messages out of the memory that sockets read into. */
const slab = new MessageSlab(messageRun)

const nothing = (): void => {}
const none = (): number => 0

/**
 * One WebSocket connection on one stream (RFC 6455): what a server's `onConnection` is given. Callbacks are plain
 * properties with one consumer each; set them before the callback that hands the connection over returns.
 */
export class Connection {
  /** The chosen subprotocol, `''` without one (RFC 6455 §4.2.2). */
  readonly subprotocol: string
  /** A message: text as a string, binary as a Buffer of the receiver's own. */
  onMessage: (data: Data, isBinary: boolean) => void = nothing
  /** A pong, asked for or not (§5.5.3). */
  onPong: (payload: Buffer) => void = nothing
  /** The outcome is known; called once. Nothing is received or sent after it. */
  onClose: (info: CloseInfo) => void = nothing
  /** Bytes that the application keeps for this connection, such as a queue: counted into the server's memory. */
  queuedBytes: () => number = none

  /** @internal */
  readonly limits: ConnectionLimits
  readonly #stream: Duplex
  readonly #host: ConnectionHost
  readonly #request: RequestSource
  readonly #protocol: Protocol
  /** These two exist only while something is sent or read; a codec's sender keeps its outbox. */
  #outbox: Outbox | null = null
  #sendBuffer: SendBuffer | null = null
  /** Null without a codec: then messages go to the outbox as they are. */
  readonly #sender: Sender | null
  #rates: RateGuard | null = null
  readonly #clock: Clock
  #closeInfo: CloseInfo | null = null
  #isGone = false
  /** The bytes that are being parsed: they belong to the stream. */
  #chunk: Buffer | null = null
  #awaitingEnd: (() => void)[] | null = null
  #latency: number | null = null
  #heldBytes = 0
  /** The stream has ended while held. */
  #endWaits = false
  #receivedBytes = 0
  #receivedMessages = 0
  #sentMessages = 0

  constructor(stream: Duplex, setup: ConnectionSetup) {
    const { host, limits, codec = null, head } = setup
    this.subprotocol = setup.subprotocol
    this.limits = limits
    this.#host = host
    this.#request = setup.request
    this.#stream = stream
    this.#protocol = new Protocol(this, { role: setup.role, limits, codec, engine: fastEngine })
    this.#sender = codec === null ? null : new Sender(this.#out(), codec, this)
    this.#clock = new Clock(this)
    if (limits.messageRate !== null || limits.byteRate !== null) this.#rates = new RateGuard(limits, this)
    // Accepted late, when the peer had left: the event is past.
    if (stream.closed) process.nextTick(() => this.onStreamClose())
    if (head !== undefined && head.length > 0) process.nextTick(() => this.onBytes(head, 0, head.length))
    ownStream(stream, this)
  }

  /** The upgrade request; on the server's own port it is made when it is first asked for. */
  get request(): IncomingMessage {
    return this.#request.message
  }

  /** `'closed'` once the outcome is known; the transport may live a little longer (RFC 6455 §7.1). */
  get state(): ProtocolState {
    return this.#protocol.state
  }

  /** How it ended, null while it has not. */
  get closeInfo(): CloseInfo | null {
    return this.#closeInfo
  }

  /** Bytes that were sent and that the operating system has not taken. */
  get bufferedAmount(): number {
    const waiting = this.#outbox === null ? this.#stream.writableLength : this.#outbox.bufferedAmount
    return this.#sender === null ? waiting : waiting + this.#sender.waitingBytes
  }

  /** Bytes of memory held for this connection: input that waits, output that waits and what the application keeps. */
  get heldBytes(): number {
    return this.#protocol.memoryUsed + this.bufferedAmount + this.queuedBytes()
  }

  /** The round trip of the last keepalive ping in milliseconds, null before the first. */
  get latency(): number | null {
    return this.#latency
  }

  /** Resolves when the transport is gone. */
  get gone(): Promise<void> {
    // Sockets say that they are closed long before they emit 'close', and what follows from that has happened.
    if (this.#isGone) return Promise.resolve()
    return new Promise((resolve) => {
      this.#awaitingEnd ??= []
      this.#awaitingEnd.push(resolve)
    })
  }

  /**
   * Sends a message. Returns whether there is room for more: false above `highWaterMark` (wait for `drained()`), for
   * a message that `maxBufferedAmount` refuses, and on a connection that is not open, which takes nothing. With
   * `compress: false` the message is not compressed, for secrets beside text that an attacker may choose (CRIME).
   * Throws a TypeError for anything but a string, Uint8Array, ArrayBuffer or PreparedMessage. Bytes over 16 KiB are
   * not copied: leave them unchanged until they are sent.
   */
  send(data: Sendable | PreparedMessage, options?: SendOptions): boolean {
    const size = sizeBound(data)
    if (this.#protocol.state !== 'open') return false
    const fits = this.#hasRoom(size)
    if (!fits && !this.#pressure().admit(typeof data === 'string' ? Buffer.byteLength(data) : size)) return false
    this.#sentMessages++
    this.#host.traffic.sentMessages++
    if (this.#sender === null) sendPlain(this.#out(), data)
    else this.#sender.send(data, options === undefined || options.compress !== false)
    return fits || this.#pressure().settle()
  }

  /** Resolves when everything was taken by the operating system, or when the connection is closed. */
  drained(): Promise<void> {
    return this.#protocol.state === 'closed' ? Promise.resolve() : this.#pressure().drained()
  }

  /** Sends a ping (§5.5.2) with at most 125 bytes. Throws a TypeError or RangeError for another payload. */
  ping(payload: string | Uint8Array = ''): void {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload
    if (!(bytes instanceof Uint8Array)) throw unsendable(bytes)
    if (bytes.length > 125) throw new RangeError(`a ping of ${bytes.length} bytes; at most 125 are allowed`)
    if (this.#protocol.state === 'open') this.#out().sendBytes(Opcode.PING, bytes)
  }

  /**
   * Begins the closing handshake (§7.1.2); `onClose` tells how it went. Does nothing when it has begun already.
   * Throws a RangeError for a code outside 1000–1003, 1007–1014 and 3000–4999 or a reason over 123 bytes of UTF-8,
   * a TypeError for a reason that is no text. `cause` is not sent: it is the `error` that `onClose` is told.
   */
  close(code: number = CloseCode.NORMAL, reason: string | Uint8Array = '', cause?: Error): void {
    // What a room broadcast within this tick was promised to this connection too.
    flushDeferred()
    this.#protocol.close(code, reason, cause)
  }

  /** Cuts the transport at once, without a Close frame. */
  terminate(error: Error = new WebSocketError('ERR_WS_TERMINATED', 'terminated by this side')): void {
    this.#protocol.receiveEnd(error, 'local')
    this.#stream.destroy()
  }

  /** Fails the connection with a Close frame (§7.1.7). */
  fail(closeCode: number, code: string, message: string): void {
    this.#protocol.fail(new ProtocolError(closeCode, code, message))
  }

  /** Stops reading; what has been read and not delivered waits. The closing handshake from this side goes on. */
  pause(): void {
    this.#protocol.pause(PauseReason.READER)
  }

  resume(): void {
    this.#protocol.resume(PauseReason.READER)
  }

  // What the stream does.

  /** @internal */
  onBytes(bytes: Buffer, start: number, end: number): void {
    this.#receivedBytes += end - start
    this.#host.traffic.receivedBytes += end - start
    // A stream that was paused in the tick in which it began reads all the same: it is told again.
    if (this.#protocol.isPaused) this.#stream.pause()
    const outer = this.#chunk
    this.#chunk = bytes
    const outbox = this.#out()
    outbox.cork()
    try {
      this.#protocol.receive(bytes, start, end)
    } finally {
      this.#chunk = outer
      outbox.uncork()
    }
    this.#rates?.takeBytes(end - start)
    this.account()
    if (this.#protocol.state === 'closed') this.#endStream()
  }

  /** @internal */
  onStreamEnd(): void {
    // The end waits behind what was read before it, as it does in a socket that is not read from.
    this.#endWaits = this.#protocol.isPaused
    if (this.#endWaits) return
    this.#protocol.receiveEnd()
    this.#endStream()
  }

  /** @internal */
  onStreamError(error: Error): void {
    const message = `the transport failed: ${error.message}`
    this.#protocol.receiveEnd(new WebSocketError('ERR_WS_TRANSPORT', message, { cause: error }))
  }

  /** @internal */
  onStreamDrain(): void {
    this.onSent()
  }

  /** @internal */
  onStreamClose(): void {
    if (this.#isGone) return
    this.#isGone = true
    this.#protocol.receiveEnd()
    this.#clock.stop()
    this.#host.onHeld(-this.#heldBytes)
    this.#heldBytes = 0
    this.#host.onGone(this)
    for (const resolve of this.#awaitingEnd ?? []) resolve()
  }

  /** @internal */
  onWritten(size: number): void {
    this.#host.traffic.sentBytes += size
    if (this.#stream.writableLength > 0) this.account()
  }

  /** Tells the server how much more memory is held than when it was told last; called by both. @internal */
  account(): void {
    const held = this.heldBytes
    if (held === this.#heldBytes) return
    this.#host.onHeld(held - this.#heldBytes)
    this.#heldBytes = held
  }

  /** Lets go of what an idle connection does not need: it is made again in less than a microsecond. @internal */
  rest(): void {
    this.#protocol.releaseIdleMemory()
    if (this.#sendBuffer?.isIdle) this.#sendBuffer = null
    if (this.#sendBuffer === null && this.#sender === null && this.#outbox?.isIdle) this.#outbox = null
  }

  /** §7.1.1: ends our half after what was sent; the peer's half is read and discarded, but not for ever. */
  #endStream(): void {
    this.#outbox?.flush()
    if (this.#stream.destroyed || this.#stream.writableEnded) return
    this.#stream.end()
    // Where the peer has ended too: it may leave what was sent unread for ever.
    this.#clock.startClosing()
    this.#stream.resume()
  }

  /** What the clock looks at. @internal */
  vitals(): Vitals {
    const protocol = this.#protocol
    return {
      isHeld: protocol.isPaused,
      pending: protocol.pending,
      frameCount: protocol.frameCount,
      receivedBytes: this.#receivedBytes,
      receivedMessages: this.#receivedMessages,
      sentMessages: this.#sentMessages,
      bufferedAmount: this.bufferedAmount,
      takenBytes: takenBytes(this.#stream),
    }
  }

  // What the protocol says.

  /** @internal */
  onTextMessage(bytes: Buffer, start: number, end: number, isAscii: boolean): void {
    this.#deliver(decodeText(bytes, start, end, isAscii), false)
  }

  /** @internal */
  onBinaryMessage(bytes: Buffer, start: number, end: number): void {
    // A view of much more memory than it shows would retain all of it.
    const isOwn = bytes !== this.#chunk && bytes.length <= 2 * (end - start)
    this.#deliver(isOwn ? bytes.subarray(start, end) : slab.copy(bytes, start, end), true)
  }

  #deliver(data: Data, isBinary: boolean): void {
    this.#receivedMessages++
    this.#host.traffic.receivedMessages++
    this.#rates?.takeMessage()
    if (this.#protocol.state !== 'open') return
    if (channels.message.hasSubscribers) channels.message.publish({ connection: this, data, isBinary })
    try {
      this.onMessage(data, isBinary)
    } catch (error) {
      this.#onUserError(error)
    }
  }

  /** @internal */
  onPongReceived(payload: Buffer): void {
    const latency = this.#clock.takePong(payload)
    if (latency !== null) {
      this.#latency = latency
      this.#host.traffic.countLatency(latency)
      return
    }
    try {
      this.onPong(payload)
    } catch (error) {
      this.#onUserError(error)
    }
  }

  /** @internal */
  onControlFrame(opcode: number, payload: Uint8Array): void {
    if (opcode === Opcode.CLOSE) {
      this.#sendBuffer?.sendWaitingPong()
      if (this.#sender === null) this.#out().sendBytes(Opcode.CLOSE, payload)
      else this.#sender.sendClose(payload)
      return
    }
    this.#rates ??= new RateGuard(this.limits, this)
    this.#rates.takePing()
    if (this.#stream.writableLength === 0) this.#out().sendBytes(Opcode.PONG, payload)
    else this.#pressure().keepPong(payload)
  }

  /** @internal */
  onCloseExpected(): void {
    this.#clock.startClosing()
  }

  /** @internal */
  onClosed(info: CloseInfo): void {
    this.#clock.stop()
    this.#rates?.stop()
    this.#closeInfo = info
    this.#host.traffic.countClose(info.code)
    this.#sender?.drop()
    this.#sendBuffer?.release()
    if (channels.close.hasSubscribers) channels.close.publish({ connection: this, info })
    try {
      this.onClose(info)
    } catch (error) {
      this.#reportError(error)
    }
    this.#endStream()
  }

  /** @internal */
  onFlow(reading: boolean): void {
    if (reading) this.#stream.resume()
    else this.#stream.pause()
    if (reading && this.#endWaits) process.nextTick(() => this.onStreamEnd())
  }

  // What the sending parts say.

  /** Whether so many bytes surely stay below the high-water mark. */
  #hasRoom(size: number): boolean {
    const waiting = this.#out().bufferedAtMost + (this.#sender === null ? 0 : this.#sender.waitingBytes)
    return waiting + size <= this.limits.highWaterMark
  }

  #out(): Outbox {
    this.#outbox ??= new Outbox(this.#stream, this.#host.maskingKey, this)
    return this.#outbox
  }

  #pressure(): SendBuffer {
    this.#sendBuffer ??= new SendBuffer(this.#stream, this.#out(), this.limits, this)
    return this.#sendBuffer
  }

  /** @internal */
  onSent(): void {
    if (this.#sendBuffer === null) this.#outbox?.flush()
    else this.#sendBuffer.onSent()
  }

  /** @internal */
  onOverMark(): void {
    this.#protocol.pause(PauseReason.BACKPRESSURE)
  }

  /** @internal */
  onDrained(): void {
    this.account()
    this.#protocol.resume(PauseReason.BACKPRESSURE)
  }

  /** @internal */
  onOverflow(total: number): void {
    const { maxBufferedAmount, overflow } = this.limits
    if (overflow === 'drop') {
      this.#host.traffic.droppedMessages++
      return
    }
    const message = `${total} bytes would wait to be sent; at most ${maxBufferedAmount} are allowed`
    this.fail(CloseCode.TRY_AGAIN_LATER, 'ERR_WS_SEND_OVERFLOW', message)
  }

  /** A peer sends more than it may: it waits, or it is closed. @internal */
  onOverRate(wait: number): void {
    if (this.#protocol.state !== 'open') return
    if (this.limits.overRate === 'close') {
      return this.fail(CloseCode.POLICY_VIOLATION, 'ERR_WS_RATE', 'more messages, bytes or pings than allowed')
    }
    this.#protocol.pause(PauseReason.RATE)
    this.#rates?.wait(wait, () => this.#protocol.resume(PauseReason.RATE))
  }

  #onUserError(error: unknown): void {
    this.#reportError(error)
    this.fail(CloseCode.INTERNAL_ERROR, 'ERR_WS_CALLBACK_THREW', 'internal error')
  }

  #reportError(error: unknown): void {
    if (channels.error.hasSubscribers) channels.error.publish({ connection: this, error })
    this.#host.reportError(error)
  }
}
