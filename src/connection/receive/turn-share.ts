import { performance } from 'node:perf_hooks'
import { PauseReason } from '../../core/input-gate.ts'
import type { Protocol } from '../../core/protocol.ts'

/**
 * Work that one connection may do in one turn of the event loop, in bytes of plain input with the same cost: 0.5 to 4
 * ms. Node reads up to 2 MiB from one socket before the next one, which may be 350,000 messages.
 */
const SHARE = 4 * 1024 * 1024
/** Cost of a frame in addition to its bytes. */
const FRAME_WORK = 2048
/** Maximum cost of a compressed byte, because a peer may send a new code table every 75 bytes. */
const COMPRESSED_WORK = 256

/** A number that no turn has. */
const NONE = -1

/** The connection whose input was paused. `onNextTurn` is called when it may continue. */
export interface TurnSink {
  onNextTurn(): void
}

/**
 * Pauses the input of a connection that has used up its share of a turn of the event loop, until the next turn. It
 * checks the number of the turn only after half a share, and then counts that half as work of the current turn. A
 * callback in each turn would cost more and keep the event loop from waiting for more sockets to become readable.
 */
export class TurnShare {
  readonly #protocol: Pick<Protocol, 'frameCount' | 'compressedBytes' | 'pause'>
  readonly #sink: TurnSink
  /** The work done in `#turn`. It begins with half a share, so that the turn is determined early. */
  #work = SHARE / 2
  #turn = NONE
  #frameCount = 0
  #compressedBytes = 0

  constructor(protocol: Pick<Protocol, 'frameCount' | 'compressedBytes' | 'pause'>, sink: TurnSink) {
    this.#protocol = protocol
    this.#sink = sink
  }

  /** Counts delivered messages, received bytes, and what the protocol has parsed since the last call. */
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

/**
 * Returns the number of the current turn; 0 when the runtime does not count turns, so each share then ends with a
 * pause.
 */
function currentTurn(): number {
  return performance.nodeTiming?.uvMetricsInfo?.loopCount ?? 0
}

function continueWith(sink: TurnSink): void {
  sink.onNextTurn()
}
