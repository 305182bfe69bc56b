import type { Socket } from 'node:net'
import { EMPTY } from '../core/empty.ts'
import { HandshakeError } from '../core/errors.ts'
import { type RequestHead, RequestHeadParser } from '../handshake/request-head.ts'
import { disownStream, ownStream, type StreamOwner } from '../transport/stream-owner.ts'
import { type TimerEntry, wheel } from '../transport/timing-wheel.ts'

/** Receives the outcome of one `HeadReader`; exactly one method is called, once. */
export interface HeadSink {
  /** Bytes of the largest head. */
  readonly maxHeadSize: number
  /** The head is complete; `text` is its latin1 source, `rest` what was read after it. */
  onHead(reader: HeadReader, head: RequestHead, text: string, rest: Buffer): void
  /** The socket begins with the preface of HTTP/2; `null` where HTTP/2 is refused. `rest` was read behind its head. */
  readonly onHttp2: ((reader: HeadReader, rest: Buffer) => void) | null
  /** The head is malformed, too large or late. */
  onHeadError(reader: HeadReader, error: HandshakeError): void
  /** The socket closed first. */
  onHeadGone(reader: HeadReader): void
}

/** What a client that knows that the server speaks HTTP/2 sends first, as far as it is a request head (RFC 9113 §3.4). */
export const HTTP2_PREFACE = 'PRI * HTTP/2.0\r\n\r\n'

/** Most heads arrive in one chunk and share this parser; a head that does not occupies it, and the next needs its own. */
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
    const error = new HandshakeError(408, 'ERR_WS_HANDSHAKE_TIMEOUT', 'no complete request in time')
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
