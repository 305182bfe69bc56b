import { StringDecoder } from 'node:string_decoder'

/** Marks the end of a truncated line. */
const ELLIPSIS = '…'

/**
 * Splits a stream of UTF-8 bytes into lines, however it is chunked. It buffers at most one line of `maxLength` UTF-16
 * code units: a longer line is truncated and ends in `…`.
 */
export class LineSplitter {
  readonly #maxLength: number
  #decoder = new StringDecoder('utf8')
  #rest = ''
  /** Whether the text up to the next line end is ignored: the rest of a truncated or of an incomplete line. */
  #isSkipping = false

  constructor(maxLength: number) {
    this.#maxLength = maxLength
  }

  /** The incomplete last line. */
  get rest(): string {
    return this.#rest
  }

  /** Adds bytes; returns the lines that end in them, without line ends. */
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

  /** Ends the stream: returns its incomplete last line, or null. The next bytes start a new stream. */
  end(): string | null {
    this.#add(this.#decoder.end())
    this.#decoder = new StringDecoder('utf8')
    this.#isSkipping = false
    return this.#rest === '' ? null : this.#takeRest()
  }

  /** Ignores everything up to the next line end: the stream starts in the middle of a line. */
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
    this.#rest = truncate(this.#rest + text.slice(0, this.#maxLength), this.#maxLength)
    this.#isSkipping = true
  }
}

/** Returns the first `length` code units of `text`, one fewer to keep a surrogate pair together, and an ellipsis. */
function truncate(text: string, length: number): string {
  const isSplitPair = /[\uD800-\uDBFF]/.test(text[length - 1])
  return text.slice(0, isSplitPair ? length - 1 : length) + ELLIPSIS
}
