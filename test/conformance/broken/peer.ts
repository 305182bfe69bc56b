import type { Socket } from 'node:net'
import { Limits } from '../unusual/limits.ts'
import type { Defects } from './defects.ts'
import type { Deflate } from './deflate.ts'
import { echoOf } from './echo.ts'
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  type FrameHeader,
  isCloseCode,
  PING,
  PONG,
  readHeader,
  TEXT,
  unmask,
  Violation,
} from './frame.ts'
import { Gather } from './gather.ts'
import { Output } from './output.ts'
import { Utf8Check } from './utf8.ts'

/** Time limit in milliseconds for the other side to end TCP after the last written byte. A busy machine needs less. */
const LINGER = 30_000
/**
 * Milliseconds for which a side that must not end TCP first waits for the other side. One case demands at least 500 and
 * another at most 7000. A blocked event loop delays the limits of the cases by more than this one.
 */
const GIVE_UP = 5000
/** Time limit in milliseconds for the reply to the Close of a failed connection. */
const CLOSE_WAIT = 1500

/** Minimum size in bytes of a long message, for the defects about long messages. */
const LONG = 64 * 1024

const sharedMessage = new Gather()

export interface PeerOptions {
  role: 'server' | 'client'
  deflate: Deflate | null
  /** Maximum size in bytes of a message. */
  maxMessage: number
  defects: Defects
  /** Called when the connection fails because the other side has violated a rule. */
  onFail?: (closeCode: number) => void
  /** Called with each message; it is echoed when this returns true. */
  onMessage?: (opcode: number, payload: Buffer) => boolean
}

/** One end of an open WebSocket connection that echoes every message (RFC 6455 §5 to §8). */
export class Peer {
  /** How the connection ended: the code and reason of the received Close, or 1006. */
  closeInfo = { code: 1006, reason: '' }
  readonly #socket: Socket
  readonly #output: Output
  readonly #options: PeerOptions
  readonly #defects: Defects
  readonly #utf8: Utf8Check
  readonly #message: Gather
  readonly #control = new Gather()
  readonly #bufferedPings: Buffer[] = []
  /** The bytes of an incomplete header. */
  #rest: Buffer = Buffer.alloc(0)
  #frame: (FrameHeader & { done: number }) | null = null
  #messageOpcode = TEXT
  #isCompressed = false
  #isFragmented = false
  #isClosing = false
  #isOver = false
  #hasFailed = false
  #isCloseReceived = false
  #firstKey: Buffer | null = null
  #newestPing: Buffer | null = null
  readonly #limits: Limits

  constructor(socket: Socket, options: PeerOptions) {
    this.#socket = socket
    this.#options = options
    this.#defects = options.defects
    this.#output = new Output(socket, options.role, options.defects)
    this.#utf8 = new Utf8Check(options.defects)
    this.#limits = new Limits(options.defects)
    this.#message = options.defects.has('shares-message-buffer') ? sharedMessage : new Gather()
  }

  /** Processes bytes as TCP delivers them. */
  receive(chunk: Buffer): void {
    this.#process(() => {
      let bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk
      this.#rest = Buffer.alloc(0)
      while (bytes.length > 0 && !this.#isOver) bytes = this.#frame ? this.#readPayload(bytes) : this.#readHeader(bytes)
    })
  }

  /** Runs a part of the processing, and fails the connection when it finds a violation. */
  #process(part: () => void): void {
    if (this.#isOver) return
    this.#socket.cork()
    try {
      part()
    } catch (error) {
      if (!(error instanceof Violation)) throw error
      this.#fail(error.closeCode)
    } finally {
      this.#socket.uncork()
    }
  }

  /** Sends a ping. */
  ping(): void {
    this.#output.ping()
  }

  /** Sends a message of its own. */
  greet(): void {
    this.#output.message(TEXT, Buffer.from('welcome to the echo server'), this.#options.deflate)
  }

  /** Called when the other side has ended its half of TCP. */
  receiveEnd(): void {
    if (this.#defects.has('answers-fin-with-close') && !this.#isOver) this.#output.close(1001)
    if (!this.#defects.has('ignores-fin')) this.#endTcp()
  }

  /** Starts the closing handshake. Incoming frames are processed until the Close is answered. */
  close(code: number): void {
    this.#isClosing = true
    this.#output.close(code)
    if (this.#defects.has('ends-tcp-with-its-close')) this.#endTcp()
    setTimeout(() => this.#endTcp(), GIVE_UP).unref()
  }

  #readHeader(bytes: Buffer): Buffer {
    const { role, deflate, maxMessage } = this.#options
    const insideMessage = this.#isFragmented
    const room = maxMessage - this.#message.size
    const expected = { masked: role === 'server', deflate: deflate !== null, insideMessage, room }
    const header = readHeader(bytes, expected, this.#defects)
    if (!header) {
      if (!this.#defects.has('loses-header-cut-by-segment')) this.#rest = bytes
      return Buffer.alloc(0)
    }
    this.#frame = { ...header, done: 0 }
    if (this.#defects.has('keeps-first-mask-key')) this.#frame.key = this.#firstKey ??= header.key
    if (header.opcode <= BINARY && !insideMessage && !header.isIgnored) this.#startMessage(header)
    const rest = bytes.subarray(header.size)
    return header.length === 0 ? this.#readPayload(rest) : rest
  }

  #startMessage(header: FrameHeader): void {
    this.#messageOpcode = header.opcode === CONTINUATION ? TEXT : header.opcode
    this.#isCompressed = header.rsv1 && this.#options.deflate !== null
    if (this.#defects.has('pmd-inflates-plain-messages')) this.#isCompressed = this.#options.deflate !== null
  }

  #readPayload(bytes: Buffer): Buffer {
    const frame = this.#frame!
    const piece = bytes.subarray(0, frame.length - frame.done)
    if (frame.key) this.#unmask(piece, frame.key, frame)
    frame.done += piece.length
    if (!frame.isIgnored) this.#onPayload(frame, piece)
    if (frame.done < frame.length) return bytes.subarray(piece.length)
    this.#frame = null
    const isUnread = frame.opcode === CLOSE && bytes.length > piece.length
    if (isUnread && this.#defects.has('resets-with-unread-input')) this.#socket.resetAndDestroy()
    this.#onFrameEnd(frame)
    return this.#defects.has('reads-one-frame-per-segment') ? Buffer.alloc(0) : bytes.subarray(piece.length)
  }

  #onPayload(frame: FrameHeader & { done: number }, piece: Buffer): void {
    if (frame.opcode <= BINARY || this.#defects.has('leaks-control-into-message'))
      this.#onData(this.#defects.has('cuts-continuations-at-128k') ? cutContinuation(frame, piece) : piece)
    if (frame.opcode > BINARY) this.#control.push(piece)
  }

  #unmask(piece: Buffer, key: Buffer, frame: { length: number; done: number; opcode: number }): void {
    if (this.#defects.has('leaves-control-masked') && frame.opcode >= CLOSE) return
    if (this.#defects.has('refuses-zero-mask-key') && key.equals(Buffer.alloc(4)))
      throw new Violation(1002, 'a zero key')
    if (this.#defects.has('unmasks-whole-words-only')) piece = piece.subarray(0, piece.length & ~3)
    unmask(piece, key, this.#defects.has('restarts-mask-per-segment') ? 0 : frame.done)
  }

  #onData(piece: Buffer): void {
    const isText = this.#messageOpcode === TEXT || this.#defects.has('checks-binary-as-text')
    if (isText && !this.#isCompressed) this.#utf8.push(piece)
    this.#message.push(piece)
    if (this.#message.size > 65_536 && this.#defects.has('resets-above-limit')) this.#socket.resetAndDestroy()
  }

  #onFrameEnd(frame: FrameHeader): void {
    if (frame.isIgnored) return
    this.#limits.count(frame)
    if (frame.opcode > BINARY) this.#onControl(frame.opcode, this.#control.take())
    else if (frame.fin && !(frame.length === 0 && this.#defects.has('drops-empty-last-fragment'))) this.#onMessageEnd()
    else this.#isFragmented = true
    if (this.#defects.has('checks-text-per-frame')) this.#utf8.end()
    if (this.#defects.has('decodes-fragments-apart') && this.#isLong && this.#messageOpcode === TEXT)
      this.#message.push(Buffer.from(String(this.#message.take())))
  }

  #onMessageEnd(): void {
    const payload = this.#message.take()
    const opcode = this.#messageOpcode
    if (this.#isCompressed) this.#later(() => this.#onCompressed(opcode, payload))
    else {
      this.#options.deflate?.passPlain()
      if (opcode === TEXT) this.#utf8.end()
      this.#onMessage(opcode, payload)
    }
    this.#isFragmented = false
    for (const ping of this.#bufferedPings.splice(0)) this.#output.pong(ping)
  }

  #onCompressed(opcode: number, compressed: Buffer): void {
    const { deflate, maxMessage } = this.#options
    const payload = deflate!.inflate(compressed, maxMessage)
    if (opcode === TEXT) {
      if (!this.#defects.has('pmd-checks-no-text')) this.#utf8.push(payload)
      this.#utf8.end()
    }
    this.#onMessage(opcode, payload)
  }

  #onMessage(opcode: number, payload: Buffer): void {
    const isWanted = this.#options.onMessage?.(opcode, payload) ?? true
    if (isWanted && (!this.#isClosing || this.#defects.has('echoes-after-its-close'))) this.#echo(opcode, payload)
  }

  /** Runs a part of the processing, with the quirk behind the frames that were received together. */
  #later(part: () => void): void {
    if (this.#defects.has('answers-pings-while-inflating')) setImmediate(() => this.#process(part))
    else part()
  }

  #echo(opcode: number, payload: Buffer): void {
    this.#output.message(...echoOf(opcode, payload, this.#isFragmented, this.#defects), this.#options.deflate)
  }

  #onControl(opcode: number, payload: Buffer): void {
    if (opcode === CLOSE) this.#later(() => this.#onClose(payload))
    else if (opcode === PING) this.#onPing(payload)
    else if (opcode === PONG && this.#defects.has('answers-pongs')) this.#output.pong(payload)
    else if (opcode !== PONG && this.#defects.has('takes-reserved-for-binary')) this.#echo(BINARY, payload)
  }

  #onPing(payload: Buffer): void {
    if (this.#defects.has('answers-newest-ping-only')) {
      if (this.#newestPing === null) setImmediate(() => this.#answerNewestPing())
      this.#newestPing = payload
      return
    }
    if (this.#defects.has('answers-no-ping-once-closed')) {
      setImmediate(() => !this.#isOver && this.#output.pong(payload))
      return
    }
    const isLate =
      (this.#isFragmented && this.#defects.has('answers-pings-between-messages-only')) ||
      (this.#isLong && this.#defects.has('answers-pings-behind-long-messages'))
    if (isLate) this.#bufferedPings.push(payload)
    else this.#output.pong(payload)
  }

  #answerNewestPing(): void {
    const payload = this.#newestPing
    this.#newestPing = null
    if (payload !== null && !this.#isOver) this.#output.pong(payload)
  }

  get #isLong(): boolean {
    return this.#message.size > LONG
  }

  #onClose(body: Buffer): void {
    if (this.#isLong && this.#defects.has('ignores-close-in-long-message')) return
    this.#answerNewestPing()
    if (this.#defects.has('echoes-unfinished-message') && this.#isFragmented) this.#onMessageEnd()
    this.#isCloseReceived = true
    if (this.#isFragmented && this.#defects.has('refuses-close-inside-message')) throw new Violation(1002, 'a Close')
    this.#checkClose(body)
    this.closeInfo = { code: body.length > 1 ? body.readUInt16BE(0) : 1005, reason: body.toString('utf8', 2) }
    if (this.#defects.has('pongs-once-closed')) this.#output.pong(Buffer.alloc(0))
    if (!this.#isClosing) this.#output.closeReply(body)
    this.#isOver = !this.#defects.has('goes-on-after-close')
    const isFirst = this.#options.role === 'server' || this.#defects.has('ends-tcp-before-server')
    // The server ends TCP first (§7.1.1).
    if (isFirst && this.#isOver) {
      // With the defect it waits without a time limit, which could pass before that of the case.
      if (!this.#defects.has('waits-for-client-to-end-tcp')) this.#endTcp()
    } else setTimeout(() => this.#endTcp(), GIVE_UP).unref()
  }

  #checkClose(body: Buffer): void {
    if (body.length === 1 && !this.#defects.has('accepts-close-of-one-byte'))
      throw new Violation(1002, 'a Close of one byte')
    if (body.length < 2) return
    if (!isCloseCode(body.readUInt16BE(0), this.#defects)) throw new Violation(1002, 'a bad close code')
    if (this.#defects.has('refuses-reason-above-100') && body.length > 102) throw new Violation(1002, 'a long reason')
    if (this.#defects.has('checks-no-reason')) return
    const reason = new Utf8Check(this.#defects)
    reason.push(body.subarray(2))
    reason.end()
  }

  #fail(code: number): void {
    this.#options.onFail?.(code)
    this.#hasFailed = true
    this.#output.failure(code)
    if (this.#defects.has('waits-for-close-after-failing') && !this.#isCloseReceived) this.#awaitClose()
    else if (!this.#defects.has('goes-on-after-failing')) this.#endTcp()
  }

  /** Reads only the reply to the Close of a failed connection. The first input counts as the reply. */
  #awaitClose(): void {
    this.#isOver = true
    this.#socket.once('data', () => this.#endTcp())
    setTimeout(() => this.#endTcp(), CLOSE_WAIT).unref()
  }

  #endTcp(): void {
    this.#isOver = true
    if (this.#defects.has('never-ends-tcp')) return
    if (this.#defects.has('resets-tcp')) this.#socket.resetAndDestroy()
    this.#socket.end()
    if (this.#hasFailed && this.#defects.has('resets-after-failing')) {
      this.#socket.pause()
      this.#socket.once('finish', () => this.#socket.destroy())
      return
    }
    this.#socket.resume()
    const linger = (): void => void setTimeout(() => this.#socket.destroy(), LINGER).unref()
    if (this.#socket.writableFinished) linger()
    else this.#socket.once('finish', linger)
  }
}

/** Returns how much of the piece that was just read belongs to the first 128 KiB of a continuation frame. */
function cutContinuation({ opcode, done }: { opcode: number; done: number }, piece: Buffer): Buffer {
  if (opcode !== CONTINUATION) return piece
  return piece.subarray(0, Math.max(0, 2 * LONG - (done - piece.length)))
}
