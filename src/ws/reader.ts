import type { ConnectionLimits } from '../connection/limits.ts'
import { MessageSlab } from '../connection/receive/message-slab.ts'
import { readCloseBody } from '../core/close-frame.ts'
import { EMPTY } from '../core/empty.ts'
import { ProtocolError } from '../core/errors.ts'
import { type ControlFrameSink, FrameParser, type Role } from '../core/frame-parser.ts'
import { type CodecSink, MessageAssembler, type MessageLimits, type MessageSink } from '../core/message-assembler.ts'
import type { MessageCodec } from '../core/message-codec.ts'
import { Opcode } from '../core/opcode.ts'
import { type Pending, pendingOf } from '../core/pending.ts'
import { fastEngine } from '../fast/engine.ts'
import { messageRun } from '../fast/message-run.ts'

/** The callbacks of a reader, called in the order of the input. */
export interface ReaderSink {
  onMessage(data: Buffer, isBinary: boolean): void
  onPing(data: Buffer): void
  onPong(data: Buffer): void
  /** Called with a Close frame. Later input is discarded. */
  onCloseFrame(code: number, reason: Buffer): void
  /** Called with a violation. Later input is discarded. */
  onViolation(error: ProtocolError): void
  /** Called when the reader pauses (false) or resumes (true) its input. */
  onFlow(reading: boolean): void
}

export interface ReaderOptions {
  isServer: boolean
  codec: MessageCodec | null
  /** Whether several events may be emitted in one turn of the event loop. */
  allowSynchronousEvents: boolean
  /** Maximum size of a message in bytes; 0 means no limit. */
  maxPayload: number
  /** Maximum number of frames in a message; 0 means no limit. */
  maxFragments: number
  /** Not used: a message is collected in one buffer. */
  maxBufferedChunks: number
  /**
   * The limits of dwebsocket, or null when only those of npm ws apply. Without them, a payload length may be encoded in
   * more bytes than necessary, in violation of RFC 6455 §5.2.
   */
  limits: ConnectionLimits | null
}

/** The reasons to pause parsing. `TURN` ends with the current turn of the event loop. */
export const Wait = { CODEC: 1, TURN: 2, RATE: 4, BACKPRESSURE: 8 } as const

const slab = new MessageSlab(messageRun)

/**
 * Reads the input of a socket. Unlike `Protocol`, it delivers messages while this side is closing and leaves replies to
 * control frames to its owner, because npm ws does both.
 */
export class Reader implements ControlFrameSink, MessageSink, CodecSink, MessageLimits {
  readonly #sink: ReaderSink
  readonly #allowSynchronousEvents: boolean
  readonly #role: Role
  readonly #lenientLengths: boolean
  readonly #codec: MessageCodec | null
  readonly maxBufferedChunks: number
  /** The limits of one message. Programs may change them at any time. */
  maxMessageSize: number
  maxFrames: number
  /** The parser and the assembler are created with the first input, to save memory. */
  #parser: FrameParser | null = null
  #assembler: MessageAssembler | null = null
  #waits = 0
  #isParsing = false
  #isOver = false
  #backlog: Buffer | null = null
  /** Called when parsing is no longer paused. */
  #whenDone: (() => void) | null = null

  constructor(sink: ReaderSink, options: ReaderOptions) {
    this.#sink = sink
    this.#allowSynchronousEvents = options.allowSynchronousEvents
    this.#role = options.isServer ? 'server' : 'client'
    this.#lenientLengths = options.limits === null
    this.#codec = options.codec
    this.maxBufferedChunks = options.maxBufferedChunks
    this.maxMessageSize = options.maxPayload || Number.POSITIVE_INFINITY
    this.maxFrames = options.maxFragments || Number.POSITIVE_INFINITY
  }

  /** Whether parsing is paused for any reason. */
  get isWaiting(): boolean {
    return this.#waits !== 0
  }

  /** Whether parsing is paused for longer than the current turn of the event loop. */
  get isPaused(): boolean {
    return (this.#waits & ~Wait.TURN) !== 0
  }

  /** Number of bytes that wait to be parsed. */
  get backlogBytes(): number {
    return this.#backlog === null ? 0 : this.#backlog.length
  }

  get frameCount(): number {
    return this.#parser === null ? 0 : this.#parser.frameCount
  }

  /** The most urgent thing that the peer has begun and not finished; null when there is nothing. */
  get pending(): Pending {
    return pendingOf(this.#parser, this.#assembler)
  }

  /** Whether a Close frame or a violation has ended the input. */
  get isOver(): boolean {
    return this.#isOver
  }

  receive(bytes: Buffer, start: number, end: number): void {
    if (this.#isOver) return
    if (this.#waits === 0 && !this.#isParsing) return this.#parse(bytes, start, end)
    const added = bytes.subarray(start, end)
    this.#backlog = this.#backlog === null ? Buffer.from(added) : Buffer.concat([this.#backlog, added])
  }

  /** Calls `done` once everything received was delivered. */
  finish(done: () => void): void {
    if (this.#waits === 0 || this.#isOver) done()
    else this.#whenDone = done
  }

  onTextMessage(bytes: Buffer, start: number, end: number): void {
    this.#deliver(bytes, start, end, false)
  }

  onBinaryMessage(bytes: Buffer, start: number, end: number): void {
    this.#deliver(bytes, start, end, true)
  }

  onControlFrame(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (this.#isOver) return
    if (opcode === Opcode.CLOSE) {
      const { code } = readCloseBody(bytes, start, end)
      const reason = end - start > 2 ? Buffer.from(bytes.subarray(start + 2, end)) : EMPTY
      this.end()
      this.#sink.onCloseFrame(code, reason)
      return
    }
    const data = end > start ? Buffer.from(bytes.subarray(start, end)) : EMPTY
    if (opcode === Opcode.PING) this.#sink.onPing(data)
    else this.#sink.onPong(data)
    this.#waitForTurn()
  }

  onCodecBusy(): void {
    this.pause(Wait.CODEC)
  }

  onCodecDone(violation: ProtocolError | null): void {
    if (violation !== null) this.#fail(violation)
    this.resume(Wait.CODEC)
  }

  #deliver(bytes: Buffer, start: number, end: number, isBinary: boolean): void {
    if (this.#isOver) return
    this.#sink.onMessage(end > start ? slab.copy(bytes, start, end) : EMPTY, isBinary)
    this.#waitForTurn()
  }

  #waitForTurn(): void {
    if (this.#allowSynchronousEvents || this.#isOver) return
    this.pause(Wait.TURN)
    setImmediate(() => this.resume(Wait.TURN))
  }

  /** Pauses parsing until `resume` is called with the same reason. */
  pause(reason: number): void {
    if (this.#isOver) return
    const isFirst = this.#waits === 0
    this.#waits |= reason
    if (this.#assembler !== null) this.#assembler.isStopped = true
    if (isFirst) this.#sink.onFlow(false)
  }

  resume(reason: number): void {
    if ((this.#waits & reason) === 0) return
    this.#waits &= ~reason
    if (this.#waits !== 0) return
    if (this.#assembler !== null) this.#assembler.isStopped = this.#isOver
    if (this.#isParsing) return this.#sink.onFlow(true)
    const backlog = this.#backlog
    this.#backlog = null
    if (backlog !== null && !this.#isOver) this.#parse(backlog, 0, backlog.length)
    if (this.#waits !== 0) return
    this.#sink.onFlow(true)
    const done = this.#whenDone
    this.#whenDone = null
    done?.()
  }

  #parse(bytes: Buffer, start: number, end: number): void {
    const parser = this.#parser ?? this.#makeParser()
    this.#isParsing = true
    try {
      for (;;) {
        const at = parser.push(bytes, start, end)
        if (this.#isOver) return
        if (this.#waits !== 0) return this.#storeFirst(bytes.subarray(at, end))
        if (this.#backlog === null) return
        bytes = this.#backlog
        this.#backlog = null
        start = 0
        end = bytes.length
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.#fail(error)
    } finally {
      this.#isParsing = false
    }
  }

  #makeParser(): FrameParser {
    const codec = this.#codec
    const assembler = new MessageAssembler(this, { limits: this, codec, codecSink: this, engine: fastEngine })
    this.#assembler = assembler
    // Not a spread: V8 creates hidden classes for each object that is made with one, which would cost at least 350
    // bytes.
    const options = {
      role: this.#role,
      rsv1Allowed: codec !== null,
      lenientLengths: this.#lenientLengths,
      engine: fastEngine,
    }
    this.#parser = new FrameParser({ control: this, data: assembler }, options)
    return this.#parser
  }

  #storeFirst(rest: Buffer): void {
    if (rest.length === 0) return
    this.#backlog = this.#backlog === null ? Buffer.from(rest) : Buffer.concat([rest, this.#backlog])
  }

  #fail(error: ProtocolError): void {
    if (this.#isOver) return
    this.end()
    this.#sink.onViolation(error)
  }

  /** Discards all further input. */
  end(): void {
    this.#isOver = true
    if (this.#assembler !== null) {
      this.#assembler.isStopped = true
      this.#assembler.reset()
    }
    this.#backlog = null
  }

  /** Frees the codec. Called when the socket has closed. */
  release(): void {
    this.end()
    this.#codec?.release()
  }
}
