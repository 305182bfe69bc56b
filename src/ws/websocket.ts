import { EventEmitter } from 'node:events'
import type { ClientRequest } from 'node:http'
import type { Duplex } from 'node:stream'
import { EMPTY } from '../core/empty.ts'
import { Opcode } from '../core/opcode.ts'
import { abortConnecting, connect } from './client.ts'
import type { ClientOptions } from './client-options.ts'
import { closeBody, readCallback, sizeOf } from './data.ts'
import type { PerMessageDeflate } from './deflate.ts'
import {
  addHandler,
  attributeHandler,
  type EventHandler,
  type Handler,
  removeHandler,
  setAttributeHandler,
} from './event-target.ts'
import { Link, ReadyState } from './link.ts'
import { readLinkOptions } from './link-options.ts'
import { defineLikeNpm, makeReceiver, stateNames } from './npm-parts.ts'
import type { ControlCallback, SendCallback, Sender } from './sender.ts'
import {
  type BinaryType,
  binaryTypes,
  type SendOptions,
  type SocketOptions,
  type StreamOptions,
} from './socket-options.ts'

/** Shared by all sockets, to save memory. */
const NO_EXTENSIONS: Readonly<Record<string, PerMessageDeflate>> = Object.freeze({})

/** A WebSocket of a client or a server, with the interface of npm ws. */
export class WebSocket extends EventEmitter {
  declare static readonly CONNECTING: 0
  declare static readonly OPEN: 1
  declare static readonly CLOSING: 2
  declare static readonly CLOSED: 3
  declare readonly CONNECTING: 0
  declare readonly OPEN: 1
  declare readonly CLOSING: 2
  declare readonly CLOSED: 3
  // Named as in npm ws, because programs read or set these fields.
  _readyState: number = ReadyState.CONNECTING
  _isServer = false
  _protocol = ''
  _extensions = NO_EXTENSIONS
  _autoPong = true
  _closeTimeout = 30_000
  _errorEmitted = false
  _req: ClientRequest | null = null
  _redirects = 0
  _url: string | undefined
  #binaryType: BinaryType = 'nodebuffer'
  #isPaused = false
  #link: Link | null = null
  #amountAfterClose = 0
  /** Whether the next data frame continues a fragmented message. */
  #inMessage = false

  /** @throws {SyntaxError | TypeError | RangeError} when the URL, a subprotocol or an option is not allowed. */
  constructor(
    address: string | URL | null,
    protocols?: string | readonly string[] | ClientOptions,
    options?: ClientOptions & SocketOptions,
  ) {
    super()
    if (address === null) {
      this._isServer = true
      this._autoPong = options?.autoPong ?? true
      this._closeTimeout = options?.closeTimeout ?? 30_000
    } else if (typeof protocols === 'object' && protocols !== null && !Array.isArray(protocols)) {
      connect(this, address, undefined, protocols as ClientOptions)
    } else {
      connect(this, address, protocols as string | readonly string[] | undefined, options ?? {})
    }
  }

  /** The type in which binary messages are received. Declared as in @types/ws, which lacks 'blob'. */
  get binaryType(): Exclude<BinaryType, 'blob'> {
    return this.#binaryType as Exclude<BinaryType, 'blob'>
  }

  set binaryType(type: BinaryType) {
    if (binaryTypes.includes(type)) this.#binaryType = type
  }

  /** Number of bytes that the system has not accepted, including those passed to `send` after closing. */
  get bufferedAmount(): number {
    return (this.#link?.sender.bufferedAmount ?? 0) + this.#amountAfterClose
  }

  get extensions(): string {
    return Object.keys(this._extensions).join()
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  get protocol(): string {
    return this._protocol
  }

  get readyState(): 0 | 1 | 2 | 3 {
    return this._readyState as 0 | 1 | 2 | 3
  }

  get url(): string {
    return this._url as string
  }

  get onopen(): EventHandler | null {
    return attributeHandler(this, 'open')
  }

  set onopen(handler: EventHandler | null) {
    setAttributeHandler(this, 'open', handler)
  }

  get onerror(): EventHandler | null {
    return attributeHandler(this, 'error')
  }

  set onerror(handler: EventHandler | null) {
    setAttributeHandler(this, 'error', handler)
  }

  get onclose(): EventHandler | null {
    return attributeHandler(this, 'close')
  }

  set onclose(handler: EventHandler | null) {
    setAttributeHandler(this, 'close', handler)
  }

  get onmessage(): EventHandler | null {
    return attributeHandler(this, 'message')
  }

  set onmessage(handler: EventHandler | null) {
    setAttributeHandler(this, 'message', handler)
  }

  addEventListener(type: string, handler: Handler, options: { once?: boolean | undefined } = {}): void {
    addHandler(this, type, handler, options.once)
  }

  removeEventListener(type: string, handler: Handler): void {
    removeHandler(this, type, handler)
  }

  /** The transport; null before the opening handshake is complete. Reading this property flushes the outbox first. */
  get _socket(): Duplex | null {
    if (this.#link === null) return null
    this.#link.sender.flush()
    return this.#link.stream
  }

  get _closeTimer(): NodeJS.Timeout | null {
    return this.#link?.closeTimer ?? null
  }

  get _closeFrameSent(): boolean {
    return this.#link?.closeFrameSent ?? false
  }

  get _closeFrameReceived(): boolean {
    return this.#link?.closeFrameReceived ?? false
  }

  /** The sender. It has the members of npm ws's sender that programs use: `sendFrame` and `_socket`. */
  get _sender(): Sender | null {
    return this.#link?.sender ?? null
  }

  /** An object with the limits for reading, as in npm ws's receiver. */
  get _receiver(): object | null {
    return this.#link === null ? null : makeReceiver(this.#link.reader, this._extensions)
  }

  get wasClean(): boolean {
    return this._closeFrameSent && this._closeFrameReceived
  }

  /** Starts to use an upgraded stream. `head` contains the bytes that followed the request head. */
  setSocket(stream: Duplex, head: Buffer, options: StreamOptions = {}): void {
    const deflate: PerMessageDeflate | undefined = this._extensions['permessage-deflate']
    const link = new Link(this, stream, readLinkOptions(this, options, deflate?.createCodec() ?? null))
    this.#link = link
    const { setTimeout, setNoDelay } = stream as { setTimeout?(ms: number): void; setNoDelay?(): void }
    setTimeout?.call(stream, 0)
    setNoDelay?.call(stream)
    link.start(head)
    this._readyState = ReadyState.OPEN
    this.emit('open')
  }

  emitClose(): void {
    this._readyState = ReadyState.CLOSED
    this.emit('close', this.#link?.closeCode ?? 1006, this.#link?.closeReason ?? EMPTY)
  }

  /**
   * Starts the closing handshake (RFC 6455 §7.1.2). Without a code, the Close frame has no body.
   *
   * @throws {TypeError} when the code must not be sent, or the reason has the wrong type.
   * @throws {RangeError} when the reason is longer than 123 bytes.
   */
  close(code?: number, reason?: string | Uint8Array): void {
    if (this._readyState === ReadyState.CLOSED) return
    if (this.#link === null) return this.#abort()
    this.#link.close(this._readyState === ReadyState.CLOSING ? EMPTY : closeBody(code, reason))
  }

  /** Closes the transport at once, without a Close frame. */
  terminate(): void {
    if (this._readyState === ReadyState.CLOSED) return
    if (this.#link === null) this.#abort()
    else this.#link.terminate()
  }

  #abort(): void {
    if (this._readyState !== ReadyState.CONNECTING) return
    abortConnecting(this, this._req, 'WebSocket was closed before the connection was established')
  }

  pause(): void {
    if (this._readyState === ReadyState.CONNECTING || this._readyState === ReadyState.CLOSED) return
    this.#isPaused = true
    this.#link?.stream.pause()
  }

  resume(): void {
    if (this._readyState === ReadyState.CONNECTING || this._readyState === ReadyState.CLOSED) return
    this.#isPaused = false
    if (this.#link?.reader.isWaiting === false) this.#link.stream.resume()
  }

  /** Sends a ping with at most 125 bytes (RFC 6455 §5.5.2). */
  ping(data?: unknown, mask?: boolean | ControlCallback, callback?: ControlCallback): void {
    this.#sendControl(Opcode.PING, data, mask, callback as SendCallback)
  }

  /** Sends a pong with at most 125 bytes (RFC 6455 §5.5.3). */
  pong(data?: unknown, mask?: boolean | ControlCallback, callback?: ControlCallback): void {
    this.#sendControl(Opcode.PONG, data, mask, callback as SendCallback)
  }

  #sendControl(opcode: number, data: unknown, mask: unknown, callback: SendCallback | undefined): void {
    this.#checkConnected()
    if (typeof data === 'function') {
      callback = data as SendCallback
      data = mask = undefined
    } else if (typeof mask === 'function') {
      callback = mask as SendCallback
      mask = undefined
    }
    callback = readCallback(callback)
    if (this._readyState !== ReadyState.OPEN) return this.#sendAfterClose(data, callback)
    const settings = { opcode, fin: true, compress: false, mask: mask === undefined ? !this._isServer : Boolean(mask) }
    if (sizeOf(data) > 125) throw new RangeError('The data size must not be greater than 125 bytes')
    this.#link!.sender.sendAny(data, settings, callback)
  }

  /**
   * Sends a message or a fragment of one. The callback is called once the system has the data, or with an error.
   *
   * @throws {Error} when the connection is not open yet.
   * @throws {TypeError} when the type of the data is not supported, or the callback is not a function.
   */
  send(data?: unknown, options?: SendOptions | SendCallback, callback?: SendCallback): void {
    this.#checkConnected()
    if (typeof options === 'function') {
      callback = options
      options = undefined
    }
    callback = readCallback(callback)
    if (typeof data === 'number') data = String(data)
    if (this._readyState !== ReadyState.OPEN) return this.#sendAfterClose(data, callback)
    const { binary = typeof data !== 'string', compress = true, fin = true, mask = !this._isServer } = options ?? {}
    const opcode = this.#inMessage ? Opcode.CONTINUATION : binary ? Opcode.BINARY : Opcode.TEXT
    const settings = { opcode, fin, compress: compress && !this.#inMessage && fin, mask }
    this.#inMessage = !fin
    this.#link!.send(data, settings, callback)
  }

  #checkConnected(): void {
    if (this._readyState === ReadyState.CONNECTING) throw new Error('WebSocket is not open: readyState 0 (CONNECTING)')
  }

  #sendAfterClose(data: unknown, callback: SendCallback | undefined): void {
    this.#amountAfterClose += sizeOf(data)
    if (callback === undefined) return
    const state = `${this._readyState} (${stateNames[this._readyState]})`
    process.nextTick(callback, new Error(`WebSocket is not open: readyState ${state}`))
  }
}

defineLikeNpm(WebSocket)
