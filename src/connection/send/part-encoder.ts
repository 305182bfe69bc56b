import { isUtf8 } from 'node:buffer'
import { bytesOf } from '../../core/bytes.ts'
import { Opcode } from '../../core/opcode.ts'
import { Utf8Validator } from '../../core/text.ts'
import { describe } from '../../options/read-options.ts'

/** Encodes the parts of a source. The first part determines whether the message is text, unless `isText` does. */
export class PartEncoder {
  #opcode: number | null
  /** Null, except when the parts are bytes of a text. */
  #utf8: Utf8Validator | null
  /** A high surrogate at the end of a part. The next part contains the other half. */
  #surrogate = ''

  constructor(isText: boolean) {
    this.#opcode = isText ? Opcode.TEXT : null
    this.#utf8 = isText ? new Utf8Validator() : null
  }

  /** The opcode of the message; binary before the first part. */
  get opcode(): number {
    return this.#opcode ?? Opcode.BINARY
  }

  /**
   * @throws {TypeError} when the part is not of the same kind as earlier ones, or is invalid UTF-8 in a text message.
   */
  encode(part: unknown): Uint8Array {
    return typeof part === 'string' ? this.#encodeText(part) : this.#checkBytes(part)
  }

  /** @throws {TypeError} when a text ends inside a character. */
  finish(): Uint8Array {
    if (this.#utf8?.complete === false) throw invalidText()
    return Buffer.from(this.#surrogate)
  }

  #encodeText(part: string): Uint8Array {
    this.#opcode ??= Opcode.TEXT
    if (this.#opcode !== Opcode.TEXT) throw mixedParts()
    const text = this.#surrogate + part
    const isCut = /[\ud800-\udbff]$/.test(text)
    this.#surrogate = isCut ? text.slice(-1) : ''
    return Buffer.from(isCut ? text.slice(0, -1) : text)
  }

  #checkBytes(part: unknown): Uint8Array {
    const bytes = bytesOf(part)
    if (bytes === null) throw new TypeError(`part of a message is ${describe(part)}; allowed: a string or bytes`)
    if (this.#opcode === Opcode.TEXT && this.#utf8 === null) throw mixedParts()
    this.#opcode ??= Opcode.BINARY
    const isValid =
      this.#utf8 === null || (this.#utf8.complete && isUtf8(bytes)) || this.#utf8.push(bytes, 0, bytes.length)
    if (!isValid) throw invalidText()
    return bytes
  }
}

function mixedParts(): TypeError {
  return new TypeError('parts of a message are of different kinds; allowed: only strings, or only bytes')
}

function invalidText(): TypeError {
  return new TypeError('bytes sent as text are not valid UTF-8')
}
