import {
  type Agreement,
  Arrivals,
  agreementOf,
  describeFrame,
  type Frame,
  FrameReader,
  findBodyEnd,
  findHeadEnd,
  Inflater,
  isInterim,
  Op,
  parseResponse,
  type Response,
  type TimeLimit,
} from '../wire/index.ts'
import type { AutoReplies } from './auto-replies.ts'
import { decodeMessage, Greetings, type Inbound, type Message, MessageAssembly } from './inbound.ts'
import type { Closing, PeerSettings } from './peer-settings.ts'
import { Queue } from './queue.ts'
import type { SendingPeer } from './sending-peer.ts'
import type { Transport } from './transport.ts'

/** The receiving half of a connection: queues what arrives as events, and waits for events. */
export class ReceivingPeer {
  readonly #transport: Transport
  readonly #settings: PeerSettings
  readonly #closing: Closing
  readonly #sender: SendingPeer
  readonly #replies: AutoReplies
  /** Decompresses a message. It is set when permessage-deflate was agreed. */
  decoder: ((message: Message) => Buffer) | null = null

  #raw: Buffer[] = []
  #reader: FrameReader | null = null
  #queue = new Queue<Inbound>()
  readonly #greetings: Greetings
  readonly #assembly = new MessageAssembly()
  #hasEnded = false
  #isCutOff = false
  #wasPaused = false
  readonly #arrivals = new Arrivals()
  #received = 0
  /** Bytes of the pings and unsolicited pongs among the received ones. */
  #heartbeat = 0

  constructor(
    transport: Transport,
    settings: PeerSettings,
    closing: Closing,
    sender: SendingPeer,
    replies: AutoReplies,
  ) {
    this.#transport = transport
    this.#settings = settings
    this.#greetings = new Greetings(settings.greetings ?? 0)
    this.#closing = closing
    this.#sender = sender
    this.#replies = replies
    const { stream } = transport
    stream.on('data', (chunk: Buffer) => this.#onData(chunk))
    stream.on('end', () => this.#onEnd(!sender.isFinSent && transport.isReset?.() ? 'rst' : 'fin'))
    stream.on('error', (error: NodeJS.ErrnoException) => {
      // When a write fails, Node discards the bytes that the socket has received.
      if (error.syscall === 'write') this.#isCutOff = true
      this.#onEnd('rst')
    })
    stream.on('close', () => this.#onEnd('rst'))
  }

  /** Whether the target has ended its side, or the connection is closed. */
  get hasEnded(): boolean {
    return this.#hasEnded
  }

  /** Whether a write failed because of a reset. What the target had sent before, such as its Close, is then lost. */
  get isCutOff(): boolean {
    return this.#isCutOff
  }

  /** Bytes received so far. */
  get received(): number {
    return this.#received
  }

  /** Bytes that were read neither as a response head nor as frames, such as a body. */
  get unread(): Buffer {
    return this.#reader === null ? Buffer.concat(this.#raw) : this.#reader.pending
  }

  /** Events that arrived and have not been read. */
  get queued(): readonly Inbound[] {
    return this.#queue.toArray()
  }

  /** Closes the connection. Nothing is received after that, and a wait for an event or the end rejects. */
  destroy(): void {
    this.#hasEnded = true
    this.#transport.stream.destroy()
    this.#arrivals.notify()
  }

  /** Stops reading from the socket. */
  pause(): void {
    this.#wasPaused = true
    this.#transport.stream.pause()
  }

  /** Waits for a response head and skips interim 1xx ones. Resolves to null on a timeout or at the end. */
  readResponse(timeout: number): Promise<Response | null> {
    return this.#wait(timeout, () => this.#shiftResponse() ?? (this.#hasEnded ? null : undefined))
  }

  /** Reads all further bytes as frames, compressed as agreed. `readResponse` calls it after a 101. */
  startFrames(agreement: Agreement | null): void {
    this.#settings.watch.deflate = agreement !== null
    if (agreement !== null) {
      const inflater = new Inflater(agreement.serverBits ?? undefined, !agreement.serverNoContext)
      this.decoder = (message) => inflater.inflate(message.payload)
    }
    this.#reader = new FrameReader()
    const early = Buffer.concat(this.#raw)
    this.#raw = []
    // The end may have been queued while the bytes before it were still unread.
    const queued = this.#queue.toArray()
    this.#queue = new Queue()
    this.#feed(early)
    this.#queue.push(...queued)
  }

  /** Reads a response body by Content-Length, by chunks, or to the end of the stream (RFC 9112 §6.3). */
  readBody(response: Response, timeout: number): Promise<Buffer | null> {
    return this.#wait(timeout, () => {
      const bytes = Buffer.concat(this.#raw)
      const end = findBodyEnd(response, bytes)
      if (typeof end === 'number' && end <= bytes.length) {
        this.#raw = [bytes.subarray(end)]
        return bytes.subarray(0, end)
      }
      if (this.#hasEnded) return end === 'at-the-end' ? bytes : null
      return undefined
    })
  }

  /**
   * Waits for the next event that `isSkipped` rejects. Resolves to null on a timeout. The timeout restarts whenever
   * bytes other than pings and unsolicited pongs arrive. The whole wait lasts `limit` milliseconds at most, whatever
   * arrives.
   */
  next(timeout: number, limit: number, isSkipped: (event: Inbound) => boolean): Promise<Inbound | null> {
    let progress = this.#received - this.#heartbeat
    const onArrival = (time: TimeLimit): void => {
      if (this.#received - this.#heartbeat === progress) return
      progress = this.#received - this.#heartbeat
      if (time.spent < limit) time.restart(Math.min(timeout, limit - time.spent))
    }
    const read = (): Inbound | undefined => {
      const event = this.#shiftUnless(isSkipped)
      if (event !== null) return event
      const tcp = this.#reader === null ? null : this.#targetEnd
      return tcp === null ? undefined : { kind: 'end', tcp }
    }
    return this.#wait(Math.min(timeout, limit), read, onArrival)
  }

  /** Puts an event back, so that the next wait returns it again. */
  unshift(event: Inbound): void {
    this.#queue.unshift(event)
  }

  /** Returns whether an event is a ping or an unsolicited pong, which are allowed at any time. */
  isHeartbeat(event: Inbound): boolean {
    const { watch } = this.#settings
    return event.kind === 'ping' || (event.kind === 'pong' && !watch.isAnswer(event.frame))
  }

  /** Waits for bytes or the end of the stream, before or after the handshake. Resolves to false on a timeout. */
  async waitForInput(timeout: number): Promise<boolean> {
    const before = this.#received
    const isThere = (): true | undefined =>
      this.#hasEnded || this.#queue.length > 0 || this.#received > before || undefined
    return (await this.#wait(timeout, isThere)) !== null
  }

  /** Reads until the end of the stream, before or after the handshake. Resolves to null on a timeout. */
  waitForEnd(timeout: number): Promise<'fin' | 'rst' | null> {
    return this.#wait(timeout, () => this.#targetEnd ?? undefined)
  }

  /**
   * How the target has ended the connection; null while it is open. Throws when the tester has closed the connection
   * itself, so that this is never judged as the target's doing.
   */
  get #targetEnd(): 'fin' | 'rst' | null {
    const { tcp } = this.#closing
    if (this.#hasEnded && tcp === null) throw new Error('the tester has closed this connection')
    return tcp
  }

  /** Removes the next response head that is not interim from the unread bytes. */
  #shiftResponse(): Response | undefined {
    for (;;) {
      const bytes = Buffer.concat(this.#raw)
      const end = findHeadEnd(bytes)
      if (end === -1) return undefined
      const response = parseResponse(bytes.subarray(0, end))
      this.#raw = [bytes.subarray(end)]
      this.#settings.log.in('http', response.head.toString('latin1'), response.head)
      if (response.status === 101) this.startFrames(agreementOf(response))
      if (!isInterim(response)) return response
    }
  }

  /** Removes events from the queue up to the first one that `isSkipped` rejects. Returns null when there is none. */
  #shiftUnless(isSkipped: (event: Inbound) => boolean): Inbound | null {
    while (this.#queue.length > 0) {
      const event = this.#queue.shift() as Inbound
      if (event.kind === 'message') decodeMessage(event.message, this.decoder, this.#settings.watch)
      if (!isSkipped(event)) return event
    }
    return null
  }

  #onData(chunk: Buffer): void {
    this.#received += chunk.length
    if (this.#reader === null) this.#raw.push(chunk)
    else this.#feed(chunk)
    this.#arrivals.notify()
  }

  #feed(chunk: Buffer): void {
    for (const frame of this.#reader?.push(chunk) ?? []) this.#onFrame(frame)
  }

  #onFrame(frame: Frame): void {
    const { log, watch } = this.#settings
    const { fin, rsv, opcode, masked, length } = frame
    log.in('frame', () => describeFrame({ fin, rsv, opcode, masked, length }), frame.header, frame.raw)
    watch.onFrame(frame)
    if (frame.opcode === Op.PING || frame.opcode === Op.PONG) this.#onHeartbeat(frame)
    else if (frame.opcode === Op.CLOSE) this.#onClose(frame)
    else if (frame.opcode <= Op.BINARY) {
      const event = this.#assembly.push(frame)
      if (event !== null && !this.#greetings.take(event, this.decoder, watch)) this.#queue.push(event)
    } else this.#queue.push({ kind: 'stray', frame })
  }

  #onHeartbeat(frame: Frame): void {
    const event: Inbound = { kind: frame.opcode === Op.PING ? 'ping' : 'pong', frame }
    if (this.isHeartbeat(event)) this.#heartbeat += frame.header.length + frame.payload.length
    this.#queue.push(event)
    if (event.kind === 'ping') this.#replies.onPing(frame)
    else this.#sender.recordPong(frame.payload)
  }

  #onClose(frame: Frame): void {
    const code = frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : null
    const reason = frame.payload.subarray(2).toString('utf8')
    this.#closing.by ??= this.#targetRole
    this.#sender.isRefused = true
    if (this.#closing.code === null) Object.assign(this.#closing, { code, reason })
    this.#sender.recordTimeSinceClose('close')
    this.#settings.ledger.count('end.close')
    this.#queue.push({ kind: 'close', code, reason, frame })
    this.#replies.onClose(code)
  }

  #onEnd(tcp: 'fin' | 'rst'): void {
    if (this.#hasEnded) return
    this.#hasEnded = true
    this.#sender.isRefused = true
    const { log, watch } = this.#settings
    this.#closing.tcp = tcp
    log.in(tcp, tcp.toUpperCase())
    if (this.#reader !== null) {
      watch.onEnd(this.#reader.pending, tcp === 'fin')
      // The Close may be behind bytes that have not been read.
      if (this.#closing.by === null && !this.#wasPaused && !this.#isCutOff) watch.onBareEnd()
    }
    this.#closing.by ??= this.#targetRole
    this.#sender.recordTimeSinceClose('fin')
    this.#queue.push({ kind: 'end', tcp })
    if (tcp === 'fin') this.#transport.stream.end()
    this.#arrivals.notify()
  }

  get #targetRole(): 'client' | 'server' {
    return this.#sender.role === 'client' ? 'server' : 'client'
  }

  /** Waits for what `check` returns. Resolves to null on a timeout. */
  #wait<T>(timeout: number, check: () => T | undefined, onArrival?: (time: TimeLimit) => void): Promise<T | null> {
    return this.#arrivals.wait(timeout, check, { onArrival, onTimeout: this.#settings.onTimeout })
  }
}
