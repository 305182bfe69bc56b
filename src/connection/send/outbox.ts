import { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import { type FrameRange, firstByte, headerSize, maskFrame, writeHeader } from '../../core/frame-encoder.ts'
import { fastEngine } from '../../fast/engine.ts'

/** Frames up to this size are copied into the shared buffer: copying 16 KiB costs less than a second buffer in the write. */
export const COPY_LIMIT = 16 * 1024
const SHARED_SIZE = 64 * 1024
const LONGEST_HEADER = 14

/*
 * One output buffer for the whole process. The outbox that sends first in a tick owns `[sharedStart, sharedEnd)` until
 * it flushes; others use buffers of their own meanwhile. A range that the kernel took at once is written again, one
 * that the stream still holds is left to it and the next begins behind: what waits pins no more than its own bytes.
 */
let shared = Buffer.allocUnsafeSlow(SHARED_SIZE)
let sharedStart = 0
let sharedEnd = 0
let owner: Outbox | null = null
/** What the owner's stream held when it became the owner: since then it can only have got less. */
let ownerWrote = 0

/** Told of each write. */
export interface OutboxSink {
  /** So many bytes were handed to the stream. */
  onWritten(size: number): void
}

/** What most outboxes have waiting outside the shared buffer. */
const NONE: Buffer[] = []

/**
 * Gathers the frames that one connection sends within a tick, so that they leave in one write. Between `cork` and
 * `uncork` (a read callback) they wait for `uncork`, otherwise for the end of the tick, which also gathers what
 * promises send.
 */
export class Outbox {
  readonly #stream: Writable
  /** Whether a write is done with the bytes once nothing of the stream waits. */
  readonly #isSocket: boolean
  /** Makes the masking key of each frame (client role, RFC 6455 §5.3); null for a server. */
  readonly #maskingKey: (() => Uint8Array) | null
  /** Frames that wait outside the shared buffer, in order. */
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

  /** Bytes handed in that the kernel has not taken. */
  get bufferedAmount(): number {
    return this.#stream.writableLength + this.#waitingBytes + (owner === this ? sharedEnd - sharedStart : 0)
  }

  /** Whether it has nothing to do: another one in its place would do as well. */
  get isIdle(): boolean {
    return !this.#corked && !this.#scheduled && this.#waiting.length === 0 && owner !== this
  }

  /** `bufferedAmount` or more: while frames are gathered the stream is not asked again, which costs as much as a frame. */
  get bufferedAtMost(): number {
    return owner === this ? ownerWrote + this.#waitingBytes + sharedEnd - sharedStart : this.bufferedAmount
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
    const first = firstByte(opcode, true, rsv1)
    const room = this.#claim(payload.length)
    if (room) {
      const at = this.#writeHeader(shared, sharedEnd, first, payload.length)
      shared.set(payload, at)
      this.#finishShared(at, at + payload.length)
    } else {
      this.#wait(first, payload)
    }
    this.#schedule()
  }

  /** Queues a frame with a text payload. */
  sendText(opcode: number, text: string): void {
    if (!this.#claimText(text)) return this.#waitText(opcode, text)
    // The text goes where the header of an ASCII text would end, and moves if not.
    const guess = sharedEnd + headerSize(text.length) + this.#keySize()
    const length = shared.write(text, guess)
    const payloadAt = sharedEnd + headerSize(length) + this.#keySize()
    if (payloadAt !== guess) shared.copyWithin(payloadAt, guess, guess + length)
    this.#writeHeader(shared, sharedEnd, firstByte(opcode), length)
    this.#finishShared(payloadAt, payloadAt + length)
    this.#schedule()
  }

  /** Queues frames that were encoded before, as they are. */
  sendEncoded(frames: Buffer): void {
    if (this.#claim(frames.length)) {
      shared.set(frames, sharedEnd)
      sharedEnd += frames.length
    } else {
      if (owner === this) this.#takeBack()
      this.#push(frames)
    }
    this.#schedule()
  }

  /** Hands everything that waits to the stream, in one write. */
  flush(): void {
    if (owner === this) this.#flushShared()
    if (this.#waiting.length === 0) return
    const waiting = this.#waiting
    const size = this.#waitingBytes
    this.#waiting = NONE
    this.#waitingBytes = 0
    if (this.#stream.destroyed || this.#stream.writableEnded) return
    if (waiting.length === 1) {
      this.#stream.write(waiting[0])
    } else {
      this.#stream.cork()
      for (const frame of waiting) this.#stream.write(frame)
      this.#stream.uncork()
    }
    this.#sink?.onWritten(size)
  }

  #keySize(): number {
    return this.#maskingKey === null ? 0 : 4
  }

  /** Whether the shared buffer is this outbox's and has room for a frame with such a payload. */
  #claim(length: number): boolean {
    return length <= COPY_LIMIT && this.#claimRoom(length)
  }

  #claimRoom(length: number): boolean {
    if (this.#waiting.length > 0) return false
    if (owner === null) this.#own()
    else if (owner !== this) return false
    if (sharedEnd + length + LONGEST_HEADER > SHARED_SIZE) {
      this.#flushShared()
      if (owner !== null) return false
      this.#own()
      if (sharedStart + length + LONGEST_HEADER > SHARED_SIZE) replaceShared()
    }
    return true
  }

  /** A UTF-16 unit makes at most 3 bytes: a long text is counted only where there is no room for so many. */
  #claimText(text: string): boolean {
    const most = text.length * 3
    if (most <= COPY_LIMIT || sharedEnd + most + LONGEST_HEADER <= SHARED_SIZE) return this.#claimRoom(most)
    return text.length <= COPY_LIMIT && this.#claim(Buffer.byteLength(text))
  }

  #own(): void {
    owner = this
    ownerWrote = this.#stream.writableLength
  }

  #writeHeader(target: Buffer, at: number, first: number, length: number): number {
    return writeHeader(target, at, first, length) + this.#keySize()
  }

  #finishShared(payloadAt: number, end: number): void {
    this.#mask(shared, { start: sharedEnd, payload: payloadAt, end })
    sharedEnd = end
  }

  #mask(bytes: Buffer, frame: FrameRange): void {
    if (this.#maskingKey !== null) maskFrame(bytes, frame, this.#maskingKey(), fastEngine)
  }

  #wait(first: number, payload: Uint8Array): void {
    const isWhole = payload.length <= COPY_LIMIT || this.#maskingKey !== null
    this.#waitFrame(first, payload.length, isWhole, (frame, at) => frame.set(payload, at))
    if (!isWhole) this.#push(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength))
  }

  /** Queues a header in a buffer of its own, with the payload that `write` puts there where that has it whole. */
  #waitFrame(first: number, length: number, isWhole: boolean, write: (frame: Buffer, at: number) => void): void {
    if (owner === this) this.#takeBack()
    const at = headerSize(length) + this.#keySize()
    const frame = Buffer.allocUnsafe(isWhole ? at + length : at)
    this.#writeHeader(frame, 0, first, length)
    if (isWhole) write(frame, at)
    this.#mask(frame, { start: 0, payload: at, end: frame.length })
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

  #flushShared(): void {
    owner = null
    const end = sharedEnd
    sharedEnd = sharedStart
    if (end === sharedStart || this.#stream.destroyed || this.#stream.writableEnded) return
    const size = end - sharedStart
    // A stream inside the process may pass the bytes on as they are, and call back before the write returns.
    const bytes = this.#isSocket ? shared.subarray(sharedStart, end) : Buffer.from(shared.subarray(sharedStart, end))
    this.#stream.write(bytes)
    if (this.#isSocket && this.#stream.writableLength > 0) {
      sharedStart = end
      sharedEnd = end
    }
    this.#sink?.onWritten(size)
  }

  /** Moves what lies in the shared buffer to the list, before frames that go there. */
  #takeBack(): void {
    owner = null
    if (sharedEnd > sharedStart) this.#push(Buffer.from(shared.subarray(sharedStart, sharedEnd)))
    sharedEnd = sharedStart
  }
}

function replaceShared(): void {
  shared = Buffer.allocUnsafeSlow(SHARED_SIZE)
  sharedStart = 0
  sharedEnd = 0
}

function flushScheduled(outbox: Outbox): void {
  outbox.onTick()
}
