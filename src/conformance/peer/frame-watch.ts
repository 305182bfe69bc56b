import { describeFrame, type Frame, isForbiddenCode, isUtf8, Op, Rsv, shortestForm, showBytes } from '../wire/index.ts'
import type { Ledger } from './ledger.ts'

/** The defined opcodes (RFC 6455 §5.2). */
const KNOWN_OPCODES = new Set<number>([Op.CONT, Op.TEXT, Op.BINARY, Op.CLOSE, Op.PING, Op.PONG])

/** Checks every frame on one connection, for the cases of `inv` (RFC 6455 §5). */
export class FrameWatch {
  #ledger: Ledger
  #seenIn: string
  /** Whether the sender must mask its frames: clients must, servers must not (RFC 6455 §5.1). */
  readonly #masks: boolean
  #open: { opcode: number; compressed: boolean; parts: Buffer[]; size: number } | null = null
  #closed = false
  /** True when permessage-deflate was agreed: RSV1 is then allowed on the first frame of a message (RFC 7692 §6). */
  deflate = false
  /** Payloads of the pings that were sent, in hex. */
  readonly pings = new Set<string>()
  #answered = new Set<string>()
  #isOver = false
  /** The codes of the Close frames that were sent. */
  readonly closes = new Set<number>()

  /** @param target the role of the side that sends the frames. */
  constructor(ledger: Ledger, seenIn: string, target: 'server' | 'client' = 'server') {
    this.#ledger = ledger
    this.#seenIn = seenIn
    this.#masks = target === 'client'
  }

  /** Ends the checks of this connection, because the tester has done what no peer may do. */
  end(): void {
    this.#isOver = true
  }

  /** Checks one frame from the target. */
  onFrame(frame: Frame): void {
    this.#ledger.count('frames')
    if (this.#closed) this.#onAfterClose(frame)
    if (frame.masked !== this.#masks) this.#breach(this.#masks ? 'client.frame.sends-masked' : 'inv.not-masked', frame)
    if (!KNOWN_OPCODES.has(frame.opcode)) this.#breach('inv.frame-grammar', frame, 'reserved opcode: ')
    if (frame.length >> 63n) this.#breach('inv.frame-grammar', frame, 'length with the top bit set: ')
    if (frame.form !== shortestForm(frame.length))
      this.#breach('inv.shortest-length', frame, `${frame.form}-bit form: `)
    this.#checkRsv(frame)
    if (frame.opcode >= 8) this.#onControl(frame)
    else this.#onData(frame)
  }

  /** Called when the stream ended inside a frame, with the bytes of that frame. */
  onEnd(pending: Buffer, orderly: boolean): void {
    if (orderly && pending.length > 0) {
      this.#breach('inv.frame-grammar', `the stream ends inside a frame: ${pending.subarray(0, 16).toString('hex')}`)
    }
  }

  /** Called when the target ended the connection without a Close, and before the tester did. */
  onBareEnd(): void {
    this.#breach('inv.close-before-fin', 'an end without a Close')
  }

  /** Returns whether a pong has the data of a ping that was sent. */
  isAnswer({ payload }: Frame): boolean {
    return this.pings.has(payload.toString('hex'))
  }

  #checkRsv(frame: Frame): void {
    const mayHaveRsv1 = this.deflate && (frame.opcode === Op.TEXT || frame.opcode === Op.BINARY)
    if (frame.rsv & (mayHaveRsv1 ? 3 : 7)) this.#breach('inv.rsv', frame)
    if (this.deflate && !mayHaveRsv1 && frame.rsv & Rsv.RSV1) this.#breach('pmd.frame.server-rsv1', frame)
  }

  /** After a Close, only data frames are forbidden (RFC 6455 §5.5.1). */
  #onAfterClose(frame: Frame): void {
    if (frame.opcode < 8) this.#breach('inv.after-close', frame)
    else if (frame.opcode === Op.CLOSE) this.#breach('close.once', frame)
    else this.#ledger.count('after-close.control')
  }

  #onControl(frame: Frame): void {
    if (!frame.fin || frame.length > 125n) this.#breach('inv.control', frame)
    if (frame.opcode === Op.PONG) this.#onPong(frame)
    if (frame.opcode === Op.CLOSE) this.#onClose(frame)
  }

  /**
   * Unsolicited pongs are allowed at any time. While a ping is unanswered, a pong counts as its answer (RFC 6455
   * §5.5.3).
   */
  #onPong(frame: Frame): void {
    const data = frame.payload.toString('hex')
    if (this.pings.has(data)) {
      this.#answered.add(data)
      this.#ledger.count('pong.answer')
      return
    }
    const last = [...this.pings].at(-1)
    const isDue = last !== undefined && !this.#answered.has(last)
    if (isDue) this.#breach('inv.pong-known', `pong with ${showBytes(frame.payload)} while another is due`)
    else this.#ledger.count('pong.unsolicited')
  }

  #onClose(frame: Frame): void {
    this.#closed = true
    if (!frame.fin || frame.length > 125n || frame.masked !== this.#masks)
      this.#breach('close.reply-shape', describeFrame(frame))
    if (frame.payload.length === 0) {
      this.#ledger.count('close.empty')
      return
    }
    if (frame.payload.length === 1) {
      this.#breach('inv.close-code', 'Close body of one byte')
      return
    }
    const code = frame.payload.readUInt16BE(0)
    this.#ledger.count(`close.${code}`)
    if (isForbiddenCode(code)) this.#breach('inv.close-code', `code ${code}`)
    if (code === 1010 && !this.closes.has(code)) this.#breach('close.server-never-1010', `code ${code} on its own`)
    if (!isUtf8(frame.payload.subarray(2))) this.#breach('inv.close-code', `reason of code ${code} is not UTF-8`)
  }

  #onData(frame: Frame): void {
    if (frame.opcode === Op.CONT) {
      if (this.#open === null) this.#breach('inv.message-order', frame, 'continuation outside a message: ')
    } else {
      if (this.#open !== null) this.#breach('inv.message-order', frame, 'new message inside a message: ')
      this.#open = { opcode: frame.opcode, compressed: (frame.rsv & 4) !== 0, parts: [], size: 0 }
    }
    const message = this.#open
    if (message === null) return
    if (message.opcode === Op.TEXT && !message.compressed) message.parts.push(frame.payload)
    if (!frame.fin) return
    this.#open = null
    this.checkText(message.parts)
  }

  /** Checks the UTF-8 of a whole message. Compressed messages are passed after decompression. */
  checkText(parts: Buffer[]): void {
    if (parts.length > 0 && !isUtf8(parts.length === 1 ? parts[0] : Buffer.concat(parts))) {
      this.#breach('inv.text-utf8', `${Buffer.concat(parts).subarray(0, 40).toString('hex')}…`)
    }
  }

  /** Called when a compressed message cannot be decompressed (RFC 7692 §7.2.2). */
  noteUndecodable(payload: Buffer): void {
    this.#breach('pmd.frame.server-decodes', showBytes(payload))
  }

  #breach(rule: string, what: string | Frame, before = ''): void {
    if (this.#isOver) return
    this.#ledger.breach(rule, this.#seenIn, before + (typeof what === 'string' ? what : describeFrame(what)))
  }
}
