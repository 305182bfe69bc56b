import type { Duplex } from 'node:stream'
import { isBlob } from '../connection/send/message-type.ts'
import { Outbox, type OutboxSink } from '../connection/send/outbox.ts'
import { COPY_LIMIT } from '../connection/send/outgoing.ts'
import { encodeFrame } from '../core/frame-encoder.ts'
import type { MessageCodec } from '../core/message-codec.ts'
import { Opcode } from '../core/opcode.ts'
import { readCallback, toBytes } from './data.ts'

/** Called when the data has been written, or with the error that prevented it. */
export type SendCallback = (error?: Error) => void

/** The callback of a ping or pong, declared as in @types/ws. */
export type ControlCallback = (error: Error) => void

/** The properties of one frame. */
export interface FrameSettings {
  opcode: number
  fin: boolean
  compress: boolean
  mask: boolean
}

/** The callbacks of a sender. */
export interface SenderSink {
  /** Called when a Blob could not be read. */
  onSendError(error: Error): void
}

export interface SenderOptions {
  codec: MessageCodec | null
  /** Returns a masking key (RFC 6455 §5.3); null on a server. */
  maskingKey: (() => Uint8Array) | null
  /** Maximum number of pongs that wait to be written; 0 disables automatic pongs. */
  maxPendingAutoPongs: number
}

/** Shared by all senders without jobs, to save memory. */
const NO_JOBS: Job[] = []

/** Frames joined in this turn of the event loop. A broadcast passes the same array to every socket. */
const joined = new Map<readonly (Uint8Array | string)[], Buffer>()

function joinParts(list: readonly (Uint8Array | string)[]): Buffer {
  let frame = joined.get(list)
  if (frame !== undefined) return frame
  frame = Buffer.concat(list.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)))
  if (joined.size === 0) setImmediate(() => joined.clear())
  joined.set(list, frame)
  return frame
}

/** Throws an error from the user's code; passed to `process.nextTick` so that the caller is not interrupted. */
export function rethrow(error: unknown): void {
  throw error
}

const WHILE_COMPRESSING = 'The socket was closed while data was being compressed'
const WHILE_READING_BLOB = 'The socket was closed while the blob was being read'

interface Job {
  size: number
  callback: SendCallback | undefined
  /** Starts the work. It calls `done` when the next job may start. */
  run(done: () => void): void
}

/**
 * Sends frames in order. Frames wait behind a message that is being compressed by a thread or read from a Blob. A
 * callback is called after the write that contained its frame.
 */
export class Sender implements OutboxSink {
  readonly #stream: Duplex
  readonly #outbox: Outbox
  readonly #codec: MessageCodec | null
  readonly #maskingKey: (() => Uint8Array) | null
  /** Callbacks of messages that the outbox has not yet written; null when there are none, to save memory. */
  #callbacks: SendCallback[] | null = null
  #jobs: Job[] = NO_JOBS
  #isReadingBlob = false
  #waitingBytes = 0
  #isClosed = false
  readonly #sink: SenderSink
  readonly #maxPendingPongs: number
  #pendingPongs = 0

  constructor(stream: Duplex, { codec, maskingKey, maxPendingAutoPongs }: SenderOptions, sink: SenderSink) {
    this.#stream = stream
    this.#codec = codec
    this.#maskingKey = maskingKey
    this.#outbox = new Outbox(stream, maskingKey, this)
    this.#sink = sink
    this.#maxPendingPongs = maxPendingAutoPongs
  }

  /** Named as in npm ws, because programs read it. */
  get _socket(): Duplex {
    return this.#stream
  }

  get bufferedAmount(): number {
    this.#outbox.flush()
    return this.#stream.writableLength + this.#waitingBytes
  }

  /** An upper bound of `bufferedAmount` that can be read without flushing the outbox. */
  get bufferedAtMost(): number {
    return this.#outbox.bufferedAtMost + this.#waitingBytes
  }

  /** Resolves once the system has accepted all data, or the transport has closed. */
  drained(): Promise<void> {
    if (this.#jobs.length === 0) return this.#outbox.room(0)
    const finished = new Promise<void>((resolve) => {
      this.#enqueue({ size: 0, callback: () => resolve(), run: (done) => resolve(done()) })
    })
    return finished.then(() => this.drained())
  }

  cork(): void {
    this.#outbox.cork()
  }

  uncork(): void {
    this.#outbox.uncork()
  }

  flush(): void {
    this.#outbox.flush()
  }

  send(payload: Buffer, settings: FrameSettings, callback?: SendCallback): void {
    const isCompressed = this.#wantsCompression(payload, settings)
    if (this.#jobs.length === 0 && !isCompressed) return this.#write(payload, settings, false, callback)
    const run = (done: () => void): void => {
      if (isCompressed) return this.#compress(payload, settings, callback, done)
      this.#write(payload, settings, false, callback)
      done()
    }
    this.#enqueue({ size: payload.length, callback, run })
  }

  /** Answers a ping. Returns false when too many pongs are waiting because the peer does not read. */
  answerPing(data: Buffer): boolean {
    if (this.#pendingPongs >= this.#maxPendingPongs) return false
    const settings = { opcode: Opcode.PONG, fin: true, compress: false, mask: this.#maskingKey !== null }
    // Counts only pongs that wait behind unsent data: a peer that reads may send a burst of pings.
    const isWaiting = this.#stream.writableLength > 0
    if (isWaiting) this.#pendingPongs++
    this.send(data, settings, isWaiting ? () => this.#pendingPongs-- : undefined)
    return true
  }

  /** Sends data of any type that npm ws accepts. */
  sendAny(data: unknown, settings: FrameSettings, callback?: SendCallback): void {
    if (typeof data === 'string') this.sendText(data, settings, callback)
    else if (!Buffer.isBuffer(data) && isBlob(data)) this.sendBlob(data, settings, callback)
    else this.send(toBytes(data), settings, callback)
  }

  /** Sends a text, encoded directly into the outbox unless it has to wait, is long or is compressed. */
  sendText(text: string, settings: FrameSettings, callback?: SendCallback): void {
    const isPlain = this.#codec === null && settings.fin && settings.mask === (this.#maskingKey !== null)
    if (!isPlain || this.#jobs.length > 0 || text.length > COPY_LIMIT) {
      return this.send(Buffer.from(text), settings, callback)
    }
    if (callback !== undefined) this.#await(callback)
    this.#outbox.sendText(settings.opcode, text)
  }

  /** Sends the content of a Blob. */
  sendBlob(blob: Blob, settings: FrameSettings, callback?: SendCallback): void {
    const run = (done: () => void): void => {
      this.#isReadingBlob = true
      const send = (memory: ArrayBuffer): void => {
        this.#isReadingBlob = false
        if (this.#isClosed) return this.#failJobs(new Error(WHILE_READING_BLOB))
        // The transport has been destroyed and its 'close' event follows.
        if (this.#stream.destroyed) return
        const payload = Buffer.from(memory)
        if (this.#wantsCompression(payload, settings)) return this.#compress(payload, settings, callback, done)
        this.#write(payload, settings, false, callback)
        done()
      }
      blob.arrayBuffer().then(send, (error: Error) => {
        this.#isReadingBlob = false
        this.#failJobs(error)
        this.close()
        this.#sink.onSendError(error)
      })
    }
    this.#enqueue({ size: blob.size, callback, run })
  }

  /** Sends bytes that are already encoded as frames. */
  sendFrame(list: readonly (Uint8Array | string)[], callback?: SendCallback): void {
    callback = readCallback(callback)
    if (callback !== undefined) this.#await(callback)
    this.#outbox.sendEncoded(joinParts(list))
  }

  /** Calls all waiting callbacks with an error. Called when the socket has closed. */
  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    const callbacks = this.#callbacks ?? []
    this.#callbacks = null
    const error = new Error(this.#codec === null ? 'The socket was closed' : WHILE_COMPRESSING)
    this.#call(callbacks, error)
    // While a Blob is being read, the end of reading calls the callbacks of the jobs.
    if (!this.#isReadingBlob)
      this.#failJobs(this.#stream.destroyed && this.#codec === null ? new Error(WHILE_READING_BLOB) : error)
  }

  #failJobs(error: Error): void {
    const jobs = this.#jobs
    this.#jobs = NO_JOBS
    for (const { callback } of jobs) callback?.(error)
  }

  /** Writes the outbox before the transport is destroyed. With compression, its content is lost, as in npm ws. */
  flushLast(): void {
    if (this.#codec === null) this.#outbox.flush()
  }

  /** Called when the outbox has passed its content to the stream. */
  onWritten(): void {
    const callbacks = this.#callbacks
    if (callbacks === null) return
    this.#callbacks = null
    const callAll = (error?: Error | null): void => this.#call(callbacks, error ?? undefined)
    if (this.#stream.writableLength === 0) process.nextTick(callAll)
    else this.#stream.write('', callAll)
  }

  #await(callback: SendCallback): void {
    if (this.#callbacks === null) this.#callbacks = [callback]
    else this.#callbacks.push(callback)
  }

  /**
   * Corks the outbox, so that frames sent by callbacks are written together, and calls all callbacks even when one
   * throws.
   */
  #call(callbacks: readonly SendCallback[], error: Error | undefined): void {
    this.#outbox.cork()
    for (const callback of callbacks) {
      try {
        callback(error)
      } catch (thrown) {
        process.nextTick(rethrow, thrown)
      }
    }
    this.#outbox.uncork()
  }

  #wantsCompression({ length }: Buffer, { compress, fin }: FrameSettings): boolean {
    return compress && fin && this.#codec?.wantsCompression(length) === true
  }

  #enqueue(job: Job): void {
    this.#waitingBytes += job.size
    if (this.#jobs === NO_JOBS) this.#jobs = []
    if (this.#jobs.push(job) === 1) this.#runFirst()
  }

  #runFirst(): void {
    const [job] = this.#jobs
    job.run(() => {
      if (this.#isClosed) return
      this.#jobs.shift()
      this.#waitingBytes -= job.size
      if (this.#jobs.length > 0) this.#runFirst()
    })
  }

  #compress(payload: Buffer, settings: FrameSettings, callback: SendCallback | undefined, done: () => void): void {
    this.#codec!.compress(payload, (compressed) => {
      if (this.#isClosed) return
      if (compressed === null) this.#write(payload, settings, false, callback)
      else
        this.#write(Buffer.from(compressed.buffer, compressed.byteOffset, compressed.length), settings, true, callback)
      done()
    })
  }

  #write(payload: Buffer, { opcode, fin, mask }: FrameSettings, rsv1: boolean, callback?: SendCallback): void {
    if (callback !== undefined) this.#await(callback)
    if (fin && mask === (this.#maskingKey !== null)) {
      this.#outbox.sendBytes(opcode, payload, rsv1)
    } else {
      const maskingKey = mask ? (this.#maskingKey?.() ?? new Uint8Array(4)) : undefined
      this.#outbox.sendEncoded(encodeFrame(opcode, payload, { fin, rsv1, maskingKey }))
    }
    // A longer payload is not copied, so it is written before its owner can reuse the memory.
    if (payload.length > COPY_LIMIT) this.#outbox.flush()
  }
}
