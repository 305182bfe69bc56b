import { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { type FrameRange, firstByte, headerSize, maskFrame, writeHeader } from '../../core/frame-encoder.ts'
import { copyBytes } from '../../fast/copy-bytes.ts'
import { fastEngine } from '../../fast/engine.ts'
import { countWritten } from '../../transport/stream-owner.ts'
import { isLent } from '../lent-bytes.ts'
import { corkBuffer } from './cork-buffer.ts'
import { isEndOfTick } from './end-of-tick.ts'
import { COPY_LIMIT } from './outgoing.ts'

/** Longer writes to streams other than sockets are divided into slices. */
const LONG_WRITE = 256 * 1024
const SLICE_SIZE = 64 * 1024

/** The callback of an outbox. */
export interface OutboxSink {
  /** Called when the outbox has passed `size` bytes to the stream. */
  onWritten(size: number): void
}

/** The array of an outbox that has no frames outside the cork buffer. */
const NONE: Buffer[] = []

/**
 * Collects the frames that a connection sends within a tick, so that they are written together. Between `cork` and
 * `uncork` (in a read callback) they wait for `uncork`, otherwise for the end of the tick, after its promise jobs.
 */
export class Outbox {
  readonly #stream: Writable
  /** Whether the bytes of a write are no longer needed when `writableLength` is 0. */
  readonly #isSocket: boolean
  /** Returns the masking key of the next frame (client role, RFC 6455 §5.3); null on a server. */
  readonly #maskingKey: (() => Uint8Array) | null
  /** Frames that wait outside the cork buffer, in order. */
  #waiting: Buffer[] = NONE
  #waitingBytes = 0
  #corked = false
  #scheduled = false

  readonly #sink: OutboxSink | null

  constructor(stream: Writable, maskingKey: (() => Uint8Array) | null = null, sink: OutboxSink | null = null) {
    this.#stream = stream
    this.#isSocket = stream instanceof Socket
    this.#maskingKey = maskingKey
    this.#sink = sink
  }

  /** Whether the frames of this side are masked (client role, RFC 6455 §5.3). */
  get masksFrames(): boolean {
    return this.#maskingKey !== null
  }

  /** Number of bytes that the kernel has not accepted. */
  get bufferedAmount(): number {
    return this.#stream.writableLength + this.#waitingBytes + this.#corkedBytes()
  }

  /** Whether the outbox has no state and may be released. */
  get isIdle(): boolean {
    return !this.#corked && !this.#scheduled && this.#waiting.length === 0 && corkBuffer.owner !== this
  }

  /**
   * An upper bound on `bufferedAmount`, because reading `writableLength` for each frame would double the cost of a
   * frame.
   */
  get bufferedAtMost(): number {
    const { owner, ownerBacklog, start, end } = corkBuffer
    return owner === this ? ownerBacklog + this.#waitingBytes + end - start : this.bufferedAmount
  }

  #corkedBytes(): number {
    return corkBuffer.owner === this ? corkBuffer.end - corkBuffer.start : 0
  }

  /** From now on frames wait for `uncork`. */
  cork(): void {
    this.#corked = true
  }

  uncork(): void {
    this.#corked = false
    this.flush()
  }

  /** Queues a frame with a binary payload. A payload of more than 16 KiB must not change until it is written. */
  sendBytes(opcode: number, payload: Uint8Array, rsv1 = false): void {
    this.sendFrame(firstByte(opcode, true, rsv1), payload)
  }

  /** Like `sendBytes`, with the first byte of the header. */
  sendFrame(first: number, payload: Uint8Array): void {
    if (this.#claim(payload.length)) {
      const at = this.#writeHeader(corkBuffer.bytes, corkBuffer.end, first, payload.length)
      copyBytes(corkBuffer.bytes, payload, at)
      this.#finishFrame(at, at + payload.length)
    } else {
      this.#wait(first, payload)
    }
    this.#schedule()
  }

  /** Queues a frame with a text payload. */
  sendText(opcode: number, text: string): void {
    if (!this.#claimText(text)) return this.#waitText(opcode, text)
    const { bytes, end } = corkBuffer
    // The text is written where the payload of an ASCII text would begin, and moved when the header is longer.
    const guess = end + headerSize(text.length) + this.#keySize()
    const length = bytes.write(text, guess)
    const payloadAt = end + headerSize(length) + this.#keySize()
    if (payloadAt !== guess) bytes.copyWithin(payloadAt, guess, guess + length)
    this.#writeHeader(bytes, end, firstByte(opcode), length)
    this.#finishFrame(payloadAt, payloadAt + length)
    this.#schedule()
  }

  /** Queues encoded frames unchanged, or writes them when nothing else can follow in this tick. */
  sendEncoded(frames: Buffer): void {
    if (isEndOfTick && this.isIdle) return this.#write(frames)
    if (this.#claim(frames.length)) {
      copyBytes(corkBuffer.bytes, frames, corkBuffer.end)
      corkBuffer.end += frames.length
    } else {
      this.#takeBack()
      this.#push(frames)
    }
    this.#schedule()
  }

  /** Resolves when at most `mark` bytes are waiting, when nothing is waiting, or when the stream ends. */
  room(mark: number): Promise<void> {
    this.flush()
    const stream = this.#stream
    if (stream.writableLength <= mark || !stream.writable) return Promise.resolve()
    return new Promise((resolve) => stream.write('', () => resolve()))
  }

  /** Passes everything that is waiting to the stream, in one write. */
  flush(): void {
    if (corkBuffer.owner === this) this.#flushCorked()
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    const size = this.#waitingBytes
    this.#waiting = NONE
    this.#waitingBytes = 0
    if (waiting.length === 1) return this.#write(waiting[0])
    if (this.#stream.destroyed || this.#stream.writableEnded) return
    if (!this.#isSocket && size > LONG_WRITE) {
      for (const frame of waiting) this.#writeSlices(frame)
    } else {
      this.#stream.cork()
      for (const frame of waiting) this.#stream.write(frame)
      this.#stream.uncork()
    }
    this.#reportWritten(size)
  }

  #write(frame: Buffer): void {
    const stream = this.#stream
    if (stream.destroyed || stream.writableEnded) return
    if (!this.#isSocket && frame.length > LONG_WRITE) this.#writeSlices(frame)
    else stream.write(frame)
    this.#reportWritten(frame.length)
  }

  /** Writes in slices, because only sockets report the progress of a long write, and so whether the peer reads. */
  #writeSlices(frame: Buffer): void {
    for (let at = 0; at < frame.length; at += SLICE_SIZE) this.#stream.write(frame.subarray(at, at + SLICE_SIZE))
  }

  #reportWritten(size: number): void {
    if (!this.#isSocket) countWritten(this.#stream, size)
    this.#sink?.onWritten(size)
  }

  #keySize(): number {
    return this.masksFrames ? 4 : 0
  }

  /**
   * Returns whether this outbox owns the cork buffer and the buffer has room. Copying 16 KiB costs less than writing a
   * second buffer.
   */
  #claim(length: number): boolean {
    return length <= COPY_LIMIT && this.#claimRoom(length)
  }

  #claimRoom(length: number): boolean {
    if (this.#waiting.length > 0) return false
    if (corkBuffer.owner === null) this.#own()
    else if (corkBuffer.owner !== this) return false
    return corkBuffer.hasRoom(length) || this.#makeRoom(length)
  }

  #makeRoom(length: number): boolean {
    this.#flushCorked()
    // A stream inside the process may have sent on another connection during the write.
    if (corkBuffer.owner !== null) return false
    this.#own()
    if (!corkBuffer.hasRoom(length)) corkBuffer.replace()
    return true
  }

  /** Like `#claim`, for a text. A UTF-16 code unit becomes at most 3 bytes, so exact counting is rarely needed. */
  #claimText(text: string): boolean {
    const most = text.length * 3
    if (most <= COPY_LIMIT || corkBuffer.hasRoom(most)) return this.#claimRoom(most)
    return text.length <= COPY_LIMIT && this.#claim(Buffer.byteLength(text))
  }

  #own(): void {
    corkBuffer.owner = this
    corkBuffer.ownerBacklog = this.#stream.writableLength
  }

  #writeHeader(target: Buffer, at: number, first: number, length: number): number {
    return writeHeader(target, at, first, length) + this.#keySize()
  }

  #finishFrame(payloadAt: number, end: number): void {
    if (this.#maskingKey !== null) this.#mask(corkBuffer.bytes, { start: corkBuffer.end, payload: payloadAt, end })
    corkBuffer.end = end
  }

  #mask(bytes: Buffer, frame: FrameRange): void {
    maskFrame(bytes, frame, this.#maskingKey!(), fastEngine)
  }

  #wait(first: number, payload: Uint8Array): void {
    const isWhole = payload.length <= COPY_LIMIT || this.#maskingKey !== null || isLent(payload)
    this.#waitFrame(first, payload.length, isWhole, (frame, at) => frame.set(payload, at))
    if (!isWhole) this.#push(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength))
  }

  /** Queues a header in a buffer of its own. When `isWhole`, `write` adds the payload to the same buffer. */
  #waitFrame(first: number, length: number, isWhole: boolean, write: (frame: Buffer, at: number) => void): void {
    this.#takeBack()
    const at = headerSize(length) + this.#keySize()
    const frame = Buffer.allocUnsafe(isWhole ? at + length : at)
    this.#writeHeader(frame, 0, first, length)
    if (isWhole) write(frame, at)
    if (this.#maskingKey !== null) this.#mask(frame, { start: 0, payload: at, end: frame.length })
    this.#push(frame)
  }

  /** Queues header and text in one buffer. ASCII is written as Latin-1, which is 1.4 times faster. */
  #waitText(opcode: number, text: string): void {
    const length = Buffer.byteLength(text)
    const encoding = length === text.length ? 'latin1' : 'utf8'
    this.#waitFrame(firstByte(opcode), length, true, (frame, at) => frame.write(text, at, encoding))
    this.#schedule()
  }

  #push(bytes: Buffer): void {
    // V8 reserves room for 17 elements when an empty array grows.
    if (this.#waiting === NONE) this.#waiting = [bytes]
    else this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
  }

  #schedule(): void {
    if (this.#corked || this.#scheduled) return
    this.#scheduled = true
    process.nextTick(flushScheduled, this)
  }

  /** Called at the end of the tick. */
  onTick(): void {
    this.#scheduled = false
    if (!this.#corked) this.flush()
  }

  #flushCorked(): void {
    const range = corkBuffer.take()
    const stream = this.#stream
    if (range.length === 0 || stream.destroyed || stream.writableEnded) return
    // A stream inside the process may pass the bytes on without a copy, and call back before the write returns.
    stream.write(this.#isSocket ? range : Buffer.from(range))
    if (this.#isSocket && stream.writableLength > 0) corkBuffer.skip(range)
    this.#reportWritten(range.length)
  }

  /** Moves the content of the cork buffer to the array, before frames that are added there. */
  #takeBack(): void {
    if (corkBuffer.owner !== this) return
    const range = corkBuffer.take()
    if (range.length > 0) this.#push(Buffer.from(range))
  }
}

function flushScheduled(outbox: Outbox): void {
  outbox.onTick()
}
