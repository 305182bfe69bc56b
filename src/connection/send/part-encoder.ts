import { isUtf8 } from 'node:buffer'
import { bytesOf } from '../../core/bytes.ts'
import { Opcode } from '../../core/opcode.ts'
import { Utf8Validator } from '../../core/text.ts'
import { describe } from '../../options/read-options.ts'

/** Encodes the parts of a source. The first part determines their type. */
export class PartEncoder {
  readonly #isText: boolean
  /** Null, except when bytes are sent as text. */
  readonly #utf8: Utf8Validator | null
  /** The type of the parts; null before the first. */
  #type: 'string' | 'bytes' | null = null
  /** A high surrogate at the end of a part. The next part contains the other half. */
  #surrogate = ''

  /** @param isText Whether bytes are sent as text. */
  constructor(isText: boolean) {
    this.#isText = isText
    this.#utf8 = isText ? new Utf8Validator() : null
  }

  /** The opcode of the message. Without `isText`, it is binary before the first part. */
  get opcode(): number {
    return this.#isText || this.#type === 'string' ? Opcode.TEXT : Opcode.BINARY
  }

  /**
   * @throws {TypeError} when the part is not of the same type as earlier ones, or is invalid UTF-8 in a text message.
   */
  encode(part: unknown): Uint8Array {
    if (typeof part === 'string') return this.#encodeText(part)
    const bytes = bytesOf(part)
    if (bytes === null) throw new TypeError(`part of a message is ${describe(part)}; allowed: a string or bytes`)
    return this.#checkBytes(bytes)
  }

  /** @throws {TypeError} when a text ends inside a character. */
  finish(): Uint8Array {
    if (this.#utf8?.complete === false) throw invalidText()
    return Buffer.from(this.#surrogate)
  }

  #encodeText(part: string): Uint8Array {
    this.#checkType('string')
    const text = this.#surrogate + part
    const isCut = /[\ud800-\udbff]$/.test(text)
    this.#surrogate = isCut ? text.slice(-1) : ''
    return Buffer.from(isCut ? text.slice(0, -1) : text)
  }

  #checkBytes(bytes: Uint8Array): Uint8Array {
    this.#checkType('bytes')
    const isValid =
      this.#utf8 === null || (this.#utf8.complete && isUtf8(bytes)) || this.#utf8.push(bytes, 0, bytes.length)
    if (!isValid) throw invalidText()
    return bytes
  }

  #checkType(type: 'string' | 'bytes'): void {
    this.#type ??= type
    if (this.#type !== type) throw mixedParts()
  }
}

function mixedParts(): TypeError {
  return new TypeError('parts of a message are of different kinds; allowed: only strings, or only bytes')
}

function invalidText(): TypeError {
  return new TypeError('bytes sent as text are not valid UTF-8')
}
