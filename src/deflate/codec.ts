import { EMPTY } from '../core/empty.ts'
import type { ProtocolError } from '../core/errors.ts'
import type { Role } from '../core/frame-parser.ts'
import type { InflateSink, MessageCodec, MessageDeflater, MessageInflater } from '../core/message-codec.ts'
import { type MemoryBudget, processBudget } from './budget.ts'
import { CodecStreams } from './codec-streams.ts'
import { type DeflateSettings, deflateMemory, deflateNow } from './deflate.ts'
import { DeflateJob } from './deflate-job.ts'
import { History } from './history.ts'
import { inflateNow } from './inflate.ts'
import { type InflateDone, InflateJob } from './inflate-job.ts'
import { type Job, zlibQueue } from './job-queue.ts'
import { chargeLoop, loopAllowance } from './loop-budget.ts'
import type { DeflateParameters, ResolvedDeflateOptions } from './offer.ts'

/**
 * A payload of up to this size is inflated on the event loop in any case, up to `ALWAYS_NOW` of output: 0.12 ms or
 * less.
 */
const ALWAYS_READ_NOW = 1024
/** Output of up to this size is always inflated on the event loop. The thread pool would cost ten times as much. */
const ALWAYS_NOW = 4 * 1024
/** Output of up to this size is inflated on the event loop when the loop budget allows: about 0.4 ms. */
const MOST_INFLATED_NOW = 256 * 1024
/**
 * A longer payload always goes to the thread pool, because a peer can make each KiB cost 0.11 ms with hardly any
 * output.
 */
const MOST_READ_NOW = 8 * 1024
/** One byte of input costs as much as this many bytes of output. */
const INPUT_WEIGHT = 16
/** A message of up to this size is compressed on the event loop when the loop budget allows: 0.05 to 0.2 ms. */
const MOST_DEFLATED_NOW = 16 * 1024
/** A message for many connections is compressed once, on the event loop, up to this size: 2 ms or less. */
const MOST_SHARED = 64 * 1024
/** One byte of input of the compressor costs about as much as this many bytes of output of the inflater. */
const DEFLATE_WEIGHT = 4

/**
 * The history of the compressor with context takeover. For short messages, 4 KiB saves nearly as much as 32 KiB, and
 * costs 8 µs per message instead of 46.
 */
const MOST_REFERRED_TO = 4 * 1024

/** A job in the thread pool and the bytes counted for it. */
interface Work<J extends Job = Job> {
  job: J
  held: number
}

/** The options of a codec. */
export interface DeflateCodecInit {
  /** The role of this endpoint. */
  role: Role
  /** The negotiated parameters, from `negotiate` or `checkDeflateResponse`. */
  parameters: DeflateParameters
  options: ResolvedDeflateOptions
  /** Counts memory. Default: the budget of the process. */
  budget?: MemoryBudget | undefined
}

/**
 * permessage-deflate for one connection (RFC 7692 §7.2). No zlib object outlives a message. For context takeover, only
 * the last bytes of the messages are stored, so that an idle connection needs no more memory than these.
 */
export class DeflateCodec implements MessageCodec {
  /** Names the settings that a compressed message depends on; null with context takeover. */
  readonly sharing: string | null
  readonly #options: ResolvedDeflateOptions
  readonly #budget: MemoryBudget
  readonly #settings: DeflateSettings
  readonly #received: History | null
  readonly #sent: History | null
  readonly #promised: number
  #inflating: Work<InflateJob> | null = null
  #deflating: Work | null = null
  /** Created with the first streamed message. */
  #streams: CodecStreams | null = null
  #isReleased = false

  constructor({ role, parameters, options, budget = processBudget }: DeflateCodecInit) {
    const { serverContextTakeover, clientContextTakeover, serverMaxWindowBits, clientMaxWindowBits } = parameters
    const server = { takesOver: serverContextTakeover, bits: serverMaxWindowBits }
    const client = { takesOver: clientContextTakeover, bits: clientMaxWindowBits }
    const [own, peer] = role === 'server' ? [server, client] : [client, server]
    this.#options = options
    this.#budget = budget
    this.#settings = { level: options.level, memLevel: options.memLevel, windowBits: own.bits }
    this.#sent = own.takesOver ? new History(Math.min(MOST_REFERRED_TO, 2 ** own.bits), budget) : null
    this.#promised = peer.takesOver ? 2 ** peer.bits : 0
    this.sharing = own.takesOver ? null : [options.level, options.memLevel, own.bits, options.threshold].join()
    this.#received = peer.takesOver ? new History(this.#promised, budget) : null
    budget.promise(this.#promised)
  }

  decompress(
    payload: Uint8Array,
    limit: number,
    done: (error: ProtocolError | null, message: Uint8Array) => void,
    isOwned = false,
  ): void {
    if (this.#isReleased) return
    // An empty payload does not even contain an empty block. It can only mean the empty message.
    let message: Buffer | null = EMPTY
    let failure: ProtocolError | null = null
    try {
      if (payload.length > 0) message = this.#inflateNow(payload, limit)
    } catch (error) {
      failure = error as ProtocolError
    }
    if (message === null) {
      this.#inflateLater(isOwned ? payload : Buffer.from(payload), limit, done)
      return
    }
    if (failure === null) this.#received?.append(message)
    done(failure, message)
  }

  inflateStream(sink: InflateSink): MessageInflater {
    this.#streams ??= new CodecStreams(this.#budget)
    return this.#streams.inflate(sink, this.#received)
  }

  /** Clears the history of the compressor. The streamed message and later ones do not refer to earlier messages. */
  deflateStream(): MessageDeflater | null {
    if (this.#isReleased) return null
    this.#streams ??= new CodecStreams(this.#budget)
    const deflater = this.#streams.deflate(this.#settings, this.#options.maxCompressionMemory)
    if (deflater !== null) this.#sent?.clear()
    return deflater
  }

  get memoryUsed(): number {
    return (this.#inflating === null ? 0 : this.#inflating.job.memoryUsed) + (this.#streams?.memoryUsed ?? 0)
  }

  wantsCompression(size: number): boolean {
    if (this.#isReleased || size < this.#options.threshold) return false
    return this.#budget.fits(this.#costOf(size), this.#options.maxCompressionMemory)
  }

  compress(message: Uint8Array, done: (payload: Uint8Array | null) => void, isOwned = false): void {
    if (this.#isReleased) return
    const weight = message.length > ALWAYS_NOW ? message.length * DEFLATE_WEIGHT : 0
    if (message.length <= MOST_DEFLATED_NOW && weight <= loopAllowance()) {
      chargeLoop(weight)
      this.#finishDeflate(message, deflateNow(message, this.#settings, this.#sent?.bytes ?? null), done)
    } else this.#deflateLater(isOwned ? message : Buffer.from(message), done)
  }

  compressShared(message: Uint8Array): Uint8Array | null {
    if (message.length > MOST_SHARED || !this.wantsCompression(message.length)) return null
    const payload = deflateNow(message, this.#settings, null)
    return payload !== null && payload.length < message.length ? payload : null
  }

  release(): void {
    if (this.#isReleased) return
    this.#isReleased = true
    for (const work of [this.#inflating, this.#deflating]) {
      if (work === null) continue
      zlibQueue.remove(work.job)
      this.#budget.hold(-work.held)
    }
    this.#inflating = null
    this.#deflating = null
    this.#received?.clear()
    this.#sent?.clear()
    this.#budget.promise(-this.#promised)
  }

  #inflateNow(payload: Uint8Array, limit: number): Buffer | null {
    if (payload.length > MOST_READ_NOW) return null
    const input = payload.length > ALWAYS_READ_NOW ? payload.length * INPUT_WEIGHT : 0
    const allowance = loopAllowance() - input
    if (input > 0 && allowance <= 0) return null
    const worth = Math.max(ALWAYS_NOW, Math.min(MOST_INFLATED_NOW, allowance))
    const message = inflateNow(payload, this.#received?.bytes ?? EMPTY, limit, worth)
    const output = message === null ? worth : message.length
    if (input > 0 || output > ALWAYS_NOW) chargeLoop(input + output)
    return message
  }

  #inflateLater(payload: Uint8Array, limit: number, done: InflateDone): void {
    const held = payload.length
    const job = new InflateJob(payload, this.#received?.bytes ?? EMPTY, limit, (error, message) => {
      this.#inflating = null
      this.#budget.hold(-held)
      if (error === null) this.#received?.append(message)
      done(error, message)
    })
    this.#budget.hold(held)
    this.#inflating = { job, held }
    zlibQueue.add(job)
  }

  #deflateLater(message: Uint8Array, done: (payload: Uint8Array | null) => void): void {
    const held = this.#costOf(message.length)
    const job = new DeflateJob(message, this.#settings, this.#sent?.bytes ?? null, (payload) => {
      this.#deflating = null
      this.#budget.hold(-held)
      this.#finishDeflate(message, payload, done)
    })
    this.#budget.hold(held)
    this.#deflating = { job, held }
    zlibQueue.add(job)
  }

  #finishDeflate(message: Uint8Array, payload: Buffer | null, done: (payload: Uint8Array | null) => void): void {
    const isWorthIt = payload !== null && payload.length < message.length
    if (isWorthIt) this.#remember(message)
    done(isWorthIt ? payload : null)
  }

  /**
   * Adds a message to the history, and clears the history when memory is short, which a compressor may do at any time.
   */
  #remember(message: Uint8Array): void {
    if (this.#sent === null) return
    this.#sent.append(message)
    if (!this.#budget.fits(0, this.#options.maxCompressionMemory)) this.#sent.clear()
  }

  /** Memory in bytes that a message of `size` bytes needs while it waits for the thread pool and is compressed. */
  #costOf(size: number): number {
    return deflateMemory(this.#settings, size) + (size > MOST_DEFLATED_NOW ? size * 2 : 0)
  }
}
