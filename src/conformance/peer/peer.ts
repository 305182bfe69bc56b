import { type Agreement, type Chop, type Frame, type FrameSpec, Op, type Response, showBytes } from '../wire/index.ts'
import { describeInbound, type Inbound, type Message, Mismatch } from './inbound.ts'
import type { Closing, PeerSettings } from './peer-settings.ts'
import { ReceivingPeer } from './receiving-peer.ts'
import { SendingPeer } from './sending-peer.ts'
import type { Transport } from './transport.ts'

/**
 * One connection to the target, as cases use it. What arrives is queued as events; a wait ends at the first decisive
 * one, the timeout is only the bound. It follows no rule of the protocol unless the case asks for it.
 */
export class Peer {
  readonly transport: Transport
  readonly settings: PeerSettings
  /** Which side ended the connection first, and how. */
  readonly closing: Closing = { by: null, code: null, reason: null, tcp: null }
  readonly #sender: SendingPeer
  readonly #receiver: ReceivingPeer

  constructor(transport: Transport, settings: PeerSettings) {
    this.transport = transport
    this.settings = settings
    this.#sender = new SendingPeer(transport, settings, this.closing)
    this.#receiver = new ReceivingPeer(transport, settings, this.closing, this.#sender)
  }

  /** Whether the target has ended its side, or the connection is gone. */
  get ended(): boolean {
    return this.#receiver.hasEnded
  }

  /** Whether the frames of the target have to be masked: those of clients (RFC 6455 §5.1). */
  get expectsMask(): boolean {
    return this.#sender.role === 'server'
  }

  /** A write met a reset: what the target had sent before that, such as its Close, could not be read. */
  get isCutOff(): boolean {
    return this.#receiver.isCutOff
  }

  /** Bytes received so far. */
  get received(): number {
    return this.#receiver.received
  }

  /** Bytes that were read neither as a response head nor as frames: a body, garbage. */
  get unread(): Buffer {
    return this.#receiver.unread
  }

  /** Events that arrived and were not read yet. */
  get queued(): readonly Inbound[] {
    return this.#receiver.queued
  }

  /** Whether pings from the target are answered; default true. */
  set autoPong(isOn: boolean) {
    this.#receiver.autoPong = isOn
  }

  /** Whether a Close is answered and, as a server, TCP is ended after both Closes; default true. */
  set autoClose(isOn: boolean) {
    this.#receiver.autoClose = isOn
  }

  /** Whether a pong that repeats a pong of ours is an event, too; default false. */
  set hearsUnsolicited(isOn: boolean) {
    this.#receiver.hearsUnsolicited = isOn
  }

  /** Inflates a compressed message; set when permessage-deflate was agreed, and may be replaced. */
  set decoder(decoder: ((message: Message) => Buffer) | null) {
    this.#receiver.decoder = decoder
  }

  // Sending

  /** Writes bytes unchanged; resolves when they are handed to the system. Errors show as the end of the stream. */
  sendBytes(bytes: Uint8Array, chop?: Chop): Promise<void> {
    return this.#sender.sendBytes(bytes, chop)
  }

  /** Writes an HTTP head. */
  sendHead(bytes: Buffer, chop?: Chop): Promise<void> {
    return this.#sender.sendHead(bytes, chop)
  }

  /** Sends one frame, legal or not (RFC 6455 §5.2). */
  sendFrame(spec: FrameSpec, chop?: Chop): Promise<void> {
    return this.#sender.sendFrames([spec], chop)
  }

  /** Several frames in one write, or chopped as a whole. */
  sendFrames(specs: readonly FrameSpec[], chop?: Chop): Promise<void> {
    return this.#sender.sendFrames(specs, chop)
  }

  sendText(text: string | Uint8Array, chop?: Chop): Promise<void> {
    return this.sendFrame({ opcode: Op.TEXT, payload: text }, chop)
  }

  sendBinary(bytes: Uint8Array, chop?: Chop): Promise<void> {
    return this.sendFrame({ opcode: Op.BINARY, payload: bytes }, chop)
  }

  sendPing(payload: string | Uint8Array = ''): Promise<void> {
    return this.sendFrame({ opcode: Op.PING, payload })
  }

  /** Sends a Close; without a code its body is empty (RFC 6455 §5.5.1). */
  sendClose(code?: number, reason?: string | Uint8Array): Promise<void> {
    return this.#sender.sendClose(code, reason)
  }

  /** The bytes of a frame, recorded as sent: for cases that write them in pieces of their own. */
  frameBytes(spec: FrameSpec): Buffer {
    return this.#sender.frameBytes(spec)
  }

  /** Ends our side of the stream; the target may go on sending. */
  end(): void {
    this.#sender.end()
  }

  /** Records that the case ended its side itself, below this peer. */
  recordOwnEnd(): void {
    this.#sender.recordOwnEnd()
  }

  /** Ends the connection without an orderly end. */
  reset(): void {
    this.#sender.reset()
  }

  /** Closes the connection; nothing after that is received. */
  destroy(): void {
    this.#receiver.destroy()
  }

  /** Stops reading from the socket: the target then meets backpressure. */
  pause(): void {
    this.#receiver.pause()
  }

  resume(): void {
    this.transport.stream.resume()
  }

  // Receiving

  /** Waits for a response head; null when none arrived in time or before the end. An interim 1xx is skipped. */
  readResponse(timeout = this.settings.timeout): Promise<Response | null> {
    return this.#receiver.readResponse(timeout)
  }

  /** From here on what arrives is frames, compressed as agreed; `readResponse` calls it after a 101. */
  startFrames(agreement: Agreement | null = null): void {
    this.#receiver.startFrames(agreement)
  }

  /** Reads a response body by its Content-Length, by chunks, or to the end of the stream (RFC 9112 §6.3). */
  readBody(response: Response, timeout = this.settings.timeout): Promise<Buffer | null> {
    return this.#receiver.readBody(response, timeout)
  }

  /**
   * The next event, or null when none arrived in time. While bytes keep arriving the time starts again
   * (a large message is progress), up to `limit` milliseconds in all.
   */
  next(timeout = this.settings.timeout, limit = timeout * 30): Promise<Inbound | null> {
    return this.#receiver.next(timeout, limit)
  }

  /** Like `next`, but skips pings, and pongs that answer nothing, which a server may send at any time. */
  nextMeaningful(timeout = this.settings.timeout, limit = timeout * 30): Promise<Inbound | null> {
    return this.#receiver.nextMeaningful(timeout, limit)
  }

  /** Puts an event back in front, so that the next wait returns it again. */
  unshift(event: Inbound): void {
    this.#receiver.unshift(event)
  }

  /** The next message; what may legally arrive in between (pings, unsolicited pongs) is skipped. */
  async expectMessage(expected = 'a message', timeout?: number, limit?: number): Promise<Message> {
    const event = await this.nextMeaningful(timeout, limit)
    if (event?.kind === 'message') return event.message
    throw this.#mismatch(expected, event)
  }

  /**
   * The next pong, with that payload when one is given. Messages before it are left for later: a ping is answered as soon
   * as is practical, not before everything else (RFC 6455 §5.5.2).
   */
  async expectPong(payload?: Uint8Array, timeout?: number): Promise<Frame> {
    const passed: Inbound[] = []
    let event = await this.nextMeaningful(timeout)
    for (; event?.kind === 'message'; event = await this.nextMeaningful(timeout)) passed.push(event)
    if (event?.kind !== 'pong' || (payload !== undefined && !event.frame.payload.equals(payload))) {
      throw this.#mismatch(payload === undefined ? 'a pong' : `pong with ${showBytes(payload)}`, passed[0] ?? event)
    }
    for (const message of passed.reverse()) this.unshift(message)
    return event.frame
  }

  /** The next Close. */
  async expectClose(expected = 'a Close', timeout?: number): Promise<Extract<Inbound, { kind: 'close' }>> {
    const event = await this.nextMeaningful(timeout)
    if (event?.kind === 'close') return event
    throw this.#mismatch(expected, event)
  }

  /** The end of the stream as the next event. */
  async expectEnd(timeout?: number): Promise<'fin' | 'rst'> {
    const event = await this.nextMeaningful(timeout)
    if (event?.kind === 'end') return event.tcp
    throw this.#mismatch('the end of the stream', event)
  }

  /** Waits for bytes or the end, in any phase; false when neither arrived in time. */
  waitForInput(timeout = this.settings.timeout): Promise<boolean> {
    return this.#receiver.waitForInput(timeout)
  }

  /** Waits for the end of the stream in any phase, reading on; null when it did not end in time. */
  waitForEnd(timeout = this.settings.timeout): Promise<'fin' | 'rst' | null> {
    return this.#receiver.waitForEnd(timeout)
  }

  #mismatch(expected: string, event: Inbound | null): Mismatch {
    return new Mismatch(expected, describeInbound(event, this.settings.timeout))
  }
}
