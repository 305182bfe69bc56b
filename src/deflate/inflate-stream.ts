import { createInflateRaw, type InflateRaw } from 'node:zlib'
import { EMPTY } from '../core/empty.ts'
import type { InflateSink, MessageInflater } from '../core/message-codec.ts'
import type { History } from './history.ts'
import { asProtocolError, cutShort, MAX_FINAL_BLOCKS, randomEnding, tooManyFinalBlocks } from './inflation.ts'

/** Bytes of one part of the output; zlib is ahead of a paused reader by a few of them. */
const CHUNK = 32 * 1024
/** Bytes that a stream uses: the window and tables of zlib, its output and the piece. */
export const INFLATE_STREAM_MEMORY = 160 * 1024

/**
 * Inflates one message piece by piece in the thread pool (RFC 7692 §7.2.2). Output that nobody reads stops zlib, so that
 * a small message which inflates to a huge one occupies no more memory than any other. The end of the message is checked
 * as in `Inflation`. A stored block that is cut short is found without a second pass: the ending goes to zlib behind all
 * the output of the payload, whose length is known then.
 */
export class InflateStream implements MessageInflater {
  readonly #sink: InflateSink
  /** The last output, which later blocks and messages may refer to. */
  readonly #window: History
  readonly #onRelease: () => void
  #stream: InflateRaw | null = null
  /** What was handed in last. */
  #piece: Buffer = EMPTY
  /** Input of this zlib stream before `#piece`. */
  #before = 0
  /** Whether anything was handed in. */
  #hasInput = false
  #isLast = false
  #isPaused = false
  #finalBlocks = 0
  /** Bytes of the output so far. */
  #length = 0
  /** Bytes of the output that the payload makes, known before the ending goes to zlib. */
  #messageLength = Number.POSITIVE_INFINITY
  #ending: ReturnType<typeof randomEnding> = { ending: EMPTY, padding: EMPTY }
  /** What the ending has made: the padding, if the message is whole. */
  #tail: Buffer = EMPTY

  constructor(sink: InflateSink, window: History, onRelease: () => void) {
    this.#sink = sink
    this.#window = window
    this.#onRelease = onRelease
  }

  push(piece: Uint8Array, last: boolean): void {
    this.#hasInput ||= piece.length > 0
    // Not even an empty block; read as the empty message it can only mean.
    if (!this.#hasInput) return this.#sink.onInflatedPiece()
    this.#isLast = last
    this.#write(piece)
  }

  pause(): void {
    this.#isPaused = true
    this.#stream?.pause()
  }

  resume(): void {
    this.#isPaused = false
    this.#stream?.resume()
  }

  release(): void {
    this.#dropStream()
    this.#onRelease()
  }

  #write(piece: Uint8Array): void {
    // The memory of the piece is reused when this returns.
    this.#piece = Buffer.from(piece)
    const stream = this.#stream ?? this.#begin()
    this.#before = stream.bytesWritten
    if (piece.length === 0) this.#finishWrite(stream)
    else stream.write(this.#piece, () => stream === this.#stream && this.#finishWrite(stream))
  }

  /** Where input is left behind a block with BFINAL 1, `end` follows, when a paused reader goes on. */
  #finishWrite(stream: InflateRaw): void {
    if (stream.bytesWritten - this.#before < this.#piece.length) return
    if (!this.#isLast) return this.#sink.onInflatedPiece()
    this.#ending = randomEnding()
    this.#messageLength = this.#length + stream.readableLength
    stream.end(this.#ending.ending)
  }

  #begin(): InflateRaw {
    const { bytes } = this.#window
    const dictionary = bytes.length > 0 ? Buffer.from(bytes) : undefined
    const stream = createInflateRaw({ dictionary, chunkSize: CHUNK })
    this.#stream = stream
    stream.on('data', (chunk: Buffer) => stream === this.#stream && this.#add(chunk))
    stream.on('error', (error) => stream === this.#stream && this.#fail(error))
    stream.on(
      'end',
      () => stream === this.#stream && this.#finishStream(stream.bytesWritten - this.#before - this.#piece.length),
    )
    if (this.#isPaused) stream.pause()
    return stream
  }

  /** Passes on what belongs to the message. */
  #add(chunk: Buffer): void {
    const bytes = chunk.subarray(0, this.#messageLength - this.#length)
    this.#length += bytes.length
    if (bytes.length < chunk.length) this.#tail = Buffer.concat([this.#tail, chunk.subarray(bytes.length)])
    if (bytes.length === 0) return
    this.#window.append(bytes)
    this.#sink.onInflated(bytes)
  }

  /** A zlib stream has ended at a block with BFINAL 1, so many bytes behind the last piece: our own, or one of the sender. */
  #finishStream(excess: number): void {
    const { ending, padding } = this.#ending
    const isWhole = excess === ending.length && this.#tail.equals(padding)
    if (excess > 0 && !isWhole) return this.#fail(cutShort())
    const rest = this.#piece.subarray(this.#piece.length + excess)
    this.#dropStream()
    // A sender that ends its stream sends no empty block behind it; nothing is missing, so nothing is refused.
    if (excess >= 0) this.#sink.onInflatedPiece()
    else if (++this.#finalBlocks > MAX_FINAL_BLOCKS) this.#fail(tooManyFinalBlocks())
    else this.#write(rest)
  }

  #fail(error: Error): void {
    this.#dropStream()
    this.#sink.onInflateError(asProtocolError(error))
  }

  #dropStream(): void {
    // The listeners stay and ignore what a dropped stream still emits.
    this.#stream?.destroy()
    this.#stream = null
  }
}
