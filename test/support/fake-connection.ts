import type { Connection } from '../../src/connection/connection.ts'
import type { Sendable, SendResult } from '../../src/connection/send/outgoing.ts'
import type { CloseInfo } from '../../src/core/closing-handshake.ts'

/** RFC 6455 §7.4. */
const isSendable = (code: number): boolean =>
  (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999)

/** A connection without a socket. The test acts as the peer and reads the calls of the session. */
export class FakeConnection {
  onMessage: (data: string | Buffer, isBinary: boolean) => void = () => {}
  onClose: (info: CloseInfo) => void = () => {}
  onPong: (payload: Buffer) => void = () => {}
  state: 'open' | 'closing' | 'closed' = 'open'
  subprotocol = ''
  closeInfo: CloseInfo | null = null
  /** Every message that was passed to `send`. */
  readonly sent: Sendable[] = []
  /** `pause`, `resume` and `close 1000 reason` in order. */
  readonly calls: string[] = []
  /** Whether `send` returns `'sent'` while the connection is open, or `'backpressure'`. */
  hasRoom = true
  /** Whether `send` returns `'dropped'` instead of `'backpressure'`. */
  drops = false
  isPaused = false
  #waitingForRoom: (() => void)[] = []
  #undelivered: (string | Buffer)[] = []

  /** This object, typed as the session expects it. */
  get asConnection(): Connection {
    return this as unknown as Connection
  }

  send(data: Sendable): SendResult {
    if (typeof data !== 'string' && !(data instanceof Uint8Array) && !(data instanceof ArrayBuffer)) {
      throw new TypeError('a string or bytes are allowed')
    }
    if (this.state !== 'open') return 'closed'
    if (this.drops && !this.hasRoom) return 'dropped'
    this.sent.push(data)
    return this.hasRoom ? 'sent' : 'backpressure'
  }

  drained(): Promise<void> {
    return this.hasRoom || this.state === 'closed' ? Promise.resolve() : this.nextRoom()
  }

  /** Resolves at the next `giveRoom`. */
  protected nextRoom(): Promise<void> {
    return new Promise((resolve) => this.#waitingForRoom.push(resolve))
  }

  close(code = 1000, reason = ''): void {
    if (!isSendable(code) || Buffer.byteLength(reason) > 123)
      throw new RangeError('a code and a reason of a Close frame')
    if (this.state !== 'open') return
    this.calls.push(`close ${code} ${reason}`.trim())
    this.state = 'closing'
    this.#undelivered = []
    if (this.isPaused) this.resume()
  }

  pause(): void {
    if (this.state !== 'open') return
    this.calls.push('pause')
    this.isPaused = true
  }

  resume(): void {
    this.calls.push('resume')
    this.isPaused = false
    this.#deliver()
  }

  /** Delivers messages of the peer, in one chunk. */
  receive(...messages: (string | Buffer)[]): void {
    this.#undelivered.push(...messages)
    this.#deliver()
  }

  #deliver(): void {
    while (this.state === 'open' && !this.isPaused) {
      const message = this.#undelivered.shift()
      if (message === undefined) return
      this.onMessage(message, typeof message !== 'string')
    }
  }

  /** Ends the backpressure: the unsent bytes are below the mark. */
  giveRoom(): void {
    this.hasRoom = true
    for (const resolve of this.#waitingForRoom.splice(0)) resolve()
  }

  /** Ends the connection, by default with a Close frame of the peer. */
  end(info: Partial<CloseInfo> = {}): CloseInfo {
    const whole: CloseInfo = { code: 1000, reason: '', wasClean: true, initiator: 'remote', ...info }
    this.state = 'closed'
    this.closeInfo = whole
    this.giveRoom()
    this.onClose(whole)
    return whole
  }
}
