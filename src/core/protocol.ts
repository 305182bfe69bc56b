import { isAscii } from 'node:buffer'
import { isAsciiOr } from '../fast/mask.ts'
import { CloseCode, isSendableCloseCode } from './close-code.ts'
import { ProtocolError, WebSocketError } from './errors.ts'
import { FrameParser, type FrameSink, type Role } from './frame-parser.ts'
import { invalidUtf8, MessageAssembler, type MessageLimits, type MessageSink } from './message-assembler.ts'
import type { MessageCodec } from './message-codec.ts'
import { isControl, Opcode } from './opcode.ts'
import { isValidUtf8 } from './text.ts'

/*
 * The closing handshake (RFC 6455 §7), the only state machine above the parser:
 *
 *            | close()                     | Close frame arrives       | violation                  | end of stream
 *   OPEN     | send Close → CLOSING,       | echo, end → CLOSED, clean | send Close(code), end      | → CLOSED 1006
 *            | closeExpected               |                           | → CLOSED                   |
 *   CLOSING  | ignored                     | end → CLOSED, clean       | end → CLOSED               | → CLOSED 1006
 *   CLOSED   | ignored                     | discarded                 | discarded                  | –
 *
 * CLOSED says that the outcome is known. The stream may live on until the peer has read the last Close frame; what it
 * still sends is discarded, never processed (§7.1.7). While CLOSING, messages are discarded and control frames read.
 */
export type ProtocolState = 'open' | 'closing' | 'closed'

/** How a connection ended (RFC 6455 §7.1.4–§7.1.6). */
export interface CloseInfo {
  /** The peer's close code, 1005 when its Close frame had none; the code we failed with; 1006 without Close frames. */
  code: number
  /** The reason that goes with the code; may be empty. */
  reason: string
  /** Whether Close frames went both ways. */
  wasClean: boolean
  /** Who ended it: this side, the peer with a Close frame, or the transport. */
  initiator: 'local' | 'remote' | 'transport'
  /** Why, unless the application or the peer just asked for it. */
  error?: Error
}

/** What a protocol calls. A callback may call back into the protocol; ranges are as in `MessageSink`. */
export interface ProtocolSink {
  onTextMessage(bytes: Buffer, start: number, end: number, isAscii: boolean): void
  /** Up to `runEnd` more messages that are not `owned` may lie behind this one. */
  onBinaryMessage(bytes: Buffer, start: number, end: number, owned: boolean, runEnd: number): void
  /** A pong that answers `ping` or comes unasked (§5.5.3); the payload is the receiver's own. */
  onPongReceived(payload: Buffer): void
  /** A control frame is to be sent; a newer pong may replace an older one that still waits. */
  onControlFrame(opcode: number, payload: Uint8Array): void
  /** A Close frame was sent first from here: a timer should end a peer that does not answer (§7.1.1). */
  onCloseExpected(): void
  /** The outcome is known; the transport is to be ended after what was sent (§7.1.1). */
  onClosed(info: CloseInfo): void
  /** Whether more input is wanted; false while held. */
  onFlow(reading: boolean): void
}

export interface ProtocolOptions {
  role: Role
  limits: MessageLimits
  /** permessage-deflate as negotiated; without it RSV1 is a violation. */
  codec?: MessageCodec | null
}

/** Reasons to hold the input; it is parsed while none is set. */
export const PauseReason = { READER: 1, BACKPRESSURE: 2, RATE: 4, CODEC: 8 } as const

const EMPTY = Buffer.alloc(0)

/**
 * One end of a WebSocket connection without its transport (RFC 6455 §5–§8): bytes in, callbacks out. It answers what
 * must be answered (pong, Close) and turns every violation into a Close frame with the right code.
 */
export class Protocol implements FrameSink, MessageSink {
  readonly #sink: ProtocolSink
  readonly #role: Role
  /** Made when bytes come. */
  #parser: FrameParser | null = null
  /** Made for a message that is fragmented, compressed or cut by the end of a chunk. */
  #assembler: MessageAssembler | null = null
  readonly #limits: MessageLimits
  readonly #codec: MessageCodec | null
  #state: ProtocolState = 'open'
  /** Why this side began to close, when that was not the application's wish. */
  #cause: Error | undefined
  #holds = 0
  /** Input that came while held, in order. */
  #backlog: Buffer | null = null
  #parsing = false
  #controlOpcode = 0
  /** The payload of a control frame that comes in pieces, as far as it is here. */
  #control: Buffer | null = null

  constructor(sink: ProtocolSink, options: ProtocolOptions) {
    this.#sink = sink
    this.#limits = options.limits
    this.#codec = options.codec ?? null
    this.#role = options.role
  }

  get state(): ProtocolState {
    return this.#state
  }

  /** Bytes of memory held: the message in progress and input that waits. */
  get memoryUsed(): number {
    return (this.#assembler?.memoryUsed ?? 0) + (this.#backlog?.length ?? 0)
  }

  /** What the peer has begun and not finished, in the order of urgency; null between messages. */
  get pending(): 'header' | 'payload' | 'message' | null {
    if (this.#parser?.inHeader) return 'header'
    if (this.#parser?.atBoundary === false) return 'payload'
    return this.#inMessage() ? 'message' : null
  }

  #inMessage(): boolean {
    return this.#assembler?.inMessage === true
  }

  /** Whether the input is held. */
  get isPaused(): boolean {
    return this.#holds !== 0
  }

  /** Frames whose header was read; counted anew after a rest. */
  get frameCount(): number {
    return this.#parser?.frameCount ?? 0
  }

  /** Lets go of the memory that reading needs, unless a frame or message is unfinished; for a peer that is silent. */
  releaseIdleMemory(): void {
    if (this.#parsing || this.pending !== null) return
    this.#parser = null
    this.#assembler = null
  }

  /** Takes bytes from the transport. They are unmasked in place and not kept: the caller may reuse them afterwards. */
  receive(bytes: Buffer, start = 0, end = bytes.length): void {
    if (this.#state === 'closed') return
    if (this.#holds !== 0 || this.#parsing) return this.#keep(bytes, start, end)
    this.#parse(bytes, start, end)
  }

  /** The transport has ended, or is given up (`error`): without Close frames both ways that is 1006 (§7.1.5). */
  receiveEnd(error: Error = this.#endWithoutClose(), initiator: CloseInfo['initiator'] = 'transport'): void {
    if (this.#state === 'closed') return
    this.#finish({ code: CloseCode.ABNORMAL, reason: '', wasClean: false, initiator, error })
  }

  #endWithoutClose(): WebSocketError {
    const missing = this.#state === 'open' ? 'sending' : 'answering'
    return new WebSocketError('ERR_WS_STREAM_ENDED', `the peer ended the stream without ${missing} a Close frame`)
  }

  /**
   * Begins the closing handshake (§7.1.2); `cause` is what `CloseInfo.error` will be. Throws a RangeError for a code or
   * reason that may not be sent.
   */
  close(code: number = CloseCode.NORMAL, reason: string | Uint8Array = '', cause?: Error): void {
    const payload = encodeClosePayload(code, reason)
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.#cause = cause
    this.#sink.onControlFrame(Opcode.CLOSE, payload)
    this.#sink.onCloseExpected()
    this.resume(PauseReason.READER | PauseReason.BACKPRESSURE | PauseReason.RATE)
  }

  /** Fails the connection (§7.1.7): Close with the error's code, then the end; `initiator` is local. */
  fail(error: ProtocolError): void {
    if (this.#state === 'closed') return
    if (this.#state === 'open') {
      const reason = truncateReason(error.message)
      this.#sink.onControlFrame(Opcode.CLOSE, encodeClosePayload(error.closeCode, reason))
    }
    this.#finish({ code: error.closeCode, reason: error.message, wasClean: false, initiator: 'local', error })
  }

  /** Stops parsing for a reason of `PauseReason` until it is resumed; at most one chunk that comes meanwhile is kept. */
  pause(hold: number): void {
    if (this.#state === 'closed') return
    if (this.#state === 'closing' && hold !== PauseReason.CODEC) return
    const before = this.#holds
    this.#holds |= hold
    this.#stopParser(true)
    if (before === 0) this.#sink.onFlow(false)
  }

  /** Takes reasons away; when none is left the kept input is parsed and reading goes on. */
  resume(hold: number): void {
    if (this.#holds === 0 || this.#state === 'closed') return
    this.#holds &= ~hold
    if (this.#holds !== 0) return
    this.#stopParser(false)
    if (this.#parsing) return this.#sink.onFlow(true)
    const backlog = this.#backlog
    this.#backlog = null
    if (backlog !== null) this.#parse(backlog, 0, backlog.length, true)
    if (this.#holds === 0 && !this.#isClosed()) this.#sink.onFlow(true)
  }

  #stopParser(stopped: boolean): void {
    if (this.#parser !== null) this.#parser.stopped = stopped
  }

  /** The one place where a violation is caught. */
  #parse(bytes: Buffer, start: number, end: number, isOwn = false): void {
    this.#parser ??= new FrameParser(this, this.#role, this.#codec !== null)
    this.#parsing = true
    try {
      for (;;) {
        const at = this.#parser.push(bytes, start, end)
        if (this.#isClosed()) return
        if (this.#holds !== 0)
          return this.#keepOlder(isOwn ? bytes.subarray(at, end) : Buffer.from(bytes.subarray(at, end)))
        // What a callback handed in meanwhile.
        if (this.#backlog === null) return
        bytes = this.#backlog
        isOwn = true
        start = 0
        end = bytes.length
        this.#backlog = null
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error
      this.fail(error)
    } finally {
      this.#parsing = false
    }
  }

  /** The state as it is now: a callback may have changed it. */
  #isClosed(): boolean {
    return this.#state === 'closed'
  }

  /** A copy: the caller's bytes may lie in a window that the next socket reads into. */
  #keep(bytes: Buffer, start: number, end: number): void {
    if (start < end) this.#backlog = Buffer.concat([this.#backlog ?? EMPTY, bytes.subarray(start, end)])
  }

  /** What a hold left unparsed goes before what came meanwhile; without a copy each time, as a peer over its rate is held often. */
  #keepOlder(rest: Buffer): void {
    if (rest.length > 0) this.#backlog = this.#backlog === null ? rest : Buffer.concat([rest, this.#backlog])
  }

  #finish(info: CloseInfo): void {
    this.#state = 'closed'
    this.#holds = 0
    this.#stopParser(true)
    this.#backlog = null
    this.#control = null
    this.#assembler?.reset()
    this.#codec?.release()
    this.#sink.onClosed(info)
  }

  onFrameHeader(fin: boolean, rsv1: boolean, opcode: number, length: number): void {
    if (isControl(opcode)) {
      this.#controlOpcode = opcode
      return
    }
    this.#assembler ??= new MessageAssembler(this, this.#limits)
    this.#assembler.onFrameHeader(fin, rsv1, opcode, length)
  }

  onFramePayload(bytes: Buffer, start: number, end: number, or: number, last: boolean): void {
    if (this.#controlOpcode === 0) this.#assembler!.onFramePayload(bytes, start, end, or, last)
    else this.#takeControl(bytes, start, end, last)
  }

  /** The checks of the assembler that a message of one frame needs: order, size, text. */
  onWholeMessage(opcode: number, bytes: Buffer, start: number, end: number, or: number, runEnd: number): void {
    if (this.#inMessage() || end - start > this.#limits.maxMessageSize) {
      return this.onFrameHeader(true, false, opcode, end - start)
    }
    if (opcode === Opcode.BINARY) {
      if (this.#state === 'open') this.#sink.onBinaryMessage(bytes, start, end, false, runEnd)
      return
    }
    const isAscii = isAsciiOr(or)
    if (!isAscii && !isValidUtf8(bytes, start, end)) throw invalidUtf8()
    this.onTextMessage(bytes, start, end, isAscii)
  }

  onTextMessage(bytes: Buffer, start: number, end: number, isAscii: boolean): void {
    if (this.#state === 'open') this.#sink.onTextMessage(bytes, start, end, isAscii)
  }

  onBinaryMessage(bytes: Buffer, start: number, end: number, owned: boolean): void {
    if (this.#state === 'open') this.#sink.onBinaryMessage(bytes, start, end, owned, end)
  }

  /** Order holds: nothing behind a compressed message is parsed until the codec is done with it. */
  onCompressedMessage(opcode: number, bytes: Buffer, start: number, end: number): void {
    let finished = false
    this.#codec!.decompress(bytes.subarray(start, end), this.#limits.maxMessageSize, (error, message) => {
      finished = true
      if (error !== null) this.fail(error)
      else this.#deliverInflated(opcode, message)
      this.resume(PauseReason.CODEC)
    })
    if (!finished) this.pause(PauseReason.CODEC)
  }

  #deliverInflated(opcode: number, message: Uint8Array): void {
    const bytes = Buffer.from(message.buffer, message.byteOffset, message.byteLength)
    if (opcode === Opcode.BINARY) return this.onBinaryMessage(bytes, 0, bytes.length, true)
    const ascii = isAscii(bytes)
    if (ascii || isValidUtf8(bytes, 0, bytes.length)) this.onTextMessage(bytes, 0, bytes.length, ascii)
    else this.fail(invalidUtf8())
  }

  #takeControl(bytes: Buffer, start: number, end: number, last: boolean): void {
    if (!last || this.#control !== null) {
      this.#control = Buffer.concat([this.#control ?? EMPTY, bytes.subarray(start, end)])
      if (!last) return
      bytes = this.#control
      start = 0
      end = bytes.length
    }
    const opcode = this.#controlOpcode
    this.#controlOpcode = 0
    this.#control = null
    this.#onControl(opcode, bytes, start, end)
  }

  /** §5.5: a ping is answered with its own payload, a Close with its own code. */
  #onControl(opcode: number, bytes: Buffer, start: number, end: number): void {
    if (opcode === Opcode.CLOSE) return this.#onClose(bytes, start, end)
    if (this.#state !== 'open') return
    const payload = end === start ? EMPTY : Buffer.from(bytes.subarray(start, end))
    if (opcode === Opcode.PING) this.#sink.onControlFrame(Opcode.PONG, payload)
    else this.#sink.onPongReceived(payload)
  }

  #onClose(bytes: Buffer, start: number, end: number): void {
    const { code, reason } = readClosePayload(bytes, start, end)
    const initiator = this.#state === 'open' ? 'remote' : 'local'
    if (this.#state === 'open') {
      const echo = code === CloseCode.NO_STATUS_RECEIVED ? EMPTY : Buffer.from(bytes.subarray(start, start + 2))
      this.#sink.onControlFrame(Opcode.CLOSE, echo)
    }
    const info: CloseInfo = { code, reason, wasClean: true, initiator }
    if (this.#cause !== undefined) info.error = this.#cause
    this.#finish(info)
  }
}

/** The body of a Close frame (RFC 6455 §5.5.1). Throws a RangeError or TypeError for what may not be sent. */
export function encodeClosePayload(code: number, reason: string | Uint8Array): Buffer {
  if (!isSendableCloseCode(code)) {
    throw new RangeError(`close code ${String(code)}; allowed: 1000–1003, 1007–1014 and 3000–4999`)
  }
  if (typeof reason !== 'string' && !(reason instanceof Uint8Array)) {
    throw new TypeError(`a close reason of type ${typeof reason}; a string or a Uint8Array of UTF-8 is allowed`)
  }
  const text = Buffer.from(reason)
  if (text.length > 123) throw new RangeError(`a close reason of ${text.length} bytes; at most 123 are allowed`)
  if (!isValidUtf8(text, 0, text.length)) throw new TypeError('a close reason that is not UTF-8')
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), text])
}

/** §5.5.1, §7.4: no body, or a code that may be sent and a reason in UTF-8. */
function readClosePayload(bytes: Buffer, start: number, end: number): { code: number; reason: string } {
  if (end === start) return { code: CloseCode.NO_STATUS_RECEIVED, reason: '' }
  if (end - start === 1) {
    throw new ProtocolError(
      CloseCode.PROTOCOL_ERROR,
      'ERR_WS_CLOSE_TOO_SHORT',
      'a Close frame with a body of 1 byte; none or at least 2 are allowed',
    )
  }
  const code = bytes.readUInt16BE(start)
  if (!isSendableCloseCode(code)) {
    throw new ProtocolError(
      CloseCode.PROTOCOL_ERROR,
      'ERR_WS_CLOSE_CODE_INVALID',
      `close code ${code} in a Close frame; allowed: 1000–1003, 1007–1014 and 3000–4999`,
    )
  }
  if (!isValidUtf8(bytes, start + 2, end)) {
    throw new ProtocolError(
      CloseCode.INVALID_PAYLOAD,
      'ERR_WS_INVALID_UTF8',
      'invalid UTF-8 in the reason of a Close frame',
    )
  }
  return { code, reason: bytes.toString('utf8', start + 2, end) }
}

/** Cuts a reason to the 123 bytes that fit, between characters (§5.5). */
function truncateReason(reason: string): string {
  const bytes = Buffer.from(reason)
  if (bytes.length <= 123) return reason
  return bytes.toString('utf8', 0, 123).replace(/\ufffd+$/, '')
}
