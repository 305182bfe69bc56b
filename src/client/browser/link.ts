import { Timer } from './timer.ts'
import type { ClientData, ClientEnvironment, CloseReport, SocketLike } from './types.ts'

/** What one client's links have in common. */
export interface LinkSettings {
  readonly environment: ClientEnvironment
  readonly protocols: string | string[]
  readonly connectTimeout: number
  binaryType: string
}

/** Who is notified of a link's life: `onOpen` once at most, `onLoss` once. */
export interface LinkListener {
  onOpen(): void
  onMessage(event: MessageEvent): void
  onLoss(report: CloseReport): void
}

/** One attempt to connect and the connection it becomes. Once it is over, nothing of its socket is heard. */
export class Link {
  readonly #settings: LinkSettings
  readonly #listener: LinkListener
  readonly #socket: SocketLike
  readonly #timer: Timer
  #isOver = false

  constructor(url: string, settings: LinkSettings, listener: LinkListener) {
    const { WebSocket } = settings.environment
    this.#settings = settings
    this.#listener = listener
    this.#timer = new Timer(settings.environment)
    this.#socket = new WebSocket(url, settings.protocols)
    this.applyBinaryType()
    this.#on('open', () => this.#onOpen())
    this.#on('message', (event: MessageEvent) => listener.onMessage(event))
    this.#on('close', (report: CloseReport) => this.#end(report))
    // The event `close` follows and says more. Without a listener npm `ws` would throw.
    this.#on('error', () => {})
    this.#timer.start(settings.connectTimeout, () => this.fail('no answer'))
  }

  get isOpen(): boolean {
    return this.#socket.readyState === 1
  }

  get bufferedAmount(): number {
    return this.#socket.bufferedAmount
  }

  get protocol(): string {
    return this.#socket.protocol
  }

  get extensions(): string {
    return this.#socket.extensions
  }

  applyBinaryType(): void {
    this.#socket.binaryType = this.#settings.binaryType
  }

  send(data: ClientData): void {
    this.#socket.send(data)
  }

  /** Starts the closing handshake; the end is reported when the socket is closed. */
  close(code: number, reason: string): void {
    this.#timer.stop()
    this.#socket.close(code, reason)
  }

  /** Abandons the socket; no Close frame has come from the server (RFC 6455 §7.1.5). */
  fail(reason: string): void {
    this.#end(abnormalClosure(reason))
  }

  #onOpen(): void {
    this.#timer.stop()
    this.#listener.onOpen()
  }

  #end({ code, reason, wasClean }: CloseReport): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#timer.stop()
    this.#socket.close()
    this.#listener.onLoss({ code, reason, wasClean })
  }

  #on<T>(type: string, handle: (event: T) => void): void {
    this.#socket.addEventListener(type, (event) => {
      if (!this.#isOver) handle(event)
    })
  }
}

/** The report of a connection that ended, or never began, without a Close frame. */
export function abnormalClosure(reason: string): CloseReport {
  return { code: 1006, reason, wasClean: false }
}
