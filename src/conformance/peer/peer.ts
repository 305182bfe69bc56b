import type { Duplex } from 'node:stream'
import { type Chop, writeChopped } from '../wire/chop.ts'
import { type Agreement, agreementOf } from '../wire/extension.ts'
import {
  bytesOf,
  closeBody,
  describeFrame,
  encodeFrame,
  type Frame,
  FrameReader,
  type FrameSpec,
  fieldTokens,
  findHeadEnd,
  Op,
  parseResponse,
  type Response,
  showBytes,
} from '../wire/frame.ts'
import { Inflater } from '../wire/inflate.ts'
import type { FrameWatch, Ledger } from './frame-watch.ts'
import { describeInbound, type Inbound, type Message, MessageAssembly, Mismatch } from './inbound.ts'
import { Queue } from './queue.ts'
import type { WireLog } from './wire-log.ts'

export { type Chop, sleep } from '../wire/chop.ts'
export { describeInbound, type Inbound, type Message, Mismatch } from './inbound.ts'

/** A way to the target: TCP, TLS, or a stream of another transport. */
export interface Transport {
  stream: Duplex
  /** Ends the connection without an orderly end (RST on TCP). */
  reset(): void
  /** Whether an end that came as an orderly one was a reset, asked while our side is open. */
  isReset?(): boolean
}

export interface PeerSettings {
  /** Milliseconds to wait for one expected event. */
  timeout: number
  /** Makes the masking keys. */
  randomKey: () => Uint8Array
  log: WireLog
  ledger: Ledger
  watch: FrameWatch
  /** What the tool plays; a server does not mask (RFC 6455 §5.1). Default `client`. */
  role?: 'client' | 'server'
}

/**
 * One connection to the target. What comes in is queued as events; a wait ends at the first decisive one,
 * the timeout is only the bound. Nothing here keeps a rule unless the case asks for it.
 */
export class Peer {
  readonly transport: Transport
  readonly settings: PeerSettings
  /** Pings from the target are answered; set it to false to leave them. */
  autoPong = true
  /** As a server, answers a Close and ends TCP once both Closes were exchanged; set it to false to leave that. */
  autoClose = true
  /** Inflates a compressed message; set when permessage-deflate was agreed, and free to be set otherwise. */
  decoder: ((message: Message) => Buffer) | null = null
  /** Who ended, and how. */
  readonly closing: {
    by: 'server' | 'client' | null
    code: number | null
    reason: string | null
    tcp: 'fin' | 'rst' | null
  } = { by: null, code: null, reason: null, tcp: null }

  #raw: Buffer[] = []
  #reader: FrameReader | null = null
  #queue = new Queue<Inbound>()
  #assembly = new MessageAssembly()
  #ended = false
  #sentClose = false
  #finSent = false
  #wasPaused = false
  #wake: (() => void) | null = null
  #received = 0
  #pingTimes = new Map<string, number>()
  #closeSentAt: number | null = null

  constructor(transport: Transport, settings: PeerSettings) {
    this.transport = transport
    this.settings = settings
    const { stream } = transport
    stream.on('data', (chunk: Buffer) => this.#onData(chunk))
    stream.on('end', () => this.#onEnd(!this.#finSent && transport.isReset?.() ? 'rst' : 'fin'))
    stream.on('error', () => this.#onEnd('rst'))
    stream.on('close', () => this.#onEnd('rst'))
  }

  /** Whether the target has ended its side, or the connection is gone. */
  get ended(): boolean {
    return this.#ended
  }

  get #us(): 'client' | 'server' {
    return this.settings.role ?? 'client'
  }

  /** Whether the frames of the target have to be masked: those of clients (RFC 6455 §5.1). */
  get expectsMask(): boolean {
    return this.#us === 'server'
  }

  /** Bytes received so far. */
  get received(): number {
    return this.#received
  }

  // Sending

  /** Writes bytes as they are; resolves when they are handed to the system. Errors show as the end of the stream. */
  async sendBytes(bytes: Uint8Array, chop?: Chop): Promise<void> {
    this.settings.log.out('bytes', `${bytes.length} bytes`, bytes)
    await writeChopped(this.transport.stream, bytes, chop)
  }

  /** Writes an HTTP request head. */
  async sendRequest(bytes: Buffer, chop?: Chop): Promise<void> {
    this.settings.log.out('http', bytes.toString('latin1'), bytes)
    await writeChopped(this.transport.stream, bytes, chop)
  }

  /** Sends one frame, legal or not (RFC 6455 §5.2). */
  async sendFrame(spec: FrameSpec, chop?: Chop): Promise<void> {
    await writeChopped(this.transport.stream, this.frameBytes(spec), chop)
  }

  /** Several frames in one write, or chopped as a whole. */
  async sendFrames(specs: readonly FrameSpec[], chop?: Chop): Promise<void> {
    await writeChopped(this.transport.stream, Buffer.concat(specs.map((spec) => this.frameBytes(spec))), chop)
  }

  async sendText(text: string | Uint8Array, chop?: Chop): Promise<void> {
    await this.sendFrame({ opcode: Op.TEXT, payload: text }, chop)
  }

  async sendBinary(bytes: Uint8Array, chop?: Chop): Promise<void> {
    await this.sendFrame({ opcode: Op.BINARY, payload: bytes }, chop)
  }

  async sendPing(payload: string | Uint8Array = ''): Promise<void> {
    await this.sendFrame({ opcode: Op.PING, payload })
  }

  /** Sends a Close; without a code its body is empty (RFC 6455 §5.5.1). */
  async sendClose(code?: number, reason: string | Uint8Array = ''): Promise<void> {
    await this.sendFrame({ opcode: Op.CLOSE, payload: closeBody(code, reason) })
  }

  /** The bytes of a frame, entered in the wire log as sent: for cases that write them in pieces of their own. */
  frameBytes(spec: FrameSpec): Buffer {
    const masked = spec.mask ?? this.#us === 'client'
    const bytes = encodeFrame({ ...spec, mask: masked }, this.settings.randomKey)
    const payloadLength =
      typeof spec.payload === 'string' ? Buffer.byteLength(spec.payload) : (spec.payload?.length ?? 0)
    const shown = {
      fin: spec.fin !== false,
      rsv: spec.rsv ?? 0,
      opcode: spec.opcode,
      masked: masked !== false,
      length: spec.length ?? payloadLength,
    }
    this.settings.log.out('frame', describeFrame(shown), bytes)
    if (spec.opcode === Op.PING) this.#notePing(Buffer.from(spec.payload ?? ''))
    if (spec.opcode === Op.CLOSE) {
      this.#sentClose = true
      this.#closeSentAt = performance.now()
      this.closing.by ??= this.#us
      const body = bytesOf(spec.payload ?? '')
      if (body.length >= 2) this.settings.watch.closes.add(body.readUInt16BE(0))
    }
    return bytes
  }

  /** Ends our side of the stream; the target may go on sending. */
  end(): void {
    if (this.#finSent) return
    this.#finSent = true
    this.settings.log.out('fin', 'FIN')
    this.closing.by ??= this.#us
    this.transport.stream.end()
  }

  /** Ends the connection without an orderly end. */
  reset(): void {
    this.settings.log.out('rst', 'RST')
    this.closing.by ??= this.#us
    this.transport.reset()
  }

  /** Lets go of the connection; what comes after that is not heard. */
  destroy(): void {
    this.#ended = true
    this.transport.stream.destroy()
  }

  /** Stops reading from the socket: the target then meets backpressure. */
  pause(): void {
    this.#wasPaused = true
    this.transport.stream.pause()
  }

  resume(): void {
    this.transport.stream.resume()
  }

  // Receiving

  /** Waits for a response head; null when none came in time or before the end. An interim 1xx is passed over. */
  async readResponse(timeout = this.settings.timeout): Promise<Response | null> {
    const deadline = performance.now() + timeout
    for (;;) {
      const bytes = Buffer.concat(this.#raw)
      const end = findHeadEnd(bytes)
      if (end !== -1) {
        const response = parseResponse(bytes.subarray(0, end))
        this.#raw = [bytes.subarray(end)]
        this.settings.log.in('http', response.head.toString('latin1'), response.head)
        if (response.status > 101 || response.status < 100) return response
        if (response.status === 101) {
          this.startFrames(agreementOf(response))
          return response
        }
      } else if (this.#ended || !(await this.#waitUntil(deadline))) return null
    }
  }

  /** From here on what comes in is frames, compressed as agreed; `readResponse` calls it after a 101. */
  startFrames(agreement: Agreement | null = null): void {
    this.settings.watch.deflate = agreement !== null
    if (agreement !== null) {
      const inflater = new Inflater(agreement.serverBits ?? undefined, !agreement.serverNoContext)
      this.decoder = (message) => inflater.inflate(message.payload)
    }
    this.#reader = new FrameReader()
    const early = Buffer.concat(this.#raw)
    this.#raw = []
    // The end may have been queued while the bytes before it waited as raw.
    const queued = this.#queue.toArray()
    this.#queue = new Queue()
    this.#feed(early)
    this.#queue.push(...queued)
  }

  /** Bytes that came and were not taken as a response head or as frames: a body, garbage. */
  get unread(): Buffer {
    return this.#reader === null ? Buffer.concat(this.#raw) : this.#reader.pending
  }

  /** Takes a response body by its Content-Length, by chunks, or up to the end of the stream (RFC 9112 §6.3). */
  async readBody(response: Response, timeout = this.settings.timeout): Promise<Buffer | null> {
    const deadline = performance.now() + timeout
    const [length] = fieldTokens(response, 'content-length')
    const chunked = fieldTokens(response, 'transfer-encoding').includes('chunked')
    for (;;) {
      const bytes = Buffer.concat(this.#raw)
      const end = chunked
        ? bytes.indexOf('0\r\n\r\n') + 5
        : length === undefined
          ? Number.POSITIVE_INFINITY
          : Number(length)
      if (bytes.length >= end && (!chunked || end >= 5)) {
        this.#raw = [bytes.subarray(end)]
        return bytes.subarray(0, end)
      }
      if (this.#ended) return length === undefined && !chunked ? bytes : null
      if (!(await this.#waitUntil(deadline))) return null
    }
  }

  /**
   * The next event, or null when none came in time. While bytes keep coming the time starts anew
   * (a large message is progress), up to `limit` milliseconds in all.
   */
  async next(timeout = this.settings.timeout, limit = timeout * 30): Promise<Inbound | null> {
    const last = performance.now() + limit
    while (this.#queue.length === 0) {
      const before = this.#received
      if (this.#reader !== null && this.#ended) return { kind: 'end', tcp: this.closing.tcp ?? 'rst' }
      if (!(await this.#waitUntil(Math.min(performance.now() + timeout, last))) && this.#received === before)
        return null
      if (performance.now() >= last && this.#queue.length === 0) return null
    }
    const event = this.#queue.shift() as Inbound
    if (event.kind === 'message') this.#decode(event.message)
    return event
  }

  /** Puts an event back in front, so that the next wait sees it again. */
  unshift(event: Inbound): void {
    this.#queue.unshift(event)
  }

  /** Events that have come and nobody has taken yet. */
  get queued(): readonly Inbound[] {
    return this.#queue.toArray()
  }

  /** The next message; what may legally come in between (pings, unsolicited pongs) is passed over. */
  async expectMessage(expected = 'a message', timeout?: number, limit?: number): Promise<Message> {
    const event = await this.nextMeaningful(timeout, limit)
    if (event?.kind === 'message') return event.message
    throw new Mismatch(expected, describeInbound(event, this.settings.timeout))
  }

  /** The next pong, with that payload when one is given (RFC 6455 §5.5.3). */
  async expectPong(payload?: Uint8Array, timeout?: number): Promise<Frame> {
    const expected = payload === undefined ? 'a pong' : `pong with ${showBytes(payload)}`
    const event = await this.nextMeaningful(timeout)
    if (event?.kind === 'pong' && (payload === undefined || event.frame.payload.equals(payload))) return event.frame
    throw new Mismatch(expected, describeInbound(event, this.settings.timeout))
  }

  /** The next Close. */
  async expectClose(expected = 'a Close', timeout?: number): Promise<Extract<Inbound, { kind: 'close' }>> {
    const event = await this.nextMeaningful(timeout)
    if (event?.kind === 'close') return event
    throw new Mismatch(expected, describeInbound(event, this.settings.timeout))
  }

  /** The end of the stream as the next event. */
  async expectEnd(timeout?: number): Promise<'fin' | 'rst'> {
    const event = await this.nextMeaningful(timeout)
    if (event?.kind === 'end') return event.tcp
    throw new Mismatch('the end of the stream', describeInbound(event, this.settings.timeout))
  }

  /** Waits for bytes or the end, in any phase; false when neither came in time. */
  async waitForInput(timeout = this.settings.timeout): Promise<boolean> {
    if (this.#ended || this.#queue.length > 0) return true
    return this.#waitUntil(performance.now() + timeout)
  }

  /** Waits for the end of the stream in any phase, reading on; null when it did not end in time. */
  async waitForEnd(timeout = this.settings.timeout): Promise<'fin' | 'rst' | null> {
    const deadline = performance.now() + timeout
    while (!this.#ended) if (!(await this.#waitUntil(deadline))) return null
    return this.closing.tcp
  }

  /** Like `next`, but passes over pings and over pongs that answer no ping of ours and are not asked about. */
  async nextMeaningful(timeout?: number, limit?: number): Promise<Inbound | null> {
    for (;;) {
      const event = await this.next(timeout, limit)
      if (event?.kind === 'ping') continue
      if (event?.kind === 'pong' && this.settings.watch.pings.size === 0 && !this.hearsUnsolicited) continue
      return event
    }
  }

  /** Pongs from the target are events even when no ping was sent (RFC 6455 §5.5.3 allows them, some rows do not). */
  hearsUnsolicited = false

  #decode(message: Message): void {
    if (!message.compressed || this.decoder === null) return
    try {
      message.payload = this.decoder(message)
    } catch (error) {
      this.settings.watch.noteUndecodable(message.payload)
      throw new Mismatch('a message that inflates', `${showBytes(message.payload)}: ${(error as Error).message}`)
    }
    if (message.opcode === Op.TEXT) this.settings.watch.checkText([message.payload])
  }

  #onData(chunk: Buffer): void {
    this.#received += chunk.length
    if (this.#reader === null) this.#raw.push(chunk)
    else this.#feed(chunk)
    this.#wake?.()
  }

  #feed(chunk: Buffer): void {
    for (const frame of this.#reader?.push(chunk) ?? []) this.#onFrame(frame)
  }

  #onFrame(frame: Frame): void {
    const { log, watch } = this.settings
    log.in('frame', describeFrame(frame), frame.header, frame.raw)
    watch.onFrame(frame)
    if (frame.opcode === Op.PING) {
      this.#queue.push({ kind: 'ping', frame })
      if (this.autoPong && !this.#sentClose) void this.sendFrame({ opcode: Op.PONG, payload: frame.payload })
    } else if (frame.opcode === Op.PONG) {
      this.#timePong(frame)
      this.#queue.push({ kind: 'pong', frame })
    } else if (frame.opcode === Op.CLOSE) this.#onClose(frame)
    else if (frame.opcode <= Op.BINARY) this.#assemble(frame)
    else this.#queue.push({ kind: 'stray', frame })
  }

  #assemble(frame: Frame): void {
    const event = this.#assembly.push(frame)
    if (event !== null) this.#queue.push(event)
  }

  #onClose(frame: Frame): void {
    const code = frame.payload.length >= 2 ? frame.payload.readUInt16BE(0) : null
    const reason = frame.payload.subarray(2).toString('utf8')
    this.closing.by ??= this.#us === 'client' ? 'server' : 'client'
    if (this.closing.code === null) Object.assign(this.closing, { code, reason })
    if (this.#closeSentAt !== null) this.settings.ledger.time('close', performance.now() - this.#closeSentAt)
    this.settings.ledger.count('end.close')
    this.#queue.push({ kind: 'close', code, reason, frame })
    if (this.#us === 'server' && this.autoClose) void this.#finishClosing(code)
  }

  /** The server ends TCP first, after its own Close (RFC 6455 §7.1.1). */
  async #finishClosing(code: number | null): Promise<void> {
    if (!this.#sentClose) await this.sendClose(code ?? undefined)
    this.end()
  }

  #onEnd(tcp: 'fin' | 'rst'): void {
    if (this.#ended) return
    this.#ended = true
    this.closing.tcp = tcp
    this.settings.log.in(tcp, tcp.toUpperCase())
    if (this.#reader !== null) {
      this.settings.watch.onEnd(this.#reader.pending, tcp === 'fin')
      // A Close may be stuck behind what we did not read.
      if (this.closing.by === null && !this.#wasPaused) this.settings.watch.onBareEnd()
    }
    this.closing.by ??= this.#us === 'client' ? 'server' : 'client'
    if (this.#closeSentAt !== null) this.settings.ledger.time('fin', performance.now() - this.#closeSentAt)
    this.#queue.push({ kind: 'end', tcp })
    if (tcp === 'fin') this.transport.stream.end()
    this.#wake?.()
  }

  #notePing(payload: Buffer): void {
    const key = payload.toString('hex')
    this.settings.watch.pings.add(key)
    // A ping behind others tells of the queue, not of the reply.
    if (this.#pingTimes.size === 0) this.#pingTimes.set(key, performance.now())
  }

  #timePong(frame: Frame): void {
    const key = frame.payload.toString('hex')
    const sent = this.#pingTimes.get(key)
    if (sent === undefined) return
    this.#pingTimes.delete(key)
    this.settings.ledger.time('pong', performance.now() - sent)
  }

  /** Resolves to true when something came, to false at the deadline. */
  #waitUntil(deadline: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => settle(false), Math.max(0, deadline - performance.now()))
      const settle = (came: boolean): void => {
        clearTimeout(timer)
        this.#wake = null
        resolve(came)
      }
      this.#wake = () => settle(true)
    })
  }
}
