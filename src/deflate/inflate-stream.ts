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
  /** What was handed in last, and how much of it belongs to the message. */
  #input: Uint8Array = EMPTY
  #pieceLength = 0
  /** Input of this zlib stream before `#input`. */
  #before = 0
  /** Whether anything was handed in. */
  #hasInput = false
  #isLast = false
  #isPaused = false
  #finalBlocks = 0
  #padding: Buffer = EMPTY
  /** The end of the output so far: it may be the padding. */
  #tail: Buffer = EMPTY
  /** Bytes of the output so far, the padding included. */
  #length = 0
  /** Bytes of the output that the payload makes. */
  #messageLength = 0

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
    this.#before += this.#input.length
    this.#pieceLength = piece.length
    // The memory of the piece is reused when this returns.
    this.#input = Buffer.from(piece)
    const stream = this.#stream ?? this.#begin()
    if (piece.length === 0) this.#finishWrite(stream)
    else stream.write(this.#input, () => stream === this.#stream && this.#finishWrite(stream))
  }

  /** Input behind a block with BFINAL 1 is left: `end` follows, when a paused reader goes on. */
  #finishWrite(stream: InflateRaw): void {
    if (stream.bytesWritten - this.#before !== this.#input.length) return
    if (this.#isLast) this.#writeEnding(stream)
    else this.#sink.onInflatedPiece()
  }

  #writeEnding(stream: InflateRaw): void {
    const { ending, padding } = randomEnding()
    this.#padding = padding
    this.#messageLength = this.#length + stream.readableLength
    this.#input = Buffer.concat([this.#input, ending])
    stream.end(ending)
  }

  #begin(): InflateRaw {
    const { bytes } = this.#window
    const dictionary = bytes.length > 0 ? Buffer.from(bytes) : undefined
    const stream = createInflateRaw({ dictionary, chunkSize: CHUNK })
    this.#stream = stream
    this.#before = 0
    stream.on('data', (chunk: Buffer) => stream === this.#stream && this.#add(chunk))
    stream.on('error', (error) => stream === this.#stream && this.#fail(error))
    stream.on('end', () => stream === this.#stream && this.#finishStream(stream.bytesWritten - this.#before))
    if (this.#isPaused) stream.pause()
    return stream
  }

  /** Passes output on, but for as many bytes as the padding has. */
  #add(chunk: Buffer): void {
    this.#length += chunk.length
    const output = this.#tail.length > 0 ? Buffer.concat([this.#tail, chunk]) : chunk
    const end = Math.max(0, output.length - this.#padding.length)
    this.#tail = output.subarray(end)
    if (end > 0) this.#pass(output.subarray(0, end))
  }

  #pass(bytes: Buffer): void {
    this.#window.append(bytes)
    this.#sink.onInflated(bytes)
  }

  /** A zlib stream has ended after `consumed` bytes of the last input: at our ending, or at a block with BFINAL 1. */
  #finishStream(consumed: number): void {
    const isWhole = this.#isLast && consumed === this.#input.length
    if (isWhole) {
      const isPadding = this.#tail.equals(this.#padding)
      this.#dropStream()
      if (isPadding && this.#length === this.#messageLength + this.#padding.length) this.#sink.onInflatedPiece()
      else this.#fail(cutShort())
      return
    }
    if (consumed > this.#pieceLength) return this.#fail(cutShort())
    const rest = this.#input.subarray(consumed, this.#pieceLength)
    this.#dropStream()
    if (this.#tail.length > 0) this.#pass(this.#tail)
    this.#tail = EMPTY
    this.#input = EMPTY
    if (++this.#finalBlocks > MAX_FINAL_BLOCKS) this.#fail(tooManyFinalBlocks())
    else if (rest.length > 0) this.#write(rest)
    // A sender that ends its stream sends no empty block behind it; nothing is missing, so nothing is refused.
    else this.#sink.onInflatedPiece()
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
