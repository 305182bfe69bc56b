import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { CloseCode } from '../core/close-code.ts'
import { ProtocolError, WebSocketError } from '../core/errors.ts'
import type { Role } from '../core/frame-parser.ts'
import type { MessageLimits } from '../core/message-assembler.ts'
import type { MessageCodec } from '../core/message-codec.ts'
import { Opcode } from '../core/opcode.ts'
import { type CloseInfo, Hold, Protocol, type ProtocolSink, type ProtocolState } from '../core/protocol.ts'
import { decodeText } from '../core/text.ts'
import { Outbox } from './outbox.ts'
import { PreparedMessage } from './prepared-message.ts'
import { type Reader, readStream } from './reader.ts'
import { Sender } from './sender.ts'
import { type TimerEntry, wheel } from './timers.ts'

/** What arrives: text as a string, binary as a Buffer. */
export type Data = string | Buffer
/** What may be sent: a string goes as text, bytes go as binary. */
export type Sendable = string | Uint8Array | ArrayBuffer

/** How one message is sent. */
export interface SendOptions {
  /** Whether it may be compressed, where permessage-deflate was agreed on. Default: true. */
  compress?: boolean
}

/** Limits and times of one connection; sizes in bytes, times in milliseconds. */
export interface ConnectionLimits extends MessageLimits {
  /** Above this many bytes waiting to be sent, `send` returns false. */
  highWaterMark: number
  /** How long a peer may take to answer a Close frame, or to read the last one, before the transport is cut. */
  closeTimeout: number
}

export const defaultLimits: ConnectionLimits = {
  maxMessageSize: 1024 * 1024,
  maxFrames: 131_072,
  highWaterMark: 1024 * 1024,
  closeTimeout: 5_000,
}

/** What a connection is made with; the server fills it in. */
export interface ConnectionSetup {
  role: Role
  limits: ConnectionLimits
  request: IncomingMessage
  subprotocol: string
  codec?: MessageCodec | null
  /** Bytes that came behind the request; received after the current tick. */
  head?: Buffer
  /** Makes the masking keys of the client role. */
  maskingKey?: () => Uint8Array
  /** Takes what a callback of the user throws; the connection is failed with 1011. */
  onError: (error: unknown) => void
  /** The transport is gone. */
  onGone?: (connection: Connection) => void
}

const nothing = (): void => {}

/**
 * One WebSocket connection on one stream (RFC 6455): what a server's `onConnection` is given. Callbacks are plain
 * properties with one consumer each; set them before the callback that hands the connection over returns.
 */
export class Connection implements ProtocolSink, TimerEntry {
  /** The upgrade request. */
  readonly request: IncomingMessage
  /** The chosen subprotocol, `''` without one (RFC 6455 §4.2.2). */
  readonly subprotocol: string
  /** A message: text as a string, binary as a Buffer of the receiver's own. */
  onMessage: (data: Data, isBinary: boolean) => void = nothing
  /** A pong, asked for or not (§5.5.3). */
  onPong: (payload: Buffer) => void = nothing
  /** The outcome is known; called once. Nothing is received or sent after it. */
  onClose: (info: CloseInfo) => void = nothing

  readonly #stream: Duplex
  readonly #protocol: Protocol
  readonly #outbox: Outbox
  readonly #sender: Sender
  readonly #reader: Reader
  readonly #setup: ConnectionSetup
  #drained: (() => void)[] | null = null
  #closeInfo: CloseInfo | null = null

  timerNext: TimerEntry | null = null
  timerPrevious: TimerEntry | null = null
  timerSlot = -1
  timerDue = 0

  constructor(stream: Duplex, setup: ConnectionSetup) {
    this.request = setup.request
    this.subprotocol = setup.subprotocol
    this.#setup = setup
    this.#stream = stream
    this.#protocol = new Protocol(this, { role: setup.role, ...setup.limits, codec: setup.codec })
    this.#outbox = new Outbox(stream, setup.maskingKey)
    this.#sender = new Sender(this.#outbox, setup.codec ?? null, () => this.#onSent())
    stream.on('end', () => this.#onStreamEnd())
    stream.on('error', (error) => this.#protocol.receiveEnd(streamError(error)))
    stream.on('close', () => this.#onStreamClose())
    stream.on('drain', () => this.#onSent())
    const { head } = setup
    if (head !== undefined && head.length > 0) process.nextTick(() => this.#onBytes(head, 0, head.length))
    this.#reader = readStream(stream, (bytes, start, end) => this.#onBytes(bytes, start, end))
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
    return this.#outbox.bufferedAmount + this.#sender.waitingBytes
  }

  /**
   * Sends a message. Returns whether there is room for more: false above `highWaterMark` (wait for `drained()`) and
   * on a connection that is not open, which takes nothing. With `compress: false` the message is not compressed, for
   * secrets beside text that an attacker may choose (CRIME). Throws a TypeError for anything but a string, Uint8Array,
   * ArrayBuffer or PreparedMessage. Bytes over 16 KiB are not copied: leave them unchanged until they are sent.
   */
  send(data: Sendable | PreparedMessage, options?: SendOptions): boolean {
    const compress = options?.compress !== false
    const isOpen = this.#protocol.state === 'open'
    if (typeof data === 'string') {
      if (isOpen) this.#sender.sendText(data, compress)
    } else if (data instanceof PreparedMessage) {
      if (isOpen) this.#sender.sendEncoded(data.frame)
    } else {
      const bytes = toBytes(data)
      if (isOpen) this.#sender.sendBytes(bytes, compress)
    }
    return isOpen && this.bufferedAmount <= this.#setup.limits.highWaterMark
  }

  /** Resolves when everything was taken by the operating system, or when the connection is closed. */
  drained(): Promise<void> {
    this.#outbox.flush()
    if (this.#protocol.state === 'closed' || this.bufferedAmount === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#drained ??= []
      this.#drained.push(resolve)
      this.#awaitSent()
    })
  }

  /** Sends a ping (§5.5.2) with at most 125 bytes. Throws a TypeError or RangeError for another payload. */
  ping(payload: string | Uint8Array = ''): void {
    const bytes = typeof payload === 'string' ? Buffer.from(payload) : toBytes(payload)
    if (bytes.length > 125) throw new RangeError(`a ping of ${bytes.length} bytes; at most 125 are allowed`)
    if (this.#protocol.state === 'open') this.#outbox.sendBytes(Opcode.PING, bytes)
  }

  /**
   * Begins the closing handshake (§7.1.2); `onClose` tells how it went. Does nothing when it has begun already.
   * Throws a RangeError for a code outside 1000–1003, 1007–1014 and 3000–4999 or a reason over 123 bytes of UTF-8,
   * a TypeError for a reason that is no text.
   */
  close(code: number = CloseCode.NORMAL, reason: string | Uint8Array = ''): void {
    this.#protocol.close(code, reason)
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
    this.#protocol.pause(Hold.READER)
  }

  resume(): void {
    this.#protocol.resume(Hold.READER)
  }

  /** Resolves when the transport is gone. */
  get gone(): Promise<void> {
    if (this.#stream.closed) return Promise.resolve()
    return new Promise((resolve) => this.#stream.once('close', resolve))
  }

  // What the stream does.

  #onBytes(bytes: Buffer, start: number, end: number): void {
    this.#outbox.cork()
    try {
      this.#protocol.receive(bytes, start, end)
    } finally {
      this.#outbox.uncork()
    }
    if (this.#protocol.state === 'closed') this.#endStream()
  }

  #onStreamEnd(): void {
    this.#protocol.receiveEnd()
    this.#endStream()
  }

  #onStreamClose(): void {
    this.#protocol.receiveEnd()
    wheel.cancel(this)
    this.#setup.onGone?.(this)
  }

  /** The system took what was written, or the codec is done with a message. */
  #onSent(): void {
    if (this.#drained === null) return
    this.#outbox.flush()
    if (this.bufferedAmount === 0) this.#resolveDrained()
    else this.#awaitSent()
  }

  /** A stream says 'drain' only above its own mark; below it, an empty write tells when those before it are out. */
  #awaitSent(): void {
    const { writable, writableLength, writableNeedDrain } = this.#stream
    if (writable && writableLength > 0 && !writableNeedDrain) this.#stream.write('', () => this.#onSent())
  }

  #resolveDrained(): void {
    const drained = this.#drained
    this.#drained = null
    if (drained !== null) for (const resolve of drained) resolve()
  }

  /** The closing handshake, or the peer's reading of the last frame, took too long. */
  onTimer(): void {
    const error = new WebSocketError(
      'ERR_WS_CLOSE_TIMEOUT',
      `no end of the connection within ${this.#setup.limits.closeTimeout} ms of the Close frame`,
    )
    this.#protocol.receiveEnd(error, 'local')
    this.#stream.destroy()
  }

  /** §7.1.1: ends our half after what was sent; the peer's half is read and discarded, but not for ever. */
  #endStream(): void {
    this.#outbox.flush()
    if (this.#stream.destroyed) return
    if (!this.#stream.writableEnded) this.#stream.end()
    if (this.#stream.readableEnded) return
    this.#reader.start()
    if (this.timerSlot === -1) wheel.schedule(this, this.#setup.limits.closeTimeout)
  }

  // What the protocol says.

  onTextMessage(bytes: Buffer, start: number, end: number, isAscii: boolean): void {
    this.#deliver(decodeText(bytes, start, end, isAscii), false)
  }

  onBinaryMessage(bytes: Buffer, start: number, end: number, owned: boolean): void {
    const view = bytes.subarray(start, end)
    // A view of much more memory than it shows would keep all of it alive.
    this.#deliver(owned && bytes.length <= 2 * view.length ? view : Buffer.from(view), true)
  }

  #deliver(data: Data, isBinary: boolean): void {
    try {
      this.onMessage(data, isBinary)
    } catch (error) {
      this.#onUserError(error)
    }
  }

  onPongReceived(payload: Buffer): void {
    try {
      this.onPong(payload)
    } catch (error) {
      this.#onUserError(error)
    }
  }

  onControlFrame(opcode: number, payload: Uint8Array): void {
    if (opcode === Opcode.CLOSE) this.#sender.sendClose(payload)
    else this.#outbox.sendBytes(opcode, payload)
  }

  onCloseExpected(): void {
    wheel.schedule(this, this.#setup.limits.closeTimeout)
  }

  onClosed(info: CloseInfo): void {
    wheel.cancel(this)
    this.#closeInfo = info
    this.#sender.drop()
    this.#resolveDrained()
    try {
      this.onClose(info)
    } catch (error) {
      this.#setup.onError(error)
    }
    this.#endStream()
  }

  onFlow(reading: boolean): void {
    if (reading) this.#reader.start()
    else this.#reader.stop()
  }

  #onUserError(error: unknown): void {
    this.#setup.onError(error)
    this.fail(CloseCode.INTERNAL_ERROR, 'ERR_WS_CALLBACK_THREW', 'internal error')
  }
}

function streamError(error: Error): WebSocketError {
  return new WebSocketError('ERR_WS_TRANSPORT', `the transport failed: ${error.message}`, { cause: error })
}

function toBytes(data: unknown): Uint8Array {
  if (data instanceof Uint8Array) return data
  if (data instanceof ArrayBuffer) return new Uint8Array(data)
  throw new TypeError(
    `a message of type ${data === null ? 'null' : typeof data}; a string, Uint8Array or ArrayBuffer is allowed`,
  )
}
