import type { Fields } from './http.ts'
import { decodeHuffman } from './huffman.ts'

/** One field of a header list; pseudo-header fields begin with a colon (RFC 9113 §8.3). */
export type Http2Field = readonly [name: string, value: string]

/** The static table, `name=value` or `name`, from index 1 (RFC 7541 appendix A). */
const STATIC_TABLE = (
  ':authority;:method=GET;:method=POST;:path=/;:path=/index.html;:scheme=http;:scheme=https;:status=200;:status=204;' +
  ':status=206;:status=304;:status=400;:status=404;:status=500;accept-charset;accept-encoding=gzip, deflate;' +
  'accept-language;accept-ranges;accept;access-control-allow-origin;age;allow;authorization;cache-control;' +
  'content-disposition;content-encoding;content-language;content-length;content-location;content-range;content-type;' +
  'cookie;date;etag;expect;expires;from;host;if-match;if-modified-since;if-none-match;if-range;if-unmodified-since;' +
  'last-modified;link;location;max-forwards;proxy-authenticate;proxy-authorization;range;referer;refresh;retry-after;' +
  'server;set-cookie;strict-transport-security;transfer-encoding;user-agent;vary;via;www-authenticate'
)
  .split(';')
  .map((entry): Http2Field => {
    const end = entry.indexOf('=')
    return end === -1 ? [entry, ''] : [entry.slice(0, end), entry.slice(end + 1)]
  })

/**
 * Encodes a header block without compression: every field is a literal with a new name, so that invalid names and
 * values are possible (RFC 7541 §6.2.2).
 */
export function encodeFields(fields: readonly Http2Field[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [Buffer.from([0]), encodeText(name), encodeText(value)]))
}

function encodeText(text: string): Buffer {
  const bytes = Buffer.from(text, 'latin1')
  return Buffer.concat([encodeInteger(bytes.length, 7), bytes])
}

/** Encodes an integer with a prefix of `bits` bits (RFC 7541 §5.1). */
function encodeInteger(value: number, bits: number): Buffer {
  const most = 2 ** bits - 1
  if (value < most) return Buffer.from([value])
  const bytes = [most]
  let rest = value - most
  for (; rest >= 128; rest >>>= 7) bytes.push((rest & 127) | 128)
  return Buffer.from([...bytes, rest])
}

/** The size of an entry in addition to its name and value, in bytes (RFC 7541 §4.1). */
const ENTRY_OVERHEAD = 32

/** Reads the header blocks of one connection (RFC 7541). */
export class FieldDecoder {
  /** The dynamic table, newest entry first (RFC 7541 §2.3.2). */
  #dynamicTable: Http2Field[] = []
  #limit = 4096

  /**
   * Reads the fields of one complete header block.
   * @throws {RangeError} when the block violates RFC 7541.
   */
  decode(block: Buffer): Fields {
    const fields: Fields = []
    const cursor = new Cursor(block)
    while (!cursor.isAtEnd) {
      const first = cursor.peek()
      if (first & 0x80) fields.push([...this.#entry(cursor.readInteger(7))])
      else if ((first & 0xe0) === 0x20) this.#resize(cursor.readInteger(5))
      else {
        const isIndexed = (first & 0x40) !== 0
        const field = this.#readLiteral(cursor, cursor.readInteger(isIndexed ? 6 : 4))
        if (isIndexed) this.#add(field)
        fields.push([...field])
      }
    }
    return fields
  }

  #readLiteral(cursor: Cursor, index: number): Http2Field {
    const name = index === 0 ? cursor.readText() : this.#entry(index)[0]
    return [name, cursor.readText()]
  }

  #entry(index: number): Http2Field {
    const entry =
      index <= STATIC_TABLE.length ? STATIC_TABLE[index - 1] : this.#dynamicTable[index - STATIC_TABLE.length - 1]
    if (entry === undefined)
      throw new RangeError(`the header block refers to entry ${index}, which is not in the tables`)
    return entry
  }

  #add(field: Http2Field): void {
    this.#dynamicTable.unshift(field)
    this.#evict()
  }

  #resize(limit: number): void {
    this.#limit = limit
    this.#evict()
  }

  #evict(): void {
    let size = 0
    const kept = this.#dynamicTable.findIndex(([name, value]) => {
      size += name.length + value.length + ENTRY_OVERHEAD
      return size > this.#limit
    })
    if (kept !== -1) this.#dynamicTable.length = kept
  }
}

/** Reads the primitive types of RFC 7541 §5. */
class Cursor {
  readonly #bytes: Buffer
  #at = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length
  }

  peek(): number {
    if (this.isAtEnd) throw new RangeError('the header block ends inside a field')
    return this.#bytes[this.#at]
  }

  readInteger(bits: number): number {
    const most = 2 ** bits - 1
    let value = this.#next() & most
    if (value < most) return value
    for (let factor = 1; ; factor *= 128) {
      const byte = this.#next()
      value += (byte & 127) * factor
      if (value > 2 ** 31) throw new RangeError('the header block has an integer above 2^31')
      if (byte < 128) return value
    }
  }

  readText(): string {
    const isCoded = (this.peek() & 0x80) !== 0
    const length = this.readInteger(7)
    if (this.#at + length > this.#bytes.length) throw new RangeError('the header block ends inside a string')
    const bytes = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return (isCoded ? decodeHuffman(bytes) : bytes).toString('latin1')
  }

  #next(): number {
    const byte = this.peek()
    this.#at++
    return byte
  }
}
