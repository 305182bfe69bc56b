import { PauseReason } from '../../core/input-gate.ts'
import type { Protocol } from '../../core/protocol.ts'

/**
 * Work that one connection may do in one turn of the event loop, in bytes of plain input that cost as much: 0.5 to 4 ms.
 * Node reads up to 2 MiB from one socket before it looks at the next one, which can be 350,000 messages.
 */
const SHARE = 4 * 1024 * 1024
/** What a frame costs besides its bytes. */
const FRAME_WORK = 2048
/** What a compressed byte can cost: a peer may send a new code table every 75 bytes. */
const COMPRESSED_WORK = 256

/** Called when a connection may go on. */
export interface TurnSink {
  onNextTurn(): void
}

/**
 * Pauses the input of a connection that has used up its share of a turn of the event loop until the next one. Work is
 * counted over several turns until it reaches half a share, then anew in each: a callback for every turn would cost more.
 */
export class TurnShare {
  readonly #protocol: Pick<Protocol, 'frameCount' | 'compressedBytes' | 'pause'>
  readonly #sink: TurnSink
  #work = 0
  #isResetDue = false
  #frameCount = 0
  #compressedBytes = 0

  constructor(protocol: Pick<Protocol, 'frameCount' | 'compressedBytes' | 'pause'>, sink: TurnSink) {
    this.#protocol = protocol
    this.#sink = sink
  }

  /** Counts messages delivered, bytes arrived, and what the protocol has parsed since the last call. */
  count(messages: number, size: number): void {
    const { frameCount, compressedBytes } = this.#protocol
    const frames = Math.max(0, frameCount - this.#frameCount)
    const compressed = Math.max(0, compressedBytes - this.#compressedBytes)
    this.#frameCount = frameCount
    this.#compressedBytes = compressedBytes
    this.#add(size + (messages + frames) * FRAME_WORK + compressed * COMPRESSED_WORK)
  }

  /** A turn has ended before the share was used up. */
  reset(): void {
    this.#work = 0
    this.#isResetDue = false
  }

  #add(work: number): void {
    this.#work += work
    if (this.#work < SHARE / 2) return
    if (this.#work >= SHARE) this.#pause()
    else if (!this.#isResetDue) {
      this.#isResetDue = true
      setImmediate(resetShare, this)
    }
  }

  #pause(): void {
    this.#work = 0
    this.#protocol.pause(PauseReason.TURN)
    setImmediate(continueWith, this.#sink)
  }
}

function resetShare(share: TurnShare): void {
  share.reset()
}

function continueWith(sink: TurnSink): void {
  sink.onNextTurn()
}
