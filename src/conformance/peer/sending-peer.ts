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

/** The sending half of a connection: writes anything, legal or not, and records what was sent. */
export class SendingPeer {
  readonly #transport: Transport
  readonly #settings: PeerSettings
  readonly #closing: Closing
  #isFinSent = false
  /** The target has sent a Close or has ended its side: what is left of a chopped write is not written. */
  isRefused = false
  #closeSentAt: number | null = null
  /** When each ping that awaits its pong was sent, by payload in hex. */
  readonly #pingTimes = new Map<string, number>()

  constructor(transport: Transport, settings: PeerSettings, closing: Closing) {
    this.#transport = transport
    this.#settings = settings
    this.#closing = closing
  }

  /** The role that the tester plays. */
  get role(): 'client' | 'server' {
    return this.#settings.role ?? 'client'
  }

  /** Whether a Close was sent. */
  get isCloseSent(): boolean {
    return this.#closeSentAt !== null
  }

  /** Whether our side of the stream was ended. */
  get isFinSent(): boolean {
    return this.#isFinSent
  }

  /** Writes bytes unchanged; resolves when they are handed to the system. Errors show as the end of the stream. */
  async sendBytes(bytes: Uint8Array, chop?: Chop): Promise<void> {
    this.#settings.log.out('bytes', `${bytes.length} bytes`, bytes)
    await this.#write(bytes, chop)
  }

  /** Writes an HTTP head. */
  async sendHead(bytes: Buffer, chop?: Chop): Promise<void> {
    this.#settings.log.out('http', bytes.toString('latin1'), bytes)
    await this.#write(bytes, chop)
  }

  /** Sends frames, legal or not, in one write, or chopped as a whole (RFC 6455 §5.2). */
  async sendFrames(specs: readonly FrameSpec[], chop?: Chop): Promise<void> {
    await this.#write(Buffer.concat(specs.map((spec) => this.frameBytes(spec))), chop)
  }

  /** Sends a Close; without a code its body is empty (RFC 6455 §5.5.1). */
  async sendClose(code?: number, reason: string | Uint8Array = ''): Promise<void> {
    await this.sendFrames([{ opcode: Op.CLOSE, payload: closeBody(code, reason) }])
  }

  /** The bytes of a frame, recorded as sent: for cases that write them in pieces of their own. */
  frameBytes(spec: FrameSpec): Buffer {
    const masked = spec.mask ?? this.role === 'client'
    const payload = bytesOf(spec.payload ?? '')
    const bytes = encodeFrame({ ...spec, mask: masked }, this.#settings.randomKey)
    const shown = {
      fin: spec.fin !== false,
      rsv: spec.rsv ?? 0,
      opcode: spec.opcode,
      masked: masked !== false,
      length: spec.length ?? payload.length,
    }
    this.#settings.log.out('frame', describeFrame(shown), bytes)
    if (spec.opcode === Op.PING) this.#recordPing(payload)
    if (spec.opcode === Op.PONG) this.#settings.watch.pongs.add(payload.toString('hex'))
    if (spec.opcode === Op.CLOSE) this.#recordClose(payload, isWellFormed(spec))
    return bytes
  }

  /** Ends our side of the stream; the target may go on sending. */
  end(): void {
    if (this.#isFinSent) return
    this.#isFinSent = true
    this.#settings.log.out('fin', 'FIN')
    this.#closing.by ??= this.role
    this.#transport.stream.end()
  }

  /** Records that the tester ended its side: the end of the target is then no end without a Close. */
  recordOwnEnd(): void {
    this.#closing.by ??= this.role
  }

  /** Ends the connection without an orderly end. */
  reset(): void {
    this.#settings.log.out('rst', 'RST')
    this.#closing.by ??= this.role
    this.#transport.reset()
  }

  /** Adds the time since our Close to the ledger, when one was sent. */
  recordTimeSinceClose(name: 'close' | 'fin'): void {
    if (this.#closeSentAt !== null) this.#settings.ledger.time(name, performance.now() - this.#closeSentAt)
  }

  /** Adds the time since the ping with that payload to the ledger, when it was measured. */
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
    // A ping behind others measures the queue, not the reply.
    if (this.#pingTimes.size === 0) this.#pingTimes.set(key, performance.now())
  }

  /** A malformed Close does not answer that of the target. */
  #recordClose(body: Buffer, isClose: boolean): void {
    if (isClose) this.#closeSentAt = performance.now()
    this.#closing.by ??= this.role
    if (body.length >= 2) this.#settings.watch.closes.add(body.readUInt16BE(0))
  }

  #write(bytes: Uint8Array, chop?: Chop): Promise<void> {
    return writeChopped(this.#transport.stream, bytes, chop, () => this.isRefused)
  }
}

/** Whether the header of a control frame follows the rules, masking aside (RFC 6455 §5.2, §5.5). */
function isWellFormed({ fin = true, rsv = 0, form = 7, length, payload = '' }: FrameSpec): boolean {
  return fin && rsv === 0 && form === 7 && length === undefined && bytesOf(payload).length <= 125
}
