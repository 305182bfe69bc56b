import { PauseReason } from '../../core/input-gate.ts'
import type { Protocol } from '../../core/protocol.ts'

/**
 * Work that one connection may do before the others have their turn, in bytes of plain input that cost as much: 0.5 to 4
 * ms. Node reads up to 2 MiB from one socket before it looks at the next one, which can be 350,000 messages.
 */
const SHARE = 1024 * 1024
/** What a frame costs besides its bytes. */
const FRAME_WORK = 512
/** What a compressed byte can cost: a peer may send a new code table every 75 bytes. */
const COMPRESSED_WORK = 64

/** Called when a connection may go on. */
export interface TurnSink {
  onNextTurn(): void
}

/**
 * Pauses the input of a connection that has used up its share of the event loop until the next turn. The share is counted
 * from one pause to the next, however much time passes: a peer that sends little is paused seldom, and for one turn.
 */
export class TurnShare {
  readonly #protocol: Pick<Protocol, 'frameCount' | 'compressedBytes' | 'pause'>
  readonly #sink: TurnSink
  #work = 0
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

  #add(work: number): void {
    this.#work += work
    if (this.#work < SHARE) return
    this.#work = 0
    this.#protocol.pause(PauseReason.TURN)
    setImmediate(continueWith, this.#sink)
  }
}

function continueWith(sink: TurnSink): void {
  sink.onNextTurn()
}
