import type { ByteEngine } from './byte-engine.ts'
import { ProtocolError } from './errors.ts'
import { type ControlFrameSink, FrameParser, type Role } from './frame-parser.ts'
import { type CodecSink, MessageAssembler, type MessageLimits, type MessageSink } from './message-assembler.ts'
import type { MessageCodec } from './message-codec.ts'
import { type Pending, pendingOf } from './pending.ts'
import { StreamAssembler, type StreamSink } from './stream-assembler.ts'

/**
 * The reasons to pause the input, as bits: the application does not read (`READER`), too much output is unsent
 * (`BACKPRESSURE`), the peer exceeds a rate (`RATE`), the codec is busy (`CODEC`), or other connections need the
 * current turn of the event loop (`TURN`).
 */
export const PauseReason = { READER: 1, BACKPRESSURE: 2, RATE: 4, CODEC: 8, TURN: 16 } as const

/** The reasons that pause the input even while the connection is closing. */
const TECHNICAL = PauseReason.CODEC | PauseReason.TURN

/** The callback for the flow of input. */
export interface FlowSink {
  /** Called with false when the input is paused, and with true when it is resumed. */
  onFlow(reading: boolean): void
}

/** The part of the protocol that owns the state of the connection. */
export interface GateOwner extends ControlFrameSink {
  readonly state: 'open' | 'closing' | 'closed'
  /** Fails the connection because of a violation (§7.1.7). */
  fail(error: ProtocolError): void
}

/** The options for parsing the input of an endpoint. */
export interface InputOptions {
  role: Role
  limits: MessageLimits
  /**
   * The codec of permessage-deflate, if the extension was negotiated. Without a codec, RSV1 is a violation. Default
   * null.
   */
  codec?: MessageCodec | null | undefined
  /** Masks and reads bytes. Default: `plainEngine`. */
  engine?: ByteEngine | undefined
}

/**
 * Parses input, and stores it while paused. It catches violations, both those that parsing throws and those that a
 * codec reports later. As in `ClosingHandshake`, its private methods are declared with `private`.
 */
export class InputGate implements CodecSink {
  readonly #owner: GateOwner
  readonly #sink: MessageSink & FlowSink
  /** One object instead of its parts, because connections without a codec share it. */
  readonly #options: InputOptions
  /** The parser and the assembler exist only while they are needed, to save memory. */
  #parser: FrameParser | null = null
  #assembler: MessageAssembler | StreamAssembler | null = null
  /** Delivers messages in parts after `streamTo`. */
  #streamer: StreamAssembler | null = null
  #pauses = 0
  /** Input that arrived during a pause, in order. */
  #backlog: Buffer | null = null
  /** The input that is being parsed: a chunk of the transport, or the backlog. */
  #parsed: Buffer | null = null

  constructor(owner: GateOwner, sink: MessageSink & FlowSink, options: InputOptions) {
    this.#owner = owner
    this.#sink = sink
    this.#options = options
  }

  get isPaused(): boolean {
    return this.#pauses !== 0
  }

  get pauseReasons(): number {
    return this.#pauses
  }

  /** Memory in use, in bytes: the message in progress, the message in the codec, and the backlog. */
  get memoryUsed(): number {
    return (this.#assembler?.memoryUsed ?? 0) + (this.#options.codec?.memoryUsed ?? 0) + (this.#backlog?.length ?? 0)
  }

  /** Number of bytes that arrived during a pause and wait to be parsed. */
  get backlogBytes(): number {
    return this.#backlog === null ? 0 : this.#backlog.length
  }

  /** Returns whether `bytes` is input that is being parsed, so that more input may follow a message in it. */
  isParsing(bytes: Buffer): boolean {
    return bytes === this.#parsed
  }

  /** The most urgent thing that the peer has begun and not finished; null when there is nothing. */
  get pending(): Pending {
    return pendingOf(this.#parser, this.#assembler)
  }

  get frameCount(): number {
    return this.#parser === null ? 0 : this.#parser.frameCount
  }

  get compressedBytes(): number {
    return this.#assembler === null ? 0 : this.#assembler.compressedBytes
  }

  releaseIdleMemory(): void {
    if (this.#parsed !== null || this.pending !== null || (this.#pauses & PauseReason.CODEC) !== 0) return
    this.#parser = null
    this.#assembler = null
  }

  receive(bytes: Buffer, start: number, end: number): void {
    if (this.#owner.state === 'closed') return
    if (this.#pauses !== 0 || this.#parsed !== null) this.store(bytes, start, end)
    else this.parse(bytes, start, end)
  }

  /**
   * While the connection is closing, only `TECHNICAL` reasons pause the input, because the peer's Close frame must be
   * read.
   */
  pause(reason: number): void {
    if (this.#owner.state === 'closed') return
    if (this.#owner.state === 'closing') reason &= TECHNICAL
    if (reason === 0) return
    const wasPaused = this.isPaused
    this.#pauses |= reason
    this.stop(true)
    if ((this.#pauses & ~PauseReason.CODEC) !== 0) this.#streamer?.setFlow(false)
    if (!wasPaused) this.#sink.onFlow(false)
  }

  resume(reason: number): void {
    if (!this.isPaused) return
    this.#pauses &= ~reason
    if ((this.#pauses & ~PauseReason.CODEC) === 0) this.#streamer?.setFlow(true)
    if (this.isPaused) return
    this.stop(false)
    if (this.#parsed !== null) return this.#sink.onFlow(true)
    const backlog = this.#backlog
    this.#backlog = null
    if (backlog !== null) this.parse(backlog, 0, backlog.length, true)
    if (!this.isPaused && this.#owner.state !== 'closed') this.#sink.onFlow(true)
  }

  /** Delivers messages in parts from now on, including the message in progress. */
  streamTo(sink: StreamSink): void {
    const { limits, codec = null } = this.#options
    if (codec !== null && codec.inflateStream === undefined) {
      throw new TypeError('codec has no inflateStream, which streamed messages need')
    }
    const streamer = new StreamAssembler(sink, limits, codec, this)
    const partial = this.#assembler instanceof MessageAssembler ? this.#assembler.handOver(streamer) : null
    streamer.isStopped = this.isPaused
    streamer.setFlow((this.#pauses & ~PauseReason.CODEC) === 0)
    this.#streamer = streamer
    if (this.#parser === null) return
    streamer.isDiscarding = this.#owner.state !== 'open'
    this.#assembler = streamer
    this.#parser.deliverTo(streamer)
    if (partial === null) return
    try {
      streamer.continue(partial)
    } catch (error) {
      this.failWith(error)
    }
  }

  /** Discards messages from now on. The application can no longer pause the input. */
  discardMessages(): void {
    if (this.#streamer !== null) this.#streamer.discard()
    else if (this.#assembler !== null) this.#assembler.isDiscarding = true
    this.resume(~TECHNICAL)
  }

  /** Ends parsing and discards stored input. */
  shut(): void {
    this.#pauses = 0
    this.stop(true)
    this.#backlog = null
    this.#assembler?.reset()
    this.#streamer?.reset()
    this.#options.codec?.release()
  }

  onCodecBusy(): void {
    this.pause(PauseReason.CODEC)
  }

  onCodecDone(violation: ProtocolError | null): void {
    if (violation !== null) this.#owner.fail(violation)
    this.resume(PauseReason.CODEC)
  }

  private parse(bytes: Buffer, start: number, end: number, isOwn = false): void {
    const parser = this.#parser ?? this.makeParser()
    try {
      for (;;) {
        this.#parsed = bytes
        const at = parser.push(bytes, start, end)
        if (this.#owner.state === 'closed') return
        if (this.isPaused) {
          const rest = bytes.subarray(at, end)
          return this.storeFirst(isOwn ? rest : Buffer.from(rest))
        }
        // A callback may have stored more input.
        if (this.#backlog === null) return
        bytes = this.#backlog
        isOwn = true
        start = 0
        end = bytes.length
        this.#backlog = null
      }
    } catch (error) {
      this.failWith(error)
    } finally {
      this.#parsed = null
    }
  }

  private failWith(error: unknown): void {
    if (!(error instanceof ProtocolError)) throw error
    this.#owner.fail(error)
  }

  private makeParser(): FrameParser {
    const { role, limits, codec = null, engine } = this.#options
    const data = this.#streamer ?? new MessageAssembler(this.#sink, { limits, codec, codecSink: this, engine })
    data.isStopped = false
    data.isDiscarding = this.#owner.state === 'closing'
    this.#assembler = data
    this.#parser = new FrameParser({ control: this.#owner, data }, { role, rsv1Allowed: codec !== null, engine })
    return this.#parser
  }

  private stop(isStopped: boolean): void {
    if (this.#assembler !== null) this.#assembler.isStopped = isStopped
  }

  /** Stores a copy, because the caller may reuse the bytes, as it does with a read window. */
  private store(bytes: Buffer, start: number, end: number): void {
    if (start === end) return
    const added = bytes.subarray(start, end)
    this.#backlog = this.#backlog === null ? Buffer.from(added) : Buffer.concat([this.#backlog, added])
  }

  /**
   * Stores the bytes that a pause left unparsed, in front of the input that has arrived since. They are not copied a
   * second time, because a peer that exceeds its rate is paused often.
   */
  private storeFirst(rest: Buffer): void {
    if (rest.length > 0) this.#backlog = this.#backlog === null ? rest : Buffer.concat([rest, this.#backlog])
  }
}
