import { performance } from 'node:perf_hooks'
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

/** The number of no turn. */
const NONE = -1

/** Called when a connection may go on. */
export interface TurnSink {
  onNextTurn(): void
}

/**
 * Pauses the input of a connection that has used up its share of a turn of the event loop until the next one. It asks which
 * turn it is after each half share only, and then counts that half as work of this turn. A callback for every turn would
 * cost more, and a loop with a callback due does not wait until more sockets have input.
 */
export class TurnShare {
  readonly #protocol: Pick<Protocol, 'frameCount' | 'compressedBytes' | 'pause'>
  readonly #sink: TurnSink
  /** The work of `#turn`; at the start, half a share of no turn. */
  #work = SHARE / 2
  #turn = NONE
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
    const work = size + (messages + frames) * FRAME_WORK + compressed * COMPRESSED_WORK
    this.#work += work
    if (this.#work >= SHARE) this.#check(work)
  }

  #check(lastWork: number): void {
    const turn = currentTurn()
    if (turn !== this.#turn) {
      this.#turn = turn
      this.#work = Math.max(SHARE / 2, lastWork)
      if (this.#work < SHARE) return
    }
    this.#turn = NONE
    this.#work = SHARE / 2
    this.#protocol.pause(PauseReason.TURN)
    setImmediate(continueWith, this.#sink)
  }
}

/** The number of the event loop's turn; 0 where the runtime does not count them, so that each share ends with a pause. */
function currentTurn(): number {
  return performance.nodeTiming?.uvMetricsInfo?.loopCount ?? 0
}

function continueWith(sink: TurnSink): void {
  sink.onNextTurn()
}
