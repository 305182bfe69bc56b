import {
  bytesOf,
  type Chop,
  closeBody,
  describeFrame,
  encodeFrame,
  type FrameSpec,
  Op,
  writeChopped,
} from '../wire/index.ts'
import type { Closing, PeerSettings } from './peer-settings.ts'
import type { Transport } from './transport.ts'

/** The sending half of a connection: writes any bytes, valid or not, and records what was sent. */
export class SendingPeer {
  readonly #transport: Transport
  readonly #settings: PeerSettings
  readonly #closing: Closing
  #isFinSent = false
  /**
   * Whether the target has sent a Close or ended its side. The remaining parts of a split write are then not written.
   */
  isRefused = false
  /** How many frames and bytes were sent or announced, without heads. */
  readonly sent = { frames: 0, bytes: 0 }
  #closeSentAt: number | null = null
  /** The times at which unanswered pings were sent, by payload in hex. */
  readonly #pingTimes = new Map<string, number>()

  constructor(transport: Transport, settings: PeerSettings, closing: Closing) {
    this.#transport = transport
    this.#settings = settings
    this.#closing = closing
  }

  /** The role of the tester. */
  get role(): 'client' | 'server' {
    return this.#settings.role ?? 'client'
  }

  /** Whether a Close was sent. */
  get isCloseSent(): boolean {
    return this.#closeSentAt !== null
  }

  /** Whether the tester has sent FIN. */
  get isFinSent(): boolean {
    return this.#isFinSent
  }

  /**
   * Writes bytes unchanged. Resolves when the operating system has accepted them. Errors appear as the end of the
   * stream.
   */
  async sendBytes(bytes: Uint8Array, chop?: Chop): Promise<void> {
    this.#settings.log.out('bytes', `${bytes.length} bytes`, bytes)
    this.sent.bytes += bytes.length
    await this.#write(bytes, chop)
  }

  /** Writes an HTTP head. */
  async sendHead(bytes: Buffer, chop?: Chop): Promise<void> {
    this.#settings.log.out('http', bytes.toString('latin1'), bytes)
    await this.#write(bytes, chop)
  }

  /**
   * Writes bytes with an HTTP head, without waiting for the response. A client must wait (RFC 6455 §4.1), so what the
   * target then sends violates no passive rule.
   */
  async sendEarly(bytes: Buffer, chop?: Chop): Promise<void> {
    this.#settings.watch.end()
    await this.sendBytes(bytes, chop)
  }

  /** Sends frames, valid or not, in one write or in the writes that `chop` defines (RFC 6455 §5.2). */
  async sendFrames(specs: readonly FrameSpec[], chop?: Chop): Promise<void> {
    const frames = specs.map((spec) => this.frameBytes(spec))
    await this.#write(frames.length === 1 ? frames[0] : Buffer.concat(frames), chop)
  }

  /** Sends a Close; without a code its body is empty (RFC 6455 §5.5.1). */
  async sendClose(code?: number, reason: string | Uint8Array = ''): Promise<void> {
    await this.sendFrames([{ opcode: Op.CLOSE, payload: closeBody(code, reason) }])
  }

  /** Returns the bytes of a frame and records it as sent, for cases that split the bytes themselves. */
  frameBytes(spec: FrameSpec): Buffer {
    const masked = spec.mask ?? this.role === 'client'
    const payload = bytesOf(spec.payload ?? '')
    const bytes = encodeFrame({ ...spec, mask: masked }, this.#settings.randomKey)
    this.sent.frames++
    const shown = {
      fin: spec.fin !== false,
      rsv: spec.rsv ?? 0,
      opcode: spec.opcode,
      masked: masked !== false,
      length: spec.length ?? payload.length,
    }
    this.#settings.log.out('frame', () => describeFrame(shown), bytes)
    this.sent.bytes += Number(shown.length)
    if (spec.opcode === Op.PING) this.#recordPing(payload)
    if (spec.opcode === Op.CLOSE) this.#recordClose(payload, isWellFormed(spec))
    return bytes
  }

  /** Sends FIN. The target may continue to send. */
  end(): void {
    if (this.#isFinSent) return
    this.#isFinSent = true
    this.#settings.log.out('fin', 'FIN')
    this.#closing.by ??= this.role
    this.#transport.stream.end()
  }

  /** Records that the tester ended its side, so that the end of the target is not counted as one without a Close. */
  recordOwnEnd(): void {
    this.#closing.by ??= this.role
  }

  /** Sends RST. */
  reset(): void {
    this.#settings.log.out('rst', 'RST')
    this.#closing.by ??= this.role
    this.#transport.reset()
  }

  /** Records the time since the Close of the tester, if one was sent. */
  recordTimeSinceClose(name: 'close' | 'fin'): void {
    if (this.#closeSentAt !== null) this.#settings.ledger.time(name, performance.now() - this.#closeSentAt)
  }

  /** Records the time since the ping with this payload, if it was measured. */
  recordPong(payload: Buffer): void {
    const key = payload.toString('hex')
    const sent = this.#pingTimes.get(key)
    if (sent === undefined) return
    this.#pingTimes.delete(key)
    this.#settings.ledger.time('pong', performance.now() - sent)
  }

  #recordPing(payload: Buffer): void {
    const key = payload.toString('hex')
    this.#settings.watch.pings.add(key)
    // A ping behind other pings would measure the queue, not the reply.
    if (this.#pingTimes.size === 0) this.#pingTimes.set(key, performance.now())
  }

  /** Records a Close. `isClose` is false for an invalid one, which does not answer the Close of the target. */
  #recordClose(body: Buffer, isClose: boolean): void {
    if (isClose) this.#closeSentAt = performance.now()
    this.#closing.by ??= this.role
    if (body.length >= 2) this.#settings.watch.closes.add(body.readUInt16BE(0))
  }

  #write(bytes: Uint8Array, chop?: Chop): Promise<void> {
    return writeChopped(this.#transport.stream, bytes, chop, () => this.isRefused)
  }
}

/** Returns whether the header of a control frame is valid, apart from masking (RFC 6455 §5.2, §5.5). */
function isWellFormed({ fin = true, rsv = 0, form = 7, length, payload = '' }: FrameSpec): boolean {
  return fin && rsv === 0 && form === 7 && length === undefined && bytesOf(payload).length <= 125
}
