import type { Duplex } from 'node:stream'
import {
  Arrivals,
  describeHttp2Frame,
  encodeFields,
  encodeHttp2Frame,
  encodeSettings,
  FieldDecoder,
  FrameFlag,
  FrameType,
  type Http2Field,
  type Http2Frame,
  Http2FrameReader,
  nameHttp2Error,
  PREFACE,
  parseSettings,
  Setting,
  uint32,
  withoutPadding,
} from '../wire/index.ts'
import { type Http2Carrier, Http2Stream } from './http2-stream.ts'
import type { WireLog } from './wire-log.ts'

/** The initial window of a connection and of a stream, in bytes (RFC 9113 §6.9.2). */
const DEFAULT_WINDOW = 65_535

/** The receive window that the tester announces, in bytes. It is large, so that long messages need few updates. */
const WINDOW = 1024 * 1024

/** The first SETTINGS of the tester. */
export type Http2Settings = readonly (readonly [id: number, value: number])[]

const DEFAULT_SETTINGS: Http2Settings = [
  [Setting.ENABLE_PUSH, 0],
  [Setting.INITIAL_WINDOW_SIZE, WINDOW],
]

export interface Http2ConnectionOptions {
  settings?: Http2Settings
  log?: WireLog
  /** Called when a wait times out. */
  onTimeout?(): void
}

/**
 * The client side of one HTTP/2 connection, frame by frame (RFC 9113). It acknowledges SETTINGS and PING and sends
 * WINDOW_UPDATE. The case sends everything else, valid or not. It shares no code with node:http2.
 */
export class Http2Connection implements Http2Carrier {
  /** The settings of the target. */
  readonly settings = new Map<number, number>()
  /** Values of SETTINGS_ENABLE_CONNECT_PROTOCOL in the order of their arrival. */
  readonly connectProtocol: number[] = []
  /** Whether the first SETTINGS of the target have arrived. */
  hasSettings = false
  /** How many SETTINGS of the tester were acknowledged. */
  acknowledged = 0
  /** The error code of GOAWAY. */
  goaway: number | null = null
  /** Whether the connection has ended. */
  hasEnded = false
  /** The send window of the connection, in bytes. */
  sendWindow = DEFAULT_WINDOW
  /** Descriptions of what the target sent in violation of RFC 9113. */
  readonly faults: string[] = []

  readonly #transport: Duplex
  readonly #log: WireLog | undefined
  readonly #onTimeout: (() => void) | undefined
  readonly #reader = new Http2FrameReader()
  readonly #decoder = new FieldDecoder()
  readonly #streams = new Map<number, Http2Stream>()
  readonly #pongs = new Set<string>()
  readonly #arrivals = new Arrivals()
  #block: { frame: Http2Frame; parts: Buffer[] } | null = null
  #nextId = 1
  #receiveWindow = DEFAULT_WINDOW
  /** The receive window of new streams, in bytes. */
  #initialWindow: number

  constructor(transport: Duplex, { settings = DEFAULT_SETTINGS, log, onTimeout }: Http2ConnectionOptions = {}) {
    this.#transport = transport
    this.#log = log
    this.#onTimeout = onTimeout
    this.#initialWindow = new Map(settings).get(Setting.INITIAL_WINDOW_SIZE) ?? DEFAULT_WINDOW
    transport.on('data', (chunk: Buffer) => this.#onData(chunk))
    transport.on('error', () => this.#onEnd())
    transport.on('end', () => this.#onEnd())
    transport.on('close', () => this.#onEnd())
    transport.write(PREFACE)
    this.sendSettings(settings)
    this.giveCredit(0, WINDOW - DEFAULT_WINDOW)
  }

  /** Largest payload of a frame that the target accepts (RFC 9113 §4.2). */
  get maxFrameSize(): number {
    return this.settings.get(Setting.MAX_FRAME_SIZE) ?? 16_384
  }

  /** The send window of new streams, in bytes. */
  get initialSendWindow(): number {
    return this.settings.get(Setting.INITIAL_WINDOW_SIZE) ?? DEFAULT_WINDOW
  }

  // Sending

  /** Writes one frame, valid or not. */
  sendFrame(type: number, flags: number, stream: number, payload: Uint8Array = Buffer.alloc(0)): void {
    this.sendFrames([{ type, flags, stream, payload: Buffer.from(payload) }])
  }

  /** Writes several frames at once. */
  sendFrames(frames: readonly Http2Frame[], done?: () => void): void {
    for (const frame of frames) this.#log?.out('frame', describeHttp2Frame(frame), frame.payload)
    this.#write(
      Buffer.concat(frames.map((one) => encodeHttp2Frame(one.type, one.flags, one.stream, one.payload))),
      done,
    )
  }

  /** Writes any bytes. Resolves when the operating system has accepted them. */
  sendBytes(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => this.#write(bytes, resolve))
  }

  /** Writes DATA for a stream and reduces the send windows. The log shows it as WebSocket frames. */
  sendData(stream: Http2Stream, data: Uint8Array, flags: number, done?: () => void): void {
    stream.sendWindow -= data.length
    this.sendWindow -= data.length
    this.#write(encodeHttp2Frame(FrameType.DATA, flags, stream.id, data), done)
  }

  sendSettings(settings: Http2Settings): void {
    this.sendFrame(FrameType.SETTINGS, 0, 0, encodeSettings(settings))
  }

  /** Sends WINDOW_UPDATE for a stream, or for the connection when the id is 0. */
  giveCredit(stream: number, size: number): void {
    if (stream === 0) this.#receiveWindow += size
    if (size > 0) this.#write(encodeHttp2Frame(FrameType.WINDOW_UPDATE, 0, stream, uint32(size)))
  }

  /** Returns a new stream without a request, for cases that send the HEADERS themselves. */
  createStream(): Http2Stream {
    const stream = new Http2Stream(this, this.#nextId, this.#initialWindow)
    this.#streams.set(this.#nextId, stream)
    this.#nextId += 2
    return stream
  }

  /** Sends a request: HEADERS with these fields, and any DATA in the same write. */
  request(
    fields: readonly Http2Field[],
    { isEnd = false, data }: { isEnd?: boolean; data?: Buffer } = {},
  ): Http2Stream {
    const stream = this.createStream()
    const flags = FrameFlag.END_HEADERS | (isEnd ? FrameFlag.END_STREAM : 0)
    this.#log?.out('http', fields.map((field) => field.join(': ')).join('\n'))
    const head = { type: FrameType.HEADERS, flags, stream: stream.id, payload: encodeFields(fields) }
    if (data === undefined) this.sendFrames([head])
    else this.sendFrames([head, { type: FrameType.DATA, flags: 0, stream: stream.id, payload: data }])
    return stream
  }

  /** Sends HEADERS on an open stream: trailer fields (RFC 9113 §8.1). */
  sendFields(stream: Http2Stream, fields: readonly Http2Field[], flags: number): void {
    this.sendFrame(FrameType.HEADERS, flags | FrameFlag.END_HEADERS, stream.id, encodeFields(fields))
  }

  /** Changes the receive window of new streams, and that of open streams by the difference (RFC 9113 §6.9.2). */
  changeInitialWindow(size: number): void {
    for (const stream of this.#streams.values()) stream.changeCredit(size - this.#initialWindow)
    this.#initialWindow = size
    this.sendSettings([[Setting.INITIAL_WINDOW_SIZE, size]])
  }

  /** Sends a PING and waits for its acknowledgment: the target has then read what was sent before (RFC 9113 §6.7). */
  ping(timeout: number): Promise<boolean> {
    const data = Buffer.alloc(8)
    data.writeUInt32BE(this.#pongs.size + 1)
    this.sendFrame(FrameType.PING, 0, 0, data)
    return this.until(() => this.#pongs.has(data.toString('hex')), timeout)
  }

  /** Closes the connection. Nothing is received after that. */
  destroy(): void {
    this.#transport.destroy()
    this.#onEnd()
  }

  /** Removes a stream that has ended. The connection remains open. */
  forget(stream: Http2Stream): void {
    this.#streams.delete(stream.id)
  }

  // Receiving

  /**
   * Waits until the condition is true, without a timeout for as long as the connection is open. Resolves to false on a
   * timeout or when the connection ends.
   */
  async until(condition: () => boolean, timeout?: number): Promise<boolean> {
    const check = (): boolean | undefined => condition() || (this.hasEnded ? false : undefined)
    return (await this.#arrivals.wait(timeout, check, { onTimeout: this.#onTimeout })) === true
  }

  #write(bytes: Buffer, done?: () => void): void {
    if (this.#transport.writable) this.#transport.write(bytes, () => done?.())
    else done?.()
  }

  #onData(chunk: Buffer): void {
    for (const frame of this.#reader.push(chunk)) this.#onFrame(frame)
    this.#arrivals.notify()
  }

  #onFrame(frame: Http2Frame): void {
    const stream = this.#streams.get(frame.stream)
    if (frame.type === FrameType.DATA) return this.#onDataFrame(frame, stream)
    this.#log?.in('frame', describeHttp2Frame(frame), frame.payload)
    switch (frame.type) {
      case FrameType.HEADERS:
      case FrameType.CONTINUATION:
        return this.#onBlock(frame)
      case FrameType.SETTINGS:
        return this.#onSettings(frame)
      case FrameType.RST_STREAM:
        return stream?.onReset(frame.payload.readUInt32BE(0))
      case FrameType.PING:
        if (frame.flags & FrameFlag.ACK) this.#pongs.add(frame.payload.toString('hex'))
        else this.sendFrame(FrameType.PING, FrameFlag.ACK, 0, frame.payload)
        return
      case FrameType.GOAWAY:
        this.goaway = frame.payload.readUInt32BE(4)
        return
      case FrameType.WINDOW_UPDATE:
        return this.#onWindowUpdate(frame.payload.readUInt32BE(0), frame.stream, stream)
    }
  }

  #onDataFrame(frame: Http2Frame, stream: Http2Stream | undefined): void {
    const size = frame.payload.length
    this.#receiveWindow -= size
    if (this.#receiveWindow < 0) this.faults.push('DATA above the window of the connection')
    this.giveCredit(0, size)
    stream?.onData(withoutPadding(frame), size, (frame.flags & FrameFlag.END_STREAM) !== 0)
  }

  #onBlock(frame: Http2Frame): void {
    this.#block ??= { frame, parts: [] }
    const isFirst = frame.type === FrameType.HEADERS
    this.#block.parts.push(isFirst ? withoutPadding(frame) : frame.payload)
    if ((frame.flags & FrameFlag.END_HEADERS) === 0) return
    const { frame: first, parts } = this.#block
    this.#block = null
    const fields = this.#decoder.decode(Buffer.concat(parts))
    this.#log?.in('http', fields.map((field) => field.join(': ')).join('\n'))
    this.#streams.get(first.stream)?.onFields(fields, (first.flags & FrameFlag.END_STREAM) !== 0)
  }

  #onSettings({ flags, payload }: Http2Frame): void {
    if (flags & FrameFlag.ACK) {
      this.acknowledged++
      return
    }
    const before = this.initialSendWindow
    for (const [id, value] of parseSettings(payload)) {
      this.settings.set(id, value)
      if (id === Setting.ENABLE_CONNECT_PROTOCOL) this.connectProtocol.push(value)
    }
    this.hasSettings = true
    this.sendFrame(FrameType.SETTINGS, FrameFlag.ACK, 0)
    for (const stream of this.#streams.values()) {
      stream.sendWindow += this.initialSendWindow - before
      stream.flush()
    }
  }

  #onWindowUpdate(size: number, id: number, stream: Http2Stream | undefined): void {
    if (id === 0) this.sendWindow += size
    else if (stream !== undefined) stream.sendWindow += size
    for (const each of this.#streams.values()) each.flush()
  }

  #onEnd(): void {
    if (this.hasEnded) return
    this.hasEnded = true
    this.#transport.destroy()
    const reason = this.goaway === null ? 'without GOAWAY' : `after GOAWAY ${nameHttp2Error(this.goaway)}`
    for (const stream of this.#streams.values()) stream.onLost(`the HTTP/2 connection ended ${reason}`)
    this.#arrivals.notify()
  }
}
