import type { DeliveredRun } from '../../fast/message-run.ts'
import { decodeText } from '../../fast/utf8-decoder.ts'

/** Number of bytes decoded at once. A text that the application keeps also keeps a string of this length alive. */
const PIECE_SIZE = 2048
/** For a longer text, decoding costs more than the call itself. */
const MOST_SHARED = 256

/**
 * Decodes texts. Together with a short ASCII text, the later messages in the same run, including their headers, are
 * decoded as Latin-1. Each text is a substring of the result, because a separate call per text would cost as much as
 * all other work on a text.
 */
export class TextRun {
  readonly #run: DeliveredRun
  #generation = -1
  #start = 0
  #end = 0
  #piece = ''

  constructor(run: DeliveredRun) {
    this.#run = run
  }

  /** Returns the text of valid UTF-8 in `bytes[start, end)`. */
  decode(bytes: Buffer, start: number, end: number, isAscii: boolean): string {
    const { generation, window } = this.#run
    const isDecoded = generation === this.#generation && bytes === window && start >= this.#start && end <= this.#end
    const isShared = isAscii && end - start <= MOST_SHARED && (isDecoded || this.#decodePiece(bytes, start, end))
    if (!isShared) return decodeText(bytes, start, end, isAscii)
    return this.#piece.substring(start - this.#start, end - this.#start)
  }

  /** Decodes a piece that begins at `start`. Returns false when there is no run. */
  #decodePiece(bytes: Buffer, start: number, end: number): boolean {
    const { window, end: runEnd, generation } = this.#run
    if (bytes !== window || end > runEnd) return false
    this.#generation = generation
    this.#start = start
    this.#end = Math.min(runEnd, start + PIECE_SIZE)
    this.#piece = window.toString('latin1', start, this.#end)
    return true
  }
}
