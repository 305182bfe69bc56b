import type { DeliveredRun } from '../../fast/message-run.ts'
import { decodeText } from '../../fast/utf8-decoder.ts'

/** Bytes decoded in one go: a text that the application retains keeps a string of so many characters alive. */
const PIECE_SIZE = 2048
/** A text of more bytes costs more than the call that decodes it. */
const MOST_SHARED = 256

/**
 * Decodes texts. With a short one in ASCII, those behind it in the same run are decoded too, headers and all, as Latin-1,
 * which is a copy; each text is a part of that string. A call for each text costs as much as the rest of its way.
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

  /** Decodes what lies from `start` on; returns false when there is no run there. */
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
