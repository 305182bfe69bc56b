import { EMPTY } from '../../core/empty.ts'
import { firstByte } from '../../core/frame-encoder.ts'
import type { MessageDeflater } from '../../core/message-codec.ts'
import { Opcode } from '../../core/opcode.ts'
import { discardSource, iterateSource, type Source } from './message-type.ts'
import type { Outbox } from './outbox.ts'
import type { SendOptions } from './outgoing.ts'
import { PartEncoder } from './part-encoder.ts'

/** Maximum size in bytes of a fragment. Control frames can be sent between fragments (RFC 6455 §5.4). */
const MAX_FRAGMENT = 64 * 1024

/** Time in milliseconds that a source may send before other connections get a turn of the event loop. */
const TURN_TIME = 1

/** How to send a source. */
export interface SourceSetup {
  readonly outbox: Outbox
  readonly options: SendOptions | undefined
  /** Resolves when the message can begin: to its compressor, or to null when the message is not compressed. */
  begin(): Promise<MessageDeflater | null>
  /** Called when a fragment was sent. */
  onFragment(): void
}

/**
 * Sends one source as one fragmented message (RFC 6455 §5.4). The next part is sent when the peer has read the previous
 * one. The last fragment is empty. It is not sent when the source fails or the connection closes, so that an incomplete
 * message does not look complete.
 */
export class SourceSender {
  readonly #setup: SourceSetup
  readonly #source: Source
  readonly #iterator: AsyncIterator<unknown>
  readonly #encoder: PartEncoder
  #deflater: MessageDeflater | null = null
  /** Whether the compressor is working on a part. It cannot be released meanwhile. */
  #isDeflating = false
  #hasBegun = false
  #isStopped = false
  #turnBegan = performance.now()

  /** @throws when the source throws while its iterator is created. */
  constructor(source: Source, setup: SourceSetup) {
    this.#setup = setup
    this.#source = source
    this.#iterator = iterateSource(source)
    this.#encoder = new PartEncoder(setup.options?.binary === false)
  }

  /** Resolves when the message was sent, or after `stop`. Rejects with what the source throws. */
  async send(): Promise<void> {
    this.#deflater = await this.#setup.begin()
    try {
      while (!this.#isStopped) {
        const next = await this.#iterator.next()
        if (this.#isStopped) return
        if (next.done === true) break
        await this.#sendPart(this.#encoder.encode(next.value))
        if (performance.now() - this.#turnBegan > TURN_TIME) await this.#nextTurn()
        if (this.#isStopped) return
      }
      await this.#finish(this.#encoder.finish())
    } catch (error) {
      if (this.#isStopped) return
      this.stop()
      throw error
    } finally {
      this.#releaseDeflater()
    }
  }

  /** Stops sending and releases the source. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    discardSource(this.#source, this.#iterator)
    // The source may never provide the next part, so `send` may never end.
    if (!this.#isDeflating) this.#releaseDeflater()
  }

  #releaseDeflater(): void {
    this.#deflater?.release()
    this.#deflater = null
  }

  /**
   * Waits for the next turn of the event loop. While the system accepts every write at once, only promise jobs run, and
   * a source that always has a part would delay everything else.
   */
  async #nextTurn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve))
    this.#turnBegan = performance.now()
  }

  async #sendPart(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && !this.#isStopped; at += MAX_FRAGMENT) {
      const piece = bytes.subarray(at, at + MAX_FRAGMENT)
      this.#isDeflating = this.#deflater !== null
      const payload = this.#deflater === null ? piece : await this.#deflater.push(piece)
      this.#isDeflating = false
      if (this.#isStopped) return
      this.#sendFragment(payload, false)
      // Waits until all bytes were written, because the source may reuse the memory of a part for the next one.
      await this.#setup.outbox.room(0)
    }
  }

  async #finish(rest: Uint8Array): Promise<void> {
    await this.#sendPart(rest)
    if (this.#isStopped) return
    this.#isStopped = true
    this.#sendFragment(this.#deflater?.finish() ?? EMPTY, true)
  }

  #sendFragment(payload: Uint8Array, fin: boolean): void {
    const opcode = this.#hasBegun ? Opcode.CONTINUATION : this.#encoder.opcode
    const rsv1 = !this.#hasBegun && this.#deflater !== null
    this.#hasBegun = true
    this.#setup.outbox.sendFrame(firstByte(opcode, fin, rsv1), payload)
    this.#setup.onFragment()
  }
}
