import { StringDecoder } from 'node:string_decoder'
import { WebSocketError } from '../../core/errors.ts'
import type { StreamSink } from '../../core/stream-assembler.ts'
import { countCopied } from '../../fast/freed-memory.ts'
import { callUser } from '../../user-code/user-code.ts'
import type { Data } from '../host.ts'
import { type Borrower, lend } from '../lent-bytes.ts'
import type { Link } from '../link.ts'

/** The callbacks for one message that is received in parts; see `Connection.streamMessages`. */
export interface StreamHandler {
  /**
   * Called with a part, never empty: a Buffer that the callback may keep and change, or a string that does not end
   * inside a character. Required unless there is `onBorrowedPart`.
   */
  onPart?(part: Data): unknown
  /**
   * When set, called instead of `onPart`, with memory that is reused after the callback returns. A part of a text
   * message is passed as validated UTF-8 bytes, which may end inside a character. Copy what you keep; an async function
   * returns at its first `await`. What you pass to `send` is copied if it has to wait. In tests, set
   * `DWEBSOCKET_DEBUG_BORROWED=1` in the environment: the bytes are then overwritten after each call, which reveals
   * views that are used too late.
   */
  onBorrowedPart?(bytes: Buffer): unknown
  /** Called when the message is complete. */
  onEnd?(): unknown
  /** Called with a WebSocketError `ERR_WS_STREAM_CUT` when the connection closes before the end of the message. */
  onAbort?(error: Error): unknown
}

/** Called when a message begins. Returns its callbacks, or undefined to discard the message. */
export type OnStream = (isBinary: boolean) => StreamHandler | null | undefined

/** Counts messages that are delivered in parts. */
export interface StreamCounter {
  /** Called when a message has begun. */
  countStream(): void
  /** Called when a part has arrived: the connection is not idle, and the message is not late. */
  countPart(): void
}

/** Delivers messages to the user in parts. */
export class StreamDelivery implements StreamSink, Borrower {
  onStream: OnStream
  readonly #link: Link
  readonly #counter: StreamCounter
  #handler: StreamHandler | null | undefined = null
  /** Joins characters that are split between parts; null for a binary message. */
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
    // The callback may have closed the connection before its handler was known.
    if (this.#link.protocol.state !== 'open') this.onStreamAbort()
  }

  onStreamPart(bytes: Buffer, start: number, end: number): void {
    this.#counter.countPart()
    const handler = this.#handler
    if (!handler) return
    const decoder = this.#decoder
    if (handler.onBorrowedPart !== undefined) return lend(bytes, start, end, decoder === null, this)
    countCopied(end - start)
    const view = bytes.subarray(start, end)
    const part = decoder === null ? Buffer.from(view) : decoder.write(view)
    if (part.length > 0) this.#call(() => handler.onPart!(part))
  }

  deliver(view: Buffer): void {
    const handler = this.#handler
    this.#call(() => handler?.onBorrowedPart?.(view))
  }

  onStreamEnd(): void {
    const handler = this.#handler
    this.#handler = null
    this.#call(() => handler?.onEnd?.())
  }

  /** Called after the current tick, when the reason for closing is known. */
  onStreamAbort(): void {
    const handler = this.#handler
    this.#handler = null
    if (handler?.onAbort === undefined) return
    process.nextTick(() => this.#call(() => handler.onAbort?.(this.#makeError())))
  }

  #makeError(): WebSocketError {
    const info = this.#link.closeInfo
    const why = info === null ? '' : `: ${info.code}${info.reason === '' ? '' : ` ${info.reason}`}`
    const message = `the connection closed before the end of the message${why}`
    return new WebSocketError('ERR_WS_STREAM_CUT', message, { cause: info?.error })
  }

  #call(callback: () => unknown): void {
    callUser(callback, (error) => this.#link.onUserError(error))
  }
}
