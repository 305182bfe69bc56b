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

/** Writes of more bytes than this go to streams other than sockets in slices. */
const LONG_WRITE = 256 * 1024
const SLICE_SIZE = 64 * 1024

/** The callback of an outbox. */
export interface OutboxSink {
  /** The outbox has handed so many bytes to the stream. */
  onWritten(size: number): void
}

/** The list of an outbox without frames outside the cork buffer. */
const NONE: Buffer[] = []

/**
 * Gathers the frames that one connection sends within a tick, so that they leave in one write. Between `cork` and
 * `uncork` (a read callback) they wait for `uncork`, otherwise for the end of the tick, after its promise jobs.
 */
export class Outbox {
  readonly #stream: Writable
  /** Whether a write no longer needs its bytes once `writableLength` is 0. */
  readonly #isSocket: boolean
  /** Returns the masking key of the next frame (client role, RFC 6455 §5.3); null for a server. */
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

  /** Bytes handed in that the kernel has not accepted. */
  get bufferedAmount(): number {
    return this.#stream.writableLength + this.#waitingBytes + this.#corkedBytes()
  }

  /** Whether it holds no state and may be dropped. */
  get isIdle(): boolean {
    return !this.#corked && !this.#scheduled && this.#waiting.length === 0 && corkBuffer.owner !== this
  }

  /** Upper bound of `bufferedAmount`: reading `writableLength` again while frames are gathered costs as much as a frame. */
  get bufferedAtMost(): number {
    const { owner, ownerBacklog, start, end } = corkBuffer
    return owner === this ? ownerBacklog + this.#waitingBytes + end - start : this.bufferedAmount
  }

  #corkedBytes(): number {
    return corkBuffer.owner === this ? corkBuffer.end - corkBuffer.start : 0
  }

  /** From here on frames wait for `uncork`. */
  cork(): void {
    this.#corked = true
  }

  uncork(): void {
    this.#corked = false
    this.flush()
  }

  /** Queues a frame with a binary payload; above 16 KiB `payload` must not change until it was written. */
  sendBytes(opcode: number, payload: Uint8Array, rsv1 = false): void {
    this.sendFrame(firstByte(opcode, true, rsv1), payload)
  }

  /** As `sendBytes`, with the first byte of the header. */
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
    // The text goes where the header of an ASCII text would end, and moves when its header is longer.
    const guess = end + headerSize(text.length) + this.#keySize()
    const length = bytes.write(text, guess)
    const payloadAt = end + headerSize(length) + this.#keySize()
    if (payloadAt !== guess) bytes.copyWithin(payloadAt, guess, guess + length)
    this.#writeHeader(bytes, end, firstByte(opcode), length)
    this.#finishFrame(payloadAt, payloadAt + length)
    this.#schedule()
  }

  /** Queues frames that are already encoded. At the end of the tick they are written at once. */
  sendEncoded(frames: Buffer): void {
    const isLast = isEndOfTick && this.isIdle
    if (!isLast && this.#claim(frames.length)) {
      copyBytes(corkBuffer.bytes, frames, corkBuffer.end)
      corkBuffer.end += frames.length
    } else {
      this.#takeBack()
      this.#push(frames)
    }
    if (isLast) this.flush()
    else this.#schedule()
  }

  /** Resolves when at most `mark` bytes wait, or once nothing does; also when the stream ends. */
  room(mark: number): Promise<void> {
    this.flush()
    const stream = this.#stream
    if (stream.writableLength <= mark || !stream.writable) return Promise.resolve()
    return new Promise((resolve) => stream.write('', () => resolve()))
  }

  /** Hands everything that waits to the stream, in one write. */
  flush(): void {
    if (corkBuffer.owner === this) this.#flushCorked()
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    const size = this.#waitingBytes
    this.#waiting = NONE
    this.#waitingBytes = 0
    if (this.#stream.destroyed || this.#stream.writableEnded) return
    if (!this.#isSocket && size > LONG_WRITE) {
      for (const frame of waiting) this.#writeSlices(frame)
    } else if (waiting.length === 1) {
      this.#stream.write(waiting[0])
    } else {
      this.#stream.cork()
      for (const frame of waiting) this.#stream.write(frame)
      this.#stream.uncork()
    }
    this.#reportWritten(size)
  }

  /** In slices: only sockets tell how far a long write has come, and so whether the peer reads. */
  #writeSlices(frame: Buffer): void {
    for (let at = 0; at < frame.length; at += SLICE_SIZE) this.#stream.write(frame.subarray(at, at + SLICE_SIZE))
  }

  #reportWritten(size: number): void {
    if (!this.#isSocket) countWritten(this.#stream, size)
    this.#sink?.onWritten(size)
  }

  #keySize(): number {
    return this.#maskingKey === null ? 0 : 4
  }

  /** Whether the cork buffer is this outbox's and has room: copying 16 KiB costs less than a second buffer in the write. */
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

  /** A UTF-16 unit becomes at most 3 bytes: a long text is counted only where there is no room for so many. */
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

  /** Queues a header in a buffer of its own; when `isWhole`, the payload follows there, written by `write`. */
  #waitFrame(first: number, length: number, isWhole: boolean, write: (frame: Buffer, at: number) => void): void {
    this.#takeBack()
    const at = headerSize(length) + this.#keySize()
    const frame = Buffer.allocUnsafe(isWhole ? at + length : at)
    this.#writeHeader(frame, 0, first, length)
    if (isWhole) write(frame, at)
    if (this.#maskingKey !== null) this.#mask(frame, { start: 0, payload: at, end: frame.length })
    this.#push(frame)
  }

  /** Header and text in one buffer; ASCII, which has as many bytes as units, is written 1.4 times faster as Latin-1. */
  #waitText(opcode: number, text: string): void {
    const length = Buffer.byteLength(text)
    const encoding = length === text.length ? 'latin1' : 'utf8'
    this.#waitFrame(firstByte(opcode), length, true, (frame, at) => frame.write(text, at, encoding))
    this.#schedule()
  }

  #push(bytes: Buffer): void {
    if (this.#waiting === NONE) this.#waiting = []
    this.#waiting.push(bytes)
    this.#waitingBytes += bytes.length
  }

  #schedule(): void {
    if (this.#corked || this.#scheduled) return
    this.#scheduled = true
    process.nextTick(flushScheduled, this)
  }

  /** Runs at the end of the tick. */
  onTick(): void {
    this.#scheduled = false
    if (!this.#corked) this.flush()
  }

  #flushCorked(): void {
    const range = corkBuffer.take()
    const stream = this.#stream
    if (range.length === 0 || stream.destroyed || stream.writableEnded) return
    // A stream inside the process may pass the bytes on as they are, and call back before the write returns.
    stream.write(this.#isSocket ? range : Buffer.from(range))
    if (this.#isSocket && stream.writableLength > 0) corkBuffer.skip(range)
    this.#reportWritten(range.length)
  }

  /** Moves what lies in the cork buffer to the list, before frames that go there. */
  #takeBack(): void {
    if (corkBuffer.owner !== this) return
    const range = corkBuffer.take()
    if (range.length > 0) this.#push(Buffer.from(range))
  }
}

function flushScheduled(outbox: Outbox): void {
  outbox.onTick()
}
