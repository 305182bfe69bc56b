import type { EventEmitter } from 'node:events'
import type { Duplex } from 'node:stream'
import { channels } from '../connection/diagnostics.ts'
import { encodeCloseBody, truncateReason } from '../core/close-frame.ts'
import { EMPTY } from '../core/empty.ts'
import { type ProtocolError, WebSocketError } from '../core/errors.ts'
import { Opcode } from '../core/opcode.ts'
import { disownStream, ownerOf, ownStream, type StreamOwner } from '../transport/stream-owner.ts'
import { sizeOf, toBinaryType } from './data.ts'
import { Guard, type Guarded } from './guard.ts'
import type { LinkOptions } from './link-options.ts'
import { Reader, type ReaderSink } from './reader.ts'
import { type FrameSettings, rethrow, type SendCallback, Sender, type SenderSink } from './sender.ts'
import type { BinaryType } from './socket-options.ts'
import { toSocketError } from './violation.ts'

/** The states of a socket, numbered as in the WHATWG standard. */
export const ReadyState = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const

/** The members of the user's socket that its link needs. */
export interface LinkHost extends EventEmitter {
  _readyState: number
  readonly isPaused: boolean
  readonly binaryType: BinaryType
  /** Called once the transport has closed and everything received was delivered. */
  emitClose(): void
}

/** One listener for all sockets: a closure per socket would cost memory. */
function readPushed(this: Duplex, chunk: Buffer): void {
  const owner = ownerOf(this)
  if (owner instanceof Link) owner.onPushed(chunk)
}

/** One open socket: owns its transport, reader and sender, and runs the closing handshake. */
export class Link implements StreamOwner, ReaderSink, SenderSink {
  readonly stream: Duplex
  readonly reader: Reader
  readonly sender: Sender
  readonly #host: LinkHost
  readonly #isServer: boolean
  readonly #answersPings: boolean
  readonly #closeTimeout: number
  closeFrameSent = false
  closeFrameReceived = false
  closeCode = 1006
  closeReason: Buffer = EMPTY
  closeTimer: NodeJS.Timeout | null = null
  #hasFailed = false
  #hasEmittedError = false
  /** Whether the transport is read into the window that all sockets without TLS share. */
  #readsWindow = false
  /** Whether other `'data'` listeners of the transport are being called with a copy of its bytes. */
  #isTapping = false
  readonly #guard: Guard | null

  constructor(host: LinkHost, stream: Duplex, options: LinkOptions) {
    this.#host = host
    this.stream = stream
    this.#isServer = options.isServer
    this.#answersPings = options.maxPendingAutoPongs > 0
    this.#closeTimeout = options.closeTimeout
    const { limits } = options
    this.reader = new Reader(this, options)
    this.sender = new Sender(stream, options, this)
    const { reader, sender } = this
    this.#guard = limits === null ? null : new Guard({ connection: this.#toGuarded(), stream, reader, sender }, limits)
  }

  /** Starts to read. `head` has the bytes that followed the request head. */
  start(head: Buffer): void {
    const { stream } = this
    if (head.length > 0) stream.unshift(head)
    ownStream(stream, this)
    // A socket that is read into the window emits 'data' only for bytes that a program pushes into it.
    if (stream.listenerCount('data') > 0) return
    stream.on('data', readPushed)
    this.#readsWindow = true
  }

  /** Called with bytes that a program has pushed into the transport. */
  onPushed(chunk: Buffer): void {
    if (!this.#isTapping) this.#read(chunk, 0, chunk.length)
  }

  /** Sends a Close frame with this body unless one was sent, and ends the transport once both sides have sent one. */
  close(body: Buffer): void {
    if (this.#host._readyState === ReadyState.CLOSING) return this.#endWhenDone()
    const settings: FrameSettings = { opcode: Opcode.CLOSE, fin: true, compress: false, mask: !this.#isServer }
    this.sender.send(body, settings, (error) => {
      if (error) return
      this.closeFrameSent = true
      this.#endWhenDone()
    })
    this.#startCloseTimer()
    this.#beginClosing()
  }

  terminate(): void {
    this.#beginClosing()
    this.sender.flushLast()
    this.stream.destroy()
  }

  #beginClosing(): void {
    this.#host._readyState = ReadyState.CLOSING
    this.#guard?.stop()
  }

  #endWhenDone(): void {
    if (this.closeFrameSent && (this.closeFrameReceived || this.#hasFailed)) this.stream.end()
  }

  #startCloseTimer(): void {
    this.closeTimer ??= setTimeout(() => this.stream.destroy(), this.#closeTimeout)
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    if (this.#readsWindow && this.stream.listenerCount('data') > 1) this.#tap(bytes.subarray(start, end))
    this.#read(bytes, start, end)
  }

  /** Emits a copy of the bytes to other listeners of the stream, before the bytes are unmasked in place. */
  #tap(bytes: Buffer): void {
    this.#isTapping = true
    try {
      this.stream.emit('data', Buffer.from(bytes))
    } finally {
      this.#isTapping = false
    }
  }

  #read(bytes: Buffer, start: number, end: number): void {
    this.sender.cork()
    try {
      this.reader.receive(bytes, start, end)
    } finally {
      this.sender.uncork()
    }
    this.#guard?.onBytes(end - start)
    // Node ignores a pause() in the tick in which reading starts, so it is repeated here.
    if (this.reader.isWaiting) this.stream.pause()
  }

  onStreamEnd(): void {
    this.#beginClosing()
    this.sender.flush()
    this.stream.end()
  }

  onStreamError(): void {
    this.#beginClosing()
    this.stream.destroy()
  }

  onStreamDrain(): void {}

  onStreamClose(): void {
    this.#beginClosing()
    if (this.closeTimer !== null) clearTimeout(this.closeTimer)
    // Delivers what a paused socket has already read.
    const rest: Buffer | null = this.reader.isOver ? null : this.stream.read()
    if (rest !== null) this.onBytes(rest, 0, rest.length)
    disownStream(this.stream)
    this.sender.close()
    this.reader.finish(() => {
      this.reader.release()
      this.#host.emitClose()
    })
  }

  onMessage(data: Buffer, isBinary: boolean): void {
    this.#guard?.onMessage()
    // Does not use `#emit`, which would allocate an array for each message.
    try {
      this.#host.emit('message', isBinary ? toBinaryType(data, this.#host.binaryType) : data, isBinary)
    } catch (error) {
      process.nextTick(rethrow, error)
    }
  }

  onPing(data: Buffer): void {
    this.#guard?.onPing()
    const isAnswered = this.#answersPings && this.#host._readyState === ReadyState.OPEN
    if (isAnswered && !this.sender.answerPing(data)) this.terminate()
    this.#emit('ping', data)
  }

  onPong(data: Buffer): void {
    this.#emit('pong', data)
  }

  onCloseFrame(code: number, reason: Buffer): void {
    this.closeFrameReceived = true
    this.closeCode = code
    this.closeReason = reason
    this.#drain()
    this.close(code === 1005 ? EMPTY : encodeCloseBody(code, reason))
  }

  onViolation(violation: ProtocolError): void {
    const { error, closeCode } = toSocketError(violation)
    this.#fail(error, encodeCloseBody(closeCode, ''))
  }

  /** Called when the peer violated the protocol or exceeded a limit. From now on its input is discarded. */
  #fail(error: Error, body: Buffer): void {
    this.#hasFailed = true
    this.reader.end()
    this.#drain()
    this.close(body)
    process.nextTick(() => this.#emitError(error))
  }

  /** Sends a message, unless a limit forbids it. */
  send(data: unknown, settings: FrameSettings, callback?: SendCallback): void {
    const guard = this.#guard
    if (guard === null) return this.sender.sendAny(data, settings, callback)
    const isWhole = settings.fin && settings.opcode !== Opcode.CONTINUATION
    const error = guard.refuse(sizeOf(data), isWhole)
    if (error === null) {
      this.sender.sendAny(data, settings, callback)
      guard.onSent()
    } else if (callback !== undefined) {
      process.nextTick(callback, error)
    }
  }

  #toGuarded(): Guarded {
    const host = this.#host
    return {
      get state() {
        return host._readyState <= ReadyState.OPEN ? 'open' : 'closing'
      },
      get isPaused() {
        return host.isPaused
      },
      ping: (payload) => {
        const settings = { opcode: Opcode.PING, fin: true, compress: false, mask: !this.#isServer }
        this.sender.send(Buffer.from(payload), settings)
      },
      close: (code, reason) => this.close(encodeCloseBody(code, reason)),
      fail: (closeCode, code, message) =>
        this.#fail(new WebSocketError(code, message), encodeCloseBody(closeCode, truncateReason(message))),
      terminate: (error) => {
        process.nextTick(() => this.#emitError(error))
        this.terminate()
      },
    }
  }

  onFlow(reading: boolean): void {
    if (!reading) this.stream.pause()
    else if (!this.#host.isPaused) this.stream.resume()
  }

  /** Reads and discards the rest of the input, so that the end of the stream is noticed. */
  #drain(): void {
    process.nextTick(() => this.stream.resume())
  }

  onSendError(error: Error): void {
    if (this.#host._readyState === ReadyState.CLOSED) return
    this.#beginClosing()
    this.stream.end()
    this.#startCloseTimer()
    this.#emitError(error)
  }

  /** On a server without a listener for errors, an error that a peer causes must not end the process. */
  #emitError(error: Error): void {
    if (this.#hasEmittedError || this.#host._readyState === ReadyState.CLOSED) return
    this.#hasEmittedError = true
    if (this.#isServer && this.#host.listenerCount('error') === 0) {
      if (channels.error.hasSubscribers) channels.error.publish({ connection: this.#host, error })
      return
    }
    this.#emit('error', error)
  }

  /** A listener that throws must not stop the delivery of later events, so its error is thrown on the next tick. */
  #emit(event: string, value: unknown): void {
    try {
      this.#host.emit(event, value)
    } catch (error) {
      process.nextTick(rethrow, error)
    }
  }
}
