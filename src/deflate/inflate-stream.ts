import { createInflateRaw, type InflateRaw } from 'node:zlib'
import { EMPTY } from '../core/empty.ts'
import type { InflateSink, MessageInflater } from '../core/message-codec.ts'
import type { History } from './history.ts'
import { asProtocolError, cutShort, MAX_FINAL_BLOCKS, randomEnding, tooManyFinalBlocks } from './inflation.ts'

/** Size in bytes of one part of the output. zlib produces a few more of them after a pause. */
const CHUNK = 32 * 1024
/** Memory in bytes that a stream uses: window and tables of zlib, its output, and the piece. */
export const INFLATE_STREAM_MEMORY = 160 * 1024

/**
 * Decompresses one message piece by piece in the thread pool (RFC 7692 §7.2.2). zlib stops while its output is not
 * read, so that a small payload with a huge output needs no more memory than any other. The end of the message is
 * checked as in `Inflation`. Truncated stored blocks need no second pass here: the ending is written after all output
 * of the payload has arrived, so the length of that output is known.
 */
export class InflateStream implements MessageInflater {
  readonly #sink: InflateSink
  /** The last output, which later blocks and messages may refer to. */
  readonly #window: History
  readonly #onRelease: () => void
  #stream: InflateRaw | null = null
  /** The last piece passed to `push`. */
  #piece: Buffer = EMPTY
  /** Number of input bytes of this zlib stream before `#piece`. */
  #before = 0
  /** Whether any input was passed. */
  #hasInput = false
  #isLast = false
  #isPaused = false
  #finalBlocks = 0
  /** Number of bytes of output so far. */
  #length = 0
  /** Number of bytes that the payload inflates to. Known when the ending is written. */
  #messageLength = Number.POSITIVE_INFINITY
  #ending: ReturnType<typeof randomEnding> = { ending: EMPTY, padding: EMPTY }
  /** The output of the ending. It equals the padding when the message is complete. */
  #tail: Buffer = EMPTY

  constructor(sink: InflateSink, window: History, onRelease: () => void) {
    this.#sink = sink
    this.#window = window
    this.#onRelease = onRelease
  }

  push(piece: Uint8Array, last: boolean): void {
    this.#hasInput ||= piece.length > 0
    // An empty payload does not even contain an empty block. It can only mean the empty message.
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
    // The caller reuses the memory of the piece after this call.
    this.#piece = Buffer.from(piece)
    const stream = this.#stream ?? this.#begin()
    this.#before = stream.bytesWritten
    if (piece.length === 0) this.#finishWrite(stream)
    else stream.write(this.#piece, () => stream === this.#stream && this.#finishWrite(stream))
  }

  /** Called when zlib has read the piece. Input left after a block with BFINAL 1 is handled on `end`. */
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

  /** Delivers the output that belongs to the message. */
  #add(chunk: Buffer): void {
    const bytes = chunk.subarray(0, this.#messageLength - this.#length)
    this.#length += bytes.length
    if (bytes.length < chunk.length) this.#tail = Buffer.concat([this.#tail, chunk.subarray(bytes.length)])
    if (bytes.length === 0) return
    this.#window.append(bytes)
    this.#sink.onInflated(bytes)
  }

  /** Called when a zlib stream has ended with a block with BFINAL 1, `excess` bytes after the last piece. */
  #finishStream(excess: number): void {
    const { ending, padding } = this.#ending
    const isWhole = excess === ending.length && this.#tail.equals(padding)
    if (excess > 0 && !isWhole) return this.#fail(cutShort())
    const rest = this.#piece.subarray(this.#piece.length + excess)
    this.#dropStream()
    // A sender may omit the empty block after a block with BFINAL 1. Nothing is missing then, so it is accepted.
    if (excess >= 0) this.#sink.onInflatedPiece()
    else if (++this.#finalBlocks > MAX_FINAL_BLOCKS) this.#fail(tooManyFinalBlocks())
    else this.#write(rest)
  }

  #fail(error: Error): void {
    this.#dropStream()
    this.#sink.onInflateError(asProtocolError(error))
  }

  #dropStream(): void {
    // The listeners stay attached, and ignore later events of the destroyed stream.
    this.#stream?.destroy()
    this.#stream = null
  }
}
