import type { Socket } from 'node:net'
import { EMPTY } from '../core/empty.ts'
import { HandshakeError } from '../core/errors.ts'
import { type RequestHead, RequestHeadParser } from '../handshake/request-head.ts'
import { disownStream, ownStream, type StreamOwner } from '../transport/stream-owner.ts'
import { type TimerEntry, wheel } from '../transport/timing-wheel.ts'

/** The callbacks of a `HeadReader`. Exactly one of them is called, once. */
export interface HeadSink {
  /** Maximum size of a request head in bytes. */
  readonly maxHeadSize: number
  /** Called with a complete request head. `text` is the head as Latin-1, `rest` contains the bytes that followed it. */
  onHead(reader: HeadReader, head: RequestHead, text: string, rest: Buffer): void
  /** Called with the bytes that followed the HTTP/2 preface, when the socket begins with it; null to refuse HTTP/2. */
  readonly onHttp2: ((reader: HeadReader, rest: Buffer) => void) | null
  /** Called when the request head is malformed, too large or too late. */
  onHeadError(reader: HeadReader, error: HandshakeError): void
  /** Called when the socket has closed before any of these events. */
  onHeadGone(reader: HeadReader): void
}

/** The beginning of the HTTP/2 client preface that has the form of a request head (RFC 9113 §3.4). */
export const HTTP2_PREFACE = 'PRI * HTTP/2.0\r\n\r\n'

/**
 * Shared, because most request heads arrive in one chunk. A reader that needs more chunks keeps the parser meanwhile.
 */
let spare: RequestHeadParser | null = null

function takeParser(maxSize: number): RequestHeadParser {
  const parser = spare?.maxSize === maxSize ? spare : new RequestHeadParser({ maxSize })
  if (parser === spare) spare = null
  return parser
}

/** Reads the head of the first request on a socket (RFC 9112 §2.1). */
export class HeadReader implements StreamOwner, TimerEntry {
  readonly socket: Socket
  readonly #sink: HeadSink
  #parser: RequestHeadParser | null = null
  timerNext: TimerEntry | null = null
  timerPrevious: TimerEntry | null = null
  timerSlot = -1
  timerDue = 0

  /** @param timeout Milliseconds until the head must be complete. */
  constructor(socket: Socket, sink: HeadSink, timeout: number) {
    this.socket = socket
    this.#sink = sink
    ownStream(socket, this)
    wheel.schedule(this, timeout)
  }

  destroy(): void {
    this.#release()
    this.socket.destroy()
    this.#sink.onHeadGone(this)
  }

  onTimer(): void {
    this.#release()
    const error = new HandshakeError(408, 'ERR_WS_HANDSHAKE_TIMEOUT', 'no complete request head in time')
    this.#sink.onHeadError(this, error)
  }

  onBytes(bytes: Buffer, start: number, end: number): void {
    const parser = this.#parser ?? takeParser(this.#sink.maxHeadSize)
    this.#parser = parser
    let head: RequestHead | null
    try {
      head = parser.push(bytes, start, end)
    } catch (error) {
      if (!(error instanceof HandshakeError)) throw error
      if (parser.text === HTTP2_PREFACE && this.#sink.onHttp2 !== null) {
        const restAt = start + HTTP2_PREFACE.length - parser.stored.length
        this.#release()
        return this.#sink.onHttp2(this, Buffer.from(bytes.subarray(restAt, end)))
      }
      this.#release()
      return this.#sink.onHeadError(this, error)
    }
    if (head === null) return
    const { text } = parser
    this.#release()
    const rest = head.end === end ? EMPTY : Buffer.from(bytes.subarray(head.end, end))
    this.#sink.onHead(this, head, text, rest)
  }

  onStreamEnd(): void {
    this.destroy()
  }

  onStreamError(): void {
    this.destroy()
  }

  onStreamClose(): void {
    this.destroy()
  }

  onStreamDrain(): void {}

  #release(): void {
    wheel.cancel(this)
    disownStream(this.socket)
    this.#parser?.restart()
    spare ??= this.#parser
  }
}
