import { StringDecoder } from 'node:string_decoder'
import { WebSocketError } from '../../core/errors.ts'
import type { StreamSink } from '../../core/stream-assembler.ts'
import { callUser } from '../../user-code/user-code.ts'
import type { Data } from '../host.ts'
import type { Link } from '../link.ts'

/** Receives one message in parts; see `Connection.streamMessages`. */
export interface StreamHandler {
  /** A part, never empty: a Buffer that belongs to the receiver, or a string that ends between two characters. */
  onPart(part: Data): unknown
  /** The message is complete. */
  onEnd?(): unknown
  /** The connection closes in the middle of the message; `ERR_WS_STREAM_CUT`. */
  onAbort?(error: Error): unknown
}

/** Called when a message begins; returns what receives it, or nothing to discard it. */
export type OnStream = (isBinary: boolean) => StreamHandler | null | undefined

/** Counts what is delivered in parts. */
export interface StreamCounter {
  /** A message has begun. */
  countStream(): void
  /** A part has arrived: the connection is not idle, and the message not late. */
  countPart(): void
}

/** Delivers messages to the user in parts. */
export class StreamDelivery implements StreamSink {
  onStream: OnStream
  readonly #link: Link
  readonly #counter: StreamCounter
  #handler: StreamHandler | null | undefined = null
  /** Joins characters that the end of a part cut; null for a binary message. */
  #decoder: StringDecoder | null = null

  constructor(link: Link, counter: StreamCounter, onStream: OnStream) {
    this.#link = link
    this.#counter = counter
    this.onStream = onStream
  }

  onStreamBegin(isText: boolean): void {
    this.#counter.countStream()
    this.#handler = null
    this.#decoder = isText ? new StringDecoder() : null
    this.#call(() => {
      this.#handler = this.onStream(!isText)
    })
  }

  onStreamPart(bytes: Buffer, start: number, end: number): void {
    this.#counter.countPart()
    const handler = this.#handler
    if (!handler) return
    const view = bytes.subarray(start, end)
    const part = this.#decoder === null ? Buffer.from(view) : this.#decoder.write(view)
    if (part.length > 0) this.#call(() => handler.onPart(part))
  }

  onStreamEnd(): void {
    const handler = this.#handler
    this.#handler = null
    this.#call(() => handler?.onEnd?.())
  }

  /** After the current tick: why the connection closes is known then. */
  onStreamAbort(): void {
    const handler = this.#handler
    this.#handler = null
    if (handler?.onAbort === undefined) return
    process.nextTick(() => this.#call(() => handler.onAbort?.(this.#makeError())))
  }

  #makeError(): WebSocketError {
    const info = this.#link.closeInfo
    const why = info === null ? '' : `: ${info.code}${info.reason === '' ? '' : ` ${info.reason}`}`
    const message = `the connection closed in the middle of the message${why}`
    return new WebSocketError('ERR_WS_STREAM_CUT', message, { cause: info?.error })
  }

  #call(callback: () => unknown): void {
    callUser(callback, (error) => this.#link.onUserError(error))
  }
}
