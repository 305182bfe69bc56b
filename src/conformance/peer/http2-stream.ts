import { Duplex } from 'node:stream'
import { type Fields, FrameFlag, FrameType, Http2Error, nameHttp2Error, uint32 } from '../wire/index.ts'

/** The header fields of a response. */
export interface Http2Response {
  status: number
  fields: Fields
  /** Whether the HEADERS frame had END_STREAM. */
  isEnd: boolean
}

/** What a stream needs of its connection. */
export interface Http2Carrier {
  readonly hasEnded: boolean
  /** The send window of the connection, in bytes. */
  readonly sendWindow: number
  readonly initialSendWindow: number
  readonly maxFrameSize: number
  /** Descriptions of what the target sent in violation of RFC 9113. */
  readonly faults: string[]
  sendFrame(type: number, flags: number, stream: number, payload?: Uint8Array): void
  sendData(stream: Http2Stream, data: Uint8Array, flags: number, done?: () => void): void
  giveCredit(stream: number, size: number): void
  forget(stream: Http2Stream): void
}

/** The client side of one HTTP/2 stream. Written bytes are sent in DATA frames. */
export class Http2Stream extends Duplex {
  readonly id: number
  response: Http2Response | null = null
  /** Statuses of interim responses (RFC 9110 §15.2). */
  readonly interim: number[] = []
  /** Whether the target has ended its side with END_STREAM. */
  isEnded = false
  /** The error code with which the target reset the stream. */
  resetCode: number | null = null
  /** The send window in bytes; negative after SETTINGS reduced it (RFC 9113 §6.9.2). */
  sendWindow: number
  /** Bytes of DATA received so far. */
  receivedBytes = 0
  /** Called when the tester ends its side. The end of the target is then a reply to that. */
  onOwnEnd: () => void = () => {}
  /** Whether WINDOW_UPDATE is sent for DATA that was read; default true. */
  givesCredit = true

  readonly #connection: Http2Carrier
  #receiveWindow: number
  /** Bytes that were read and not yet announced by WINDOW_UPDATE. */
  #owed = 0
  #next: { bytes: Buffer; done: () => void } | null = null

  constructor(connection: Http2Carrier, id: number, receiveWindow: number) {
    super({ allowHalfOpen: true })
    this.id = id
    this.#connection = connection
    this.#receiveWindow = receiveWindow
    this.sendWindow = connection.initialSendWindow
    // Without a listener, the error of a reset stream would be thrown.
    this.on('error', () => {})
  }

  /** Whether the stream has a response, was reset, or lost its connection. */
  get isSettled(): boolean {
    return this.response !== null || this.resetCode !== null || this.#connection.hasEnded
  }

  /** Whether the target has ended or reset the stream. */
  get isOver(): boolean {
    return this.isEnded || this.resetCode !== null || this.#connection.hasEnded
  }

  /** Sends WINDOW_UPDATE with this increment. */
  giveCredit(size: number): void {
    this.#receiveWindow += size
    this.#connection.giveCredit(this.id, size)
  }

  /** Changes the send window after SETTINGS; `difference` may be negative (RFC 9113 §6.9.2). */
  changeCredit(difference: number): void {
    this.#receiveWindow += difference
  }

  /** Sends one DATA frame, optionally with padding and END_STREAM. */
  sendData(data: Uint8Array, { padding, isEnd = false }: { padding?: number; isEnd?: boolean } = {}): void {
    const flags = (isEnd ? FrameFlag.END_STREAM : 0) | (padding === undefined ? 0 : FrameFlag.PADDED)
    const parts = padding === undefined ? [data] : [Buffer.from([padding]), data, Buffer.alloc(padding)]
    if (isEnd) this.onOwnEnd()
    this.#connection.sendData(this, Buffer.concat(parts), flags)
  }

  /** Sends RST_STREAM (RFC 8441 §5: CANCEL represents a reset of TCP). */
  reset(code: number = Http2Error.CANCEL): void {
    this.onOwnEnd()
    this.#connection.sendFrame(FrameType.RST_STREAM, 0, this.id, uint32(code))
    this.#connection.forget(this)
    this.destroy()
  }

  /** Writes pending bytes as far as the windows allow. */
  flush(): void {
    while (this.#next !== null) {
      const { bytes, done } = this.#next
      const window = Math.min(this.sendWindow, this.#connection.sendWindow)
      const size = Math.min(bytes.length, window, this.#connection.maxFrameSize)
      if (size <= 0 && bytes.length > 0) return
      const isLast = size === bytes.length
      this.#next = isLast ? null : { bytes: bytes.subarray(size), done }
      this.#connection.sendData(this, bytes.subarray(0, size), 0, isLast ? done : undefined)
    }
  }

  onFields(fields: Fields, isEnd: boolean): void {
    const status = Number(fields.find(([name]) => name === ':status')?.[1])
    // HEADERS after the response are trailers. An interim response is followed by another response.
    if (status < 200) this.interim.push(status)
    else this.response ??= { status, fields, isEnd }
    if (isEnd) this.#onEndStream()
  }

  /** @param size includes the padding. */
  onData(data: Buffer, size: number, isEnd: boolean): void {
    this.receivedBytes += data.length
    this.#receiveWindow -= size
    if (this.#receiveWindow < 0) this.#connection.faults.push(`DATA above the window of stream ${this.id}`)
    if (this.isEnded) this.#connection.faults.push(`DATA after END_STREAM on stream ${this.id}`)
    this.#owed += size
    if (this.destroyed || this.isEnded) return
    if (data.length === 0 || this.push(data)) this.#settleDebt()
    if (isEnd) this.#onEndStream()
  }

  onReset(code: number): void {
    this.resetCode = code
    this.#connection.forget(this)
    this.#release()
    // Data that arrived before the reset is read first.
    if (!this.isEnded) setImmediate(() => this.destroy(new Error(`RST_STREAM ${nameHttp2Error(code)}`)))
  }

  onLost(reason: string): void {
    this.#release()
    if (!this.isEnded) setImmediate(() => this.destroy(new Error(reason)))
  }

  override _read(): void {
    this.#settleDebt()
  }

  override _write(bytes: Buffer, _encoding: string, done: () => void): void {
    if (this.resetCode !== null || this.#connection.hasEnded) return done()
    this.#next = { bytes, done }
    this.flush()
  }

  override _final(done: () => void): void {
    if (this.resetCode === null) this.#connection.sendData(this, Buffer.alloc(0), FrameFlag.END_STREAM)
    done()
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    const isClosed = this.resetCode !== null || (this.isEnded && this.writableFinished)
    if (!isClosed) this.#connection.sendFrame(FrameType.RST_STREAM, 0, this.id, uint32(Http2Error.CANCEL))
    this.#connection.forget(this)
    this.#release()
    done(error)
  }

  #onEndStream(): void {
    this.isEnded = true
    this.push(null)
  }

  #settleDebt(): void {
    if (!this.givesCredit || this.#owed === 0 || this.isEnded) return
    this.giveCredit(this.#owed)
    this.#owed = 0
  }

  /** Completes the pending write, because nothing more can be written. */
  #release(): void {
    this.#next?.done()
    this.#next = null
  }
}
