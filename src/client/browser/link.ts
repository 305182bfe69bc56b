import { resolveUrl } from './address.ts'
import { Timer } from './timer.ts'
import type { ClientData, ClientEnvironment, CloseReport, SocketLike } from './types.ts'

/** The settings that all links of a client share. */
export interface LinkSettings {
  readonly environment: ClientEnvironment
  readonly protocols: string | string[]
  readonly connectTimeout: number
  binaryType: 'blob' | 'arraybuffer'
}

/** The callbacks of a link. `onOpen` is called at most once, `onLoss` exactly once. */
export interface LinkListener {
  onOpen(): void
  onMessage(event: MessageEvent): void
  onLoss(report: CloseReport): void
}

/** An attempt to connect and the connection that results. When the link has ended, events of its socket are ignored. */
export class Link {
  readonly #settings: LinkSettings
  readonly #listener: LinkListener
  #socket: SocketLike | undefined
  readonly #timer: Timer
  #isOver = false

  /**
   * @param url A URL, or a promise for one. A promise that rejects, or another value, counts as a loss.
   * @throws what `WebSocket` throws for the URL.
   */
  constructor(url: unknown, settings: LinkSettings, listener: LinkListener) {
    this.#settings = settings
    this.#listener = listener
    this.#timer = new Timer(settings.environment)
    if (typeof url === 'string') this.#connect(url)
    else
      Promise.resolve(url as string)
        .then((url) => this.#connect(resolveUrl(url)))
        .catch((error) => this.fail(String(error)))
    this.#timer.start(settings.connectTimeout, () => this.fail('no response'))
  }

  get isOpen(): boolean {
    return this.#socket?.readyState === 1
  }

  get bufferedAmount(): number {
    return this.#socket?.bufferedAmount ?? 0
  }

  get protocol(): string {
    return this.#socket?.protocol ?? ''
  }

  get extensions(): string {
    return this.#socket?.extensions ?? ''
  }

  applyBinaryType(): void {
    if (this.#socket) this.#socket.binaryType = this.#settings.binaryType
  }

  send(data: ClientData): void {
    this.#socket?.send(data)
  }

  /** Starts the closing handshake. `onLoss` is called when the socket has closed. */
  close(code: number, reason: string): void {
    this.#timer.stop()
    if (this.#socket) this.#socket.close(code, reason)
    else queueMicrotask(() => this.fail(''))
  }

  /** Abandons the socket, from which no Close frame has arrived (RFC 6455 §7.1.5). */
  fail(reason: string): void {
    this.#end(abnormalClosure(reason))
  }

  /** Closes the socket without calling `onLoss`. */
  abandon(): void {
    this.#isOver = true
    this.#timer.stop()
    this.#socket?.close()
  }

  #connect(url: string): void {
    if (this.#isOver) return
    const { WebSocket } = this.#settings.environment
    this.#socket = new WebSocket(url, this.#settings.protocols)
    this.applyBinaryType()
    this.#on('open', () => this.#onOpen())
    this.#on('message', (event: MessageEvent) => this.#listener.onMessage(event))
    this.#on('close', (report: CloseReport) => this.#end(report))
    // The `close` event follows with more details. Without a listener, npm `ws` would throw.
    this.#on('error', () => {})
  }

  #onOpen(): void {
    this.#timer.stop()
    this.#listener.onOpen()
  }

  #end({ code, reason, wasClean }: CloseReport): void {
    if (this.#isOver) return
    this.abandon()
    this.#listener.onLoss({ code, reason, wasClean })
  }

  #on<T>(type: string, handle: (event: T) => void): void {
    this.#socket?.addEventListener(type, (event) => this.#isOver || handle(event))
  }
}

/** Returns the report of a connection that ended without a Close frame, or was never established. */
export function abnormalClosure(reason: string): CloseReport {
  return { code: 1006, reason, wasClean: false }
}
