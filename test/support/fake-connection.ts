import type { Connection } from '../../src/connection/connection.ts'
import type { Sendable, SendResult } from '../../src/connection/send/outgoing.ts'
import { isSendableCloseCode } from '../../src/core/close-code.ts'
import type { CloseInfo } from '../../src/core/closing-handshake.ts'

/** A connection without a socket: the test plays the peer and reads what the session did. */
export class FakeConnection {
  onMessage: (data: string | Buffer, isBinary: boolean) => void = () => {}
  onClose: (info: CloseInfo) => void = () => {}
  onPong: (payload: Buffer) => void = () => {}
  state: 'open' | 'closing' | 'closed' = 'open'
  subprotocol = ''
  closeInfo: CloseInfo | null = null
  /** Every message that `send` took. */
  readonly sent: Sendable[] = []
  /** `pause`, `resume` and `close 1000 reason` in order. */
  readonly calls: string[] = []
  /** Whether `send` returns `'sent'` while the connection is open, or `'backpressure'`. */
  hasRoom = true
  isPaused = false
  #waitingForRoom: (() => void)[] = []
  readonly #backlog: (string | Buffer)[] = []

  /** Itself, as what the session takes it for. */
  get asConnection(): Connection {
    return this as unknown as Connection
  }

  send(data: Sendable): SendResult {
    if (typeof data !== 'string' && !(data instanceof Uint8Array) && !(data instanceof ArrayBuffer)) {
      throw new TypeError('a string or bytes are allowed')
    }
    if (this.state !== 'open') return 'closed'
    this.sent.push(data)
    return this.hasRoom ? 'sent' : 'backpressure'
  }

  /** Whether nothing waits to be sent. */
  get isDrained(): boolean {
    return this.hasRoom
  }

  drained(): Promise<void> {
    if (this.isDrained || this.state === 'closed') return Promise.resolve()
    return new Promise((resolve) => this.#waitingForRoom.push(resolve))
  }

  close(code = 1000, reason = ''): void {
    if (!isSendableCloseCode(code)) throw new RangeError('code is not allowed')
    if (this.state !== 'open') return
    this.calls.push(`close ${code} ${reason}`.trim())
    this.state = 'closing'
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
    this.receive()
  }

  /** The peer's messages arrive, in one chunk: they wait while it is paused, and are discarded once it closes. */
  receive(...messages: (string | Buffer)[]): void {
    this.#backlog.push(...messages)
    while (this.#backlog.length > 0 && !this.isPaused) {
      const message = this.#backlog.shift()!
      if (this.state === 'open') this.onMessage(message, typeof message !== 'string')
    }
  }

  /** The outbox ran below its mark. */
  giveRoom(): void {
    this.hasRoom = true
    for (const resolve of this.#waitingForRoom.splice(0)) resolve()
  }

  /** The connection ends: by the peer's Close unless told otherwise. */
  end(info: Partial<CloseInfo> = {}): CloseInfo {
    const whole: CloseInfo = { code: 1000, reason: '', wasClean: true, initiator: 'remote', ...info }
    this.state = 'closed'
    this.closeInfo = whole
    this.giveRoom()
    this.onClose(whole)
    return whole
  }
}
