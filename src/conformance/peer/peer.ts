import { type Agreement, type Chop, type Frame, type FrameSpec, Op, type Response, showBytes } from '../wire/index.ts'
import { AutoReplies } from './auto-replies.ts'
import { describeInbound, type Inbound, type Message, Mismatch } from './inbound.ts'
import type { Closing, PeerSettings } from './peer-settings.ts'
import { ReceivingPeer } from './receiving-peer.ts'
import { SendingPeer } from './sending-peer.ts'
import type { Transport } from './transport.ts'

/**
 * One connection to the target, as cases use it. It queues what arrives as events. A wait ends at the first event that
 * decides it, and at the latest after the timeout. The peer follows the protocol only as far as the case asks for it.
 */
export class Peer {
  readonly transport: Transport
  readonly settings: PeerSettings
  /** Which side ended the connection first, and how. */
  readonly closing: Closing = { by: null, code: null, reason: null, tcp: null }
  readonly #sender: SendingPeer
  readonly #replies: AutoReplies
  readonly #receiver: ReceivingPeer

  constructor(transport: Transport, settings: PeerSettings) {
    this.transport = transport
    this.settings = settings
    this.#sender = new SendingPeer(transport, settings, this.closing)
    this.#replies = new AutoReplies(this.#sender, this.closing)
    this.#receiver = new ReceivingPeer(transport, settings, this.closing, this.#sender, this.#replies)
  }

  /** Whether the target has ended its side, or the connection is closed. */
  get ended(): boolean {
    return this.#receiver.hasEnded
  }

  /** Whether the target must mask its frames, as clients must (RFC 6455 §5.1). */
  get expectsMask(): boolean {
    return this.#sender.role === 'server'
  }

  /** Whether a write failed because of a reset. What the target had sent before, such as its Close, is then lost. */
  get isCutOff(): boolean {
    return this.#receiver.isCutOff
  }

  /** How many frames and bytes were sent or announced so far, without heads. */
  get sent(): Readonly<{ frames: number; bytes: number }> {
    return this.#sender.sent
  }

  /** Bytes received so far. */
  get received(): number {
    return this.#receiver.received
  }

  /** Bytes that were read neither as a response head nor as frames, such as a body. */
  get unread(): Buffer {
    return this.#receiver.unread
  }

  /** Events that arrived and have not been read. */
  get queued(): readonly Inbound[] {
    return this.#receiver.queued
  }

  /** Whether the peer answers pings; default true. */
  set autoPong(isOn: boolean) {
    this.#replies.autoPong = isOn
  }

  /** Whether the peer answers a Close and, as a server, ends TCP after both Close frames; default true. */
  set autoClose(isOn: boolean) {
    this.#replies.autoClose = isOn
  }

  /** Decompresses a message. It is set when permessage-deflate was agreed, and a case may replace it. */
  set decoder(decoder: ((message: Message) => Buffer) | null) {
    this.#receiver.decoder = decoder
  }

  // Sending

  /**
   * Writes bytes unchanged. Resolves when the operating system has accepted them. Errors appear as the end of the
   * stream.
   */
  sendBytes(bytes: Uint8Array, chop?: Chop): Promise<void> {
    return this.#sender.sendBytes(bytes, chop)
  }

  /** Writes an HTTP head. */
  sendHead(bytes: Buffer, chop?: Chop): Promise<void> {
    return this.#sender.sendHead(bytes, chop)
  }

  /** Writes an HTTP head with bytes that a client may send only after the response (RFC 6455 §4.1). */
  sendEarly(bytes: Buffer, chop?: Chop): Promise<void> {
    return this.#sender.sendEarly(bytes, chop)
  }

  /** Sends one frame, valid or not (RFC 6455 §5.2). */
  sendFrame(spec: FrameSpec, chop?: Chop): Promise<void> {
    return this.#sender.sendFrames([spec], chop)
  }

  /** Sends several frames in one write, or in the writes that `chop` defines. */
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

  /** Returns the bytes of a frame and records it as sent, for cases that split the bytes themselves. */
  frameBytes(spec: FrameSpec): Buffer {
    return this.#sender.frameBytes(spec)
  }

  /** Sends FIN. The target may continue to send. */
  end(): void {
    this.#sender.end()
  }

  /** Records that the case has ended the side of the tester without `end`. */
  recordOwnEnd(): void {
    this.#sender.recordOwnEnd()
  }

  /** Sends RST. */
  reset(): void {
    this.#sender.reset()
  }

  /** Closes the connection. Nothing is received after that. */
  destroy(): void {
    this.#receiver.destroy()
  }

  /** Stops reading from the socket, which causes backpressure at the target. */
  pause(): void {
    this.#receiver.pause()
  }

  resume(): void {
    this.transport.stream.resume()
  }

  // Receiving

  /** Waits for a response head and skips interim 1xx ones. Resolves to null on a timeout or at the end. */
  readResponse(timeout = this.settings.timeout): Promise<Response | null> {
    return this.#receiver.readResponse(timeout)
  }

  /** Reads all further bytes as frames, compressed as agreed. `readResponse` calls it after a 101. */
  startFrames(agreement: Agreement | null = null): void {
    this.#receiver.startFrames(agreement)
  }

  /** Reads a response body by Content-Length, by chunks, or to the end of the stream (RFC 9112 §6.3). */
  readBody(response: Response, timeout = this.settings.timeout): Promise<Buffer | null> {
    return this.#receiver.readBody(response, timeout)
  }

  /**
   * Waits for the next event. Resolves to null on a timeout. The timeout restarts whenever bytes other than pings and
   * unsolicited pongs arrive. The whole wait lasts `limit` milliseconds at most, whatever arrives.
   */
  next(timeout = this.settings.timeout, limit = timeout * 30): Promise<Inbound | null> {
    return this.#receiver.next(timeout, limit, () => false)
  }

  /** Like `next`, but skips pings and unsolicited pongs, which are allowed at any time. */
  nextMeaningful(timeout?: number, limit?: number): Promise<Inbound | null> {
    return this.skipWhile(() => false, timeout, limit)
  }

  /** Like `nextMeaningful`, but also skips the events that `isSkipped` accepts. They do not extend the limit. */
  skipWhile(
    isSkipped: (event: Inbound) => boolean,
    timeout = this.settings.timeout,
    limit = timeout * 30,
  ): Promise<Inbound | null> {
    const receiver = this.#receiver
    return receiver.next(timeout, limit, (event) => receiver.isHeartbeat(event) || isSkipped(event))
  }

  /** Puts an event back, so that the next wait returns it again. */
  unshift(event: Inbound): void {
    this.#receiver.unshift(event)
  }

  /** Waits for the next message. Skips pings and unsolicited pongs. */
  async expectMessage(expected = 'a message', timeout?: number, limit?: number): Promise<Message> {
    const event = await this.nextMeaningful(timeout, limit)
    if (event?.kind === 'message') return event.message
    throw this.#mismatch(expected, event, timeout)
  }

  /**
   * Waits for the next pong, with this payload if one is given. Messages before it remain queued, because a pong is
   * only required “as soon as is practical” (RFC 6455 §5.5.2).
   */
  async expectPong(payload?: Uint8Array, timeout?: number): Promise<Frame> {
    const passed: Inbound[] = []
    const event = await this.skipWhile((one) => one.kind === 'message' && passed.push(one) > 0, timeout)
    if (event?.kind !== 'pong' || (payload !== undefined && !event.frame.payload.equals(payload))) {
      throw this.#mismatch(
        payload === undefined ? 'a pong' : `pong with ${showBytes(payload)}`,
        passed[0] ?? event,
        timeout,
      )
    }
    for (const message of passed.reverse()) this.unshift(message)
    return event.frame
  }

  /** Waits for the next Close. */
  async expectClose(expected = 'a Close', timeout?: number): Promise<Extract<Inbound, { kind: 'close' }>> {
    const event = await this.nextMeaningful(timeout)
    if (event?.kind === 'close') return event
    throw this.#mismatch(expected, event, timeout)
  }

  /** Expects the end of the stream as the next event. */
  async expectEnd(timeout?: number): Promise<'fin' | 'rst'> {
    const event = await this.nextMeaningful(timeout)
    if (event?.kind === 'end') return event.tcp
    throw this.#mismatch('the end of the stream', event, timeout)
  }

  /** Waits for bytes or the end of the stream, before or after the handshake. Resolves to false on a timeout. */
  waitForInput(timeout = this.settings.timeout): Promise<boolean> {
    return this.#receiver.waitForInput(timeout)
  }

  /** Reads until the end of the stream, before or after the handshake. Resolves to null on a timeout. */
  waitForEnd(timeout = this.settings.timeout): Promise<'fin' | 'rst' | null> {
    return this.#receiver.waitForEnd(timeout)
  }

  #mismatch(expected: string, event: Inbound | null, timeout = this.settings.timeout): Mismatch {
    return new Mismatch(expected, describeInbound(event, timeout))
  }
}
