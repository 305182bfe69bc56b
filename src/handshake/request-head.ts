import { EMPTY } from '../core/empty.ts'
import { HandshakeError } from '../core/errors.ts'
import { trimBlanks } from './header-field.ts'
import { TOKEN_BYTES } from './header-grammar.ts'
import { MAX_FIELD_COUNT } from './upgrade-request.ts'

/** A request head that was parsed from a byte stream (RFC 9112 §2.1). */
export interface RequestHead {
  method: string
  url: string
  /** The version of HTTP, for example `'1.1'`. */
  httpVersion: string
  /** Alternating names and trimmed values, as sent, decoded as Latin-1. */
  rawHeaders: string[]
  /** The index after the request head in the bytes of the last `push`. */
  end: number
}

/** Limits of a request head (RFC 6455 §10.4). */
export interface RequestHeadLimits {
  /** Maximum size in bytes. Default 16,384. */
  maxSize?: number | undefined
  /** Maximum number of fields. Default 1,000. */
  maxFieldCount?: number | undefined
}

const MAX_SIZE = 16_384

/** Initial size in bytes of the buffer for a request head that arrives in several chunks. */
const FIRST_BUFFER = 1_024

/** The states of the parser. Those up to `VERSION_END` belong to the request line. */
const State = {
  FAILED: 0,
  DONE: 1,
  START: 2,
  START_LF: 3,
  LINE: 4,
  METHOD: 5,
  TARGET: 6,
  TARGET_REST: 7,
  VERSION_H: 8,
  VERSION_T: 9,
  VERSION_T2: 10,
  VERSION_P: 11,
  VERSION_SLASH: 12,
  VERSION_MAJOR: 13,
  VERSION_DOT: 14,
  VERSION_MINOR: 15,
  VERSION_END: 16,
  FIELD_LF: 17,
  FIELD: 18,
  NAME: 19,
  VALUE: 20,
  END_LF: 21,
} as const

/** Added to the next state when the index of the byte must be recorded. */
const MARK = 0x80

const CR = '\r'
const LF = '\n'
const DIGITS = '0123456789'
const TOKEN = charactersFrom(0, (code) => TOKEN_BYTES[code] === 1)
const VISIBLE = charactersFrom(0x21, (code) => code !== 0x7f)
const TEXT = `${VISIBLE} \t`

/**
 * The grammar of RFC 9112 §2–§5 as a table of transitions: in state `from`, each of `bytes` leads to state `to`. Every
 * other byte is an error, for example a bare CR or LF, obsolete line folding, a space before the colon, or NUL. Visible
 * bytes include 80–FF, which occur in practice in targets of plain requests.
 */
const RULES: readonly (readonly [from: number, bytes: string, to: number])[] = [
  [State.START, CR, State.START_LF],
  [State.START_LF, LF, State.LINE],
  [State.START, TOKEN, State.METHOD | MARK],
  [State.LINE, TOKEN, State.METHOD | MARK],
  [State.METHOD, TOKEN, State.METHOD],
  [State.METHOD, ' ', State.TARGET | MARK],
  [State.TARGET, VISIBLE, State.TARGET_REST],
  [State.TARGET_REST, VISIBLE, State.TARGET_REST],
  [State.TARGET_REST, ' ', State.VERSION_H | MARK],
  [State.VERSION_H, 'H', State.VERSION_T],
  [State.VERSION_T, 'T', State.VERSION_T2],
  [State.VERSION_T2, 'T', State.VERSION_P],
  [State.VERSION_P, 'P', State.VERSION_SLASH],
  [State.VERSION_SLASH, '/', State.VERSION_MAJOR],
  [State.VERSION_MAJOR, DIGITS, State.VERSION_DOT],
  [State.VERSION_DOT, '.', State.VERSION_MINOR],
  [State.VERSION_MINOR, DIGITS, State.VERSION_END],
  [State.VERSION_END, CR, State.FIELD_LF | MARK],
  [State.FIELD_LF, LF, State.FIELD],
  [State.FIELD, TOKEN, State.NAME],
  [State.NAME, TOKEN, State.NAME],
  [State.NAME, ':', State.VALUE | MARK],
  [State.VALUE, TEXT, State.VALUE],
  [State.VALUE, CR, State.FIELD_LF | MARK],
  [State.FIELD, CR, State.END_LF],
  [State.END_LF, LF, State.DONE],
]

const NEXT = buildTable()

function charactersFrom(first: number, isWanted: (code: number) => boolean): string {
  let characters = ''
  for (let code = first; code < 256; code++) {
    if (isWanted(code)) characters += String.fromCharCode(code)
  }
  return characters
}

function buildTable(): Uint8Array {
  const table = new Uint8Array((State.END_LF + 1) * 256)
  for (const [from, bytes, to] of RULES) {
    for (const byte of bytes) table[from * 256 + byte.charCodeAt(0)] = to
  }
  return table
}

/**
 * Parses the head of an HTTP/1.1 request from a byte stream, in chunks of any size (RFC 9112 §2). It reads each byte
 * once. After a complete head or an error it accepts no more bytes until `restart`.
 */
export class RequestHeadParser {
  /** Maximum size of a request head in bytes. */
  readonly maxSize: number
  readonly #maxFieldCount: number
  #state: number = State.START
  /** Indices: the start of the method, the ends of method, target and version, then the ends of each name and value. */
  readonly #marks: number[] = []
  #markCount = 0
  #text = ''
  #stored: Buffer = EMPTY
  #storedSize = 0

  constructor({ maxSize = MAX_SIZE, maxFieldCount = MAX_FIELD_COUNT }: RequestHeadLimits = {}) {
    this.maxSize = maxSize
    this.#maxFieldCount = maxFieldCount
  }

  /** The request head as Latin-1; empty until it is complete. */
  get text(): string {
    return this.#text
  }

  /** Prepares for another request head. */
  restart(): void {
    this.#state = State.START
    this.#markCount = 0
    this.#text = ''
    this.#stored = EMPTY
    this.#storedSize = 0
  }

  /** The bytes of all calls of `push` that did not complete the request head. */
  get stored(): Buffer {
    return this.#stored.subarray(0, this.#storedSize)
  }

  /**
   * Parses the next chunk, `bytes[start, end)`, and copies what is needed later. Returns null until the request head is
   * complete.
   *
   * @throws {HandshakeError} 400 when the syntax is wrong, 414 when the request line is longer than `maxSize`, 431 when
   *   there are more bytes or fields than allowed, 505 when the version is not 1.x.
   */
  push(bytes: Uint8Array, start: number, end: number): RequestHead | null {
    const stop = Math.min(end, start + this.maxSize - this.#storedSize)
    const next = this.#scan(bytes, start, stop)
    if (this.#markCount > 4 + this.#maxFieldCount * 2) {
      throw this.#tooLarge(`more than ${this.#maxFieldCount} fields`)
    }
    if (this.#state === State.DONE) return this.#finish(bytes, start, next)
    if (this.#storedSize + stop - start === this.maxSize) throw this.#tooLarge(`more than ${this.maxSize} bytes`)
    this.#store(bytes, start, stop)
    return null
  }

  /** Runs the bytes through the table. Returns the index after the last byte read. */
  #scan(bytes: Uint8Array, start: number, stop: number): number {
    const offset = this.#storedSize - start
    let state = this.#state
    for (let i = start; i < stop; i++) {
      const next = NEXT[state * 256 + bytes[i]]
      if (next === State.FAILED) throw this.#fail(state, bytes[i])
      if (next === state) continue
      if (next === State.DONE) {
        this.#state = State.DONE
        return i + 1
      }
      if (next & MARK) this.#marks[this.#markCount++] = i + offset
      state = next & ~MARK
    }
    this.#state = state
    return stop
  }

  #finish(bytes: Uint8Array, start: number, end: number): RequestHead {
    const marks = this.#marks
    const text = toLatin1(this.#stored, 0, this.#storedSize) + toLatin1(bytes, start, end)
    this.#text = text
    const versionAt = marks[2] + ' HTTP/'.length
    const httpVersion = text.startsWith('1.1', versionAt) ? '1.1' : text.slice(versionAt, marks[3])
    if (httpVersion[0] !== '1') {
      throw new HandshakeError(505, 'ERR_WS_HTTP_VERSION', `HTTP version is ${httpVersion}; allowed: 1.1`)
    }
    const rawHeaders: string[] = new Array(this.#markCount - 4)
    for (let i = 4; i < this.#markCount; i += 2) {
      rawHeaders[i - 4] = shared(text.slice(marks[i - 1] + 2, marks[i]))
      rawHeaders[i - 3] = shared(trimBlanks(text, marks[i] + 1, marks[i + 1]))
    }
    return {
      method: text.startsWith('GET ', marks[0]) ? 'GET' : text.slice(marks[0], marks[1]),
      url: text.slice(marks[1] + 1, marks[2]),
      httpVersion,
      rawHeaders,
      end,
    }
  }

  /** Stores bytes. The buffer doubles in size, so that storing input byte by byte takes linear time. */
  #store(bytes: Uint8Array, start: number, end: number): void {
    const size = this.#storedSize + end - start
    if (size > this.#stored.length) {
      const grown = Buffer.alloc(Math.max(FIRST_BUFFER, this.#stored.length * 2, size))
      grown.set(this.stored)
      this.#stored = grown
    }
    this.#stored.set(bytes.subarray(start, end), this.#storedSize)
    this.#storedSize = size
  }

  #fail(state: number, byte: number): HandshakeError {
    this.#state = State.FAILED
    const shown = `byte 0x${byte.toString(16).padStart(2, '0')}`
    return new HandshakeError(400, 'ERR_WS_REQUEST_SYNTAX', `${shown} is not allowed ${placeOf(state)}`)
  }

  #tooLarge(found: string): HandshakeError {
    const isLine = this.#state <= State.VERSION_END && this.#state !== State.DONE
    this.#state = State.FAILED
    const part = isLine ? 'request line' : 'request head'
    return new HandshakeError(isLine ? 414 : 431, 'ERR_WS_HEAD_TOO_LARGE', `${part} has ${found}`)
  }
}

/**
 * Names and values of most upgrade requests. All requests share one string for each, because a session may store its
 * request.
 */
const COMMON_TEXTS = new Map(
  [
    ...['Host', 'Upgrade', 'Connection', 'Origin', 'User-Agent', 'Cookie', 'Accept-Encoding', 'Accept-Language'],
    ...['Sec-WebSocket-Key', 'Sec-WebSocket-Version', 'Sec-WebSocket-Extensions', 'Sec-WebSocket-Protocol'],
    ...['Cache-Control', 'websocket', 'keep-alive, Upgrade'],
    ...['permessage-deflate; client_max_window_bits', 'gzip, deflate, br, zstd'],
  ].map((text) => [text, text]),
)

function shared(text: string): string {
  return COMMON_TEXTS.get(text) ?? text
}

/** Describes the position of a state for an error message. */
function placeOf(state: number): string {
  if (state <= State.DONE) return 'after the request head'
  if (state <= State.METHOD) return 'in the method'
  if (state <= State.TARGET_REST) return 'in the request target'
  if (state <= State.VERSION_END) return 'in the HTTP version'
  if (state === State.FIELD) return 'at the beginning of a field line'
  if (state === State.NAME) return 'in a field name'
  return state === State.VALUE ? 'in a field value' : 'in a line ending'
}

function toLatin1(bytes: Uint8Array, start: number, end: number): string {
  if (start === end) return ''
  const buffer = Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return buffer.toString('latin1', start, end)
}
