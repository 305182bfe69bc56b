import { StringDecoder } from 'node:string_decoder'

/** Stands where a line was cut. */
const CUT = '…'

/**
 * Makes lines of a stream of UTF-8 bytes, however it is cut into chunks. It never holds more than one line of
 * `maxLength` UTF-16 units: a longer line is cut there and ends in `…`.
 */
export class LineSplitter {
  readonly #maxLength: number
  #decoder = new StringDecoder('utf8')
  #rest = ''
  /** Whether what comes up to the next line end belongs to a line that is told already, or to none. */
  #isSkipping = false

  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  /** The line that has begun and not ended yet. */
  get rest(): string {
    return this.#rest
  }

  /** Takes the next bytes; returns the lines that end in them, without their line ends. */
  push(bytes: Buffer): string[] {
    const pieces = this.#decoder.write(bytes).split('\n')
    const last = pieces.pop() as string
    const lines: string[] = []
    for (const piece of pieces) {
      this.#add(piece)
      if (!this.#isSkipping || this.#rest !== '') lines.push(this.#takeRest())
      this.#isSkipping = false
    }
    this.#add(last)
    return lines
  }

  /** Ends the stream: returns the line that had begun, or null. What is pushed next begins a new stream. */
  end(): string | null {
    this.#add(this.#decoder.end())
    this.#decoder = new StringDecoder('utf8')
    this.#isSkipping = false
    return this.#rest === '' ? null : this.#takeRest()
  }

  /** Leaves out what comes up to the next line end: the stream is entered in the middle of a line. */
  skipLine(): void {
    this.#isSkipping = true
  }

  #takeRest(): string {
    const line = this.#rest
    this.#rest = ''
    return line.endsWith('\r') ? line.slice(0, -1) : line
  }

  #add(text: string): void {
    if (this.#isSkipping) return
    if (this.#rest.length + text.length <= this.#maxLength) {
      this.#rest += text
      return
    }
    this.#rest = cut(this.#rest + text.slice(0, this.#maxLength), this.#maxLength)
    this.#isSkipping = true
  }
}

/** The first `length` units of `text`, less one where that would halve a surrogate pair, and the mark of a cut. */
function cut(text: string, length: number): string {
  const isHalved = /[\uD800-\uDBFF]/.test(text[length - 1])
  return text.slice(0, isHalved ? length - 1 : length) + CUT
}
