import type { Defects } from '../broken/defects.ts'
import { BINARY, CLOSE, CONTINUATION, Violation } from '../broken/frame.ts'

/** What the limits count on one connection (RFC 6455 §7.4.1, §10.4). */
const MOST_CONTROL_FRAMES = 100
const MOST_FRAGMENTS = 20
const MOST_MESSAGES = 20

/** The limits of one connection on the number of what it receives. A frame above one fails the connection with 1008. */
export class Limits {
  readonly #defects: Defects
  #controlFrames = 0
  #fragments = 0
  #messages = 0

  constructor(defects: Defects) {
    this.#defects = defects
  }

  /** Counts a frame that was received. */
  count({ opcode, fin }: { opcode: number; fin: boolean }): void {
    if (opcode > CLOSE) this.#controlFrames++
    if (opcode <= BINARY) this.#fragments = opcode === CONTINUATION ? this.#fragments + 1 : 1
    if (opcode <= BINARY && fin) this.#messages++
    const isAbove =
      (this.#controlFrames > MOST_CONTROL_FRAMES && this.#defects.has('limits-control-frames')) ||
      (this.#fragments > MOST_FRAGMENTS && this.#defects.has('limits-fragments')) ||
      (this.#messages > MOST_MESSAGES && this.#defects.has('limits-number-of-messages'))
    if (isAbove) throw new Violation(1008, 'more than a limit of this server')
  }
}
